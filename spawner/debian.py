"""A minimal Debian as a tar, from Debian's own packages: what images without a registry stand on."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

from dialup_ext.errors import Unavailable

PACKAGES = "ca-certificates,python3,python3-venv"

LEFT_OUT = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale", "dev",
            "etc/dpkg/dpkg.cfg.d/dialup")

_FAST = "force-unsafe-io\n" + "".join(
    f"path-exclude=/usr/share/{name}/*\n" for name in ("doc", "man", "locale"))
"""For dpkg: what breaks off is thrown away whole, and what nobody reads is not unpacked; a quarter less time."""

_SOURCES = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))


def debootstrap(root: Path, suite: str, mirror: str = "") -> None:
    """A minimal Debian in the new folder `root`; needs root.

    Raises `Unavailable` (`debootstrap_missing`, `image_not_built`).
    """
    program = shutil.which("debootstrap") or shutil.which("debootstrap", path="/usr/sbin:/sbin")
    if program is None:
        raise Unavailable("debootstrap is not installed on this server.", code="debootstrap_missing",
                          hint="Install it: `apt-get install debootstrap`. Or start from an image: "
                               "`dialup images build --base python:3.12-slim`.")
    settings = root / "etc/dpkg/dpkg.cfg.d"
    settings.mkdir(mode=0o755, parents=True)
    (settings / "dialup").write_text(_FAST)
    for folder in (root, *settings.parents[:3]):
        folder.chmod(0o755)  # whatever this server's umask is
    mirror = mirror or mirror_of("\n".join(path.read_text() for path in _SOURCES if path.exists()))
    words = [program, "--variant=minbase", f"--include={PACKAGES}", suite, str(root), *([mirror] if mirror else [])]
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


def python_of(root: Path) -> str:
    """The Python such a tree has, as `3.11`; empty when it has none."""
    program = root / "usr/bin/python3"
    return program.readlink().name.removeprefix("python") if program.is_symlink() else ""


def pack(root: Path, archive: Path) -> None:
    """The tree as a tar, without what no instance reads."""
    def keep(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        name = entry.name.removeprefix("./")
        if any(name == part or name.startswith(f"{part}/") for part in LEFT_OUT if part != "dev"):
            return None
        return None if entry.isdev() or name.startswith("dev/") else entry

    with tarfile.open(archive, "w") as tar:
        tar.add(root, arcname=".", filter=keep)
