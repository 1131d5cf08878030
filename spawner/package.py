"""The very dialup that is running, as a wheel: what a lab's image gets, from a checkout or an installation.

Nothing is fetched and nothing is built anew; the same files make the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import sysconfig
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import dialup_ext
from dialup_ext.errors import Unavailable

SHARED = {
    "dialup_ext/labextension": "share/jupyter/labextensions/@dialup/labextension",
    "jupyter-config/server-config": "etc/jupyter/jupyter_server_config.d",
    "site_templates": "share/dialup/site_templates",
    "voila_dashboards": "share/dialup/voila_dashboards",
}
"""Where a checkout keeps what is no Python, and where an installation has it; as in `hatch_build.py`."""

LEFTOVERS = {"node_modules", "__pycache__", ".ipynb_checkpoints", ".astro", ".next", ".vite"}
_PANEL = next(iter(SHARED.values()))
_WHEEL = "Wheel-Version: 1.0\nGenerator: dialup\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def requirements(extra: str) -> list[str]:
    """What dialup needs with `extra`, as pip reads it."""
    found = set()
    for line in distribution("dialup-ext").requires or ():
        wanted, _, marker = line.partition(";")
        if not marker or marker.replace("'", '"').replace(" ", "") == f'extra=="{extra}"':
            found.add(wanted.strip())
    return sorted(found)


def make_wheel(folder: Path) -> Path:
    """The wheel, complete: panel, templates and dashboards too. Raises `Unavailable` (`panel_missing`)."""
    about = distribution("dialup-ext")
    name = f"dialup_ext-{about.version}"
    wheel = folder / f"{name}-py3-none-any.whl"
    record = []
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for inside, content in (*_sources(), *_shared(f"{name}.data/data"), *_about(about, f"{name}.dist-info")):
            _put(archive, inside, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record.append(f"{inside},sha256={digest},{len(content)}\n")
        listed = f"{name}.dist-info/RECORD"
        _put(archive, listed, "".join([*record, f"{listed},,\n"]).encode())
    return wheel


def _sources() -> Iterator[tuple[str, bytes]]:
    package = Path(dialup_ext.__file__).resolve().parent
    for part in sorted(package.iterdir()):
        if part.name not in (*LEFTOVERS, "labextension"):
            for path in [part] if part.is_file() else _files(part.resolve()):
                inside = Path("dialup_ext") / part.name / path.relative_to(part.resolve())
                yield inside.as_posix(), path.read_bytes()


def _shared(target: str) -> Iterator[tuple[str, bytes]]:
    checkout, installed = Path(dialup_ext.__file__).resolve().parents[1], Path(sysconfig.get_path("data"))
    for folder, place in SHARED.items():
        source = checkout / folder if (checkout / "pyproject.toml").exists() else installed / place
        if place == _PANEL and not (source / "package.json").exists():
            raise Unavailable("JupyterLab's Sites panel is not built here, so labs would have none.",
                              code="panel_missing", hint="In a checkout, run `make up` once; it builds the panel.")
        own = [source / "dialup_ext.json"] if place.startswith("etc/") else _files(source)
        for path in own:
            yield f"{target}/{place}/{path.relative_to(source).as_posix()}", path.read_bytes()


def _about(about: Distribution, target: str) -> Iterator[tuple[str, bytes]]:
    for name in ("METADATA", "entry_points.txt"):
        yield f"{target}/{name}", (about.read_text(name) or "").encode()
    yield f"{target}/WHEEL", _WHEEL.encode()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*")
                  if path.is_file() and not LEFTOVERS & set(path.relative_to(folder).parts))


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name)  # without a date of its own: the same files make the same wheel
    entry.external_attr = 0o100644 << 16
    archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
