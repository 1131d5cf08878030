"""Name the machine and the programs: a figure without them says nothing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

from benchmarks.programs import Programs


def describe(programs: Programs, *, docker: bool) -> dict[str, str]:
    """What the table's head says, in its order."""
    return {
        "CPU": f"{_first('/proc/cpuinfo', 'model name')}, {os.cpu_count()} cores",
        "Memory": f"{int(_first('/proc/meminfo', 'MemTotal').split()[0]) / (1 << 20):.0f} GiB",
        "Kernel": platform.release(),
        "System": _system(),
        "Python": platform.python_version(),
        "Caddy": said(programs.caddy, "version").split()[0].removeprefix("v"),
        "nginx": said(programs.nginx, "-v", env=programs.environment()).rpartition("/")[2] if programs.nginx else "none",
        "Node": said(programs.node, "--version").removeprefix("v"),
        "Docker": _engine() if docker else "none",
        "JupyterLab": version("jupyterlab"),
        "Load": f"wrk {said(programs.wrk, '-v', env=programs.environment()).split()[1]}",
    }


def said(program: Path | str, *words: str, env: dict[str, str] | None = None) -> str:
    """What it prints about itself, wherever it prints it."""
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False, env=env, timeout=20)
    return (done.stdout + done.stderr).strip()


def _engine() -> str:
    return said(shutil.which("docker") or "docker", "version", "--format", "{{.Server.Version}}").splitlines()[-1]


def _first(file: str, name: str) -> str:
    lines = Path(file).read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "unknown")


def _system() -> str:
    release = platform.freedesktop_os_release()
    return release.get("PRETTY_NAME", "Linux")
