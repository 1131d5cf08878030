"""The programs dialup is compared with, and the one that makes the load.

What is not on the machine comes from Debian's packages into a folder of ours: nothing is
installed, no service is started.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dialup_ext.ingress.binary import find_caddy
from dialup_ext.spawner.toolchain import Toolchain

PACKAGES = ("wrk", "libluajit-5.1-2", "nginx")
PLACES = ("/usr/local/sbin", "/usr/sbin", "/sbin")


class Missing(Exception):
    """A program that is not here and cannot be fetched; says which and why."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Where each one is; `nginx` is None where there is none and it could not be fetched."""

    wrk: Path
    caddy: Path
    node: Path
    nginx: Path | None
    libraries: Path
    """To be added to the loader's path for what was fetched."""

    def environment(self) -> dict[str, str]:
        """For running any of them."""
        return {**os.environ, "LD_LIBRARY_PATH": str(self.libraries)}


def find_programs(folder: Path) -> Programs:
    """Look, and fetch what is missing into `folder`. Raises `Missing` without a load generator."""
    fetched = folder / "usr"
    if (_on_path("wrk") is None or _on_path("nginx") is None) and not (fetched / "bin/wrk").exists():
        _fetch(folder)
    wrk = _on_path("wrk") or _there(fetched / "bin/wrk")
    if wrk is None:
        raise Missing("wrk makes the load, is not on this machine, and apt-get could not fetch it.")
    libraries = next(iter(fetched.glob("lib/*-linux-gnu")), fetched / "lib")
    return Programs(wrk, find_caddy(), Toolchain(folder / "node").node() / "node",
                    _on_path("nginx") or _there(fetched / "sbin/nginx"), libraries)


def _fetch(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.which("apt-get") is None:
        return
    if os.geteuid() == 0:
        _quietly(["apt-get", "update", "-qq"], folder)
    _quietly(["apt-get", "download", "-qq", *PACKAGES], folder)
    for package in folder.glob("*.deb"):
        _quietly(["dpkg", "-x", str(package), str(folder)], folder)


def _quietly(words: list[str], folder: Path) -> None:
    subprocess.run(words, cwd=folder, capture_output=True, check=False)


def _on_path(name: str) -> Path | None:
    found = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", os.defpath), *PLACES)))
    return Path(found) if found else None


def _there(path: Path) -> Path | None:
    return path if path.exists() else None
