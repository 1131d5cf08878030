"""The limits all containers share (R29), whatever each may have: what is left of the machine stays ours.

Every container is below one control group, `/dialup` or `dialup.slice`. There the kernel keeps all of
them together under this machine's memory without a reserve, under half of the processes it can have,
and behind the hub and Caddy where processor and disk are short. A group has a weight and no ceiling:
what nobody else wants, sites may use; and a container may have as many cores as the machine
(below a ceiling, version 1 of the control groups refuses to start it).
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from dialup_ext.spawner.cgroup import ROOT

RESERVE = 1536 << 20
"""Bytes the hub, Caddy, the engine and the system keep; a quarter of a smaller machine."""

WEIGHT = 50
"""Of 100 that everything else has (systemd's scale, 1 to 10,000)."""

FEWEST_TASKS = 4096

OURS = -900
"""The hub's and Caddy's place in the kernel's order when memory is out; at -1000 they would never be ended."""

_log = logging.getLogger(__name__)


def limit_all(parent: str, root: Path = ROOT) -> bool:
    """Set the limits of the group `parent`; True once they are in force. Idempotent; a limit that somebody
    else has set there stays.

    They outlast the hub, and end with the machine. Where the kernel's files are not ours to write (a hub in a
    container of its own), it is logged and nothing is lost but this second line.
    """
    try:
        if parent.endswith(".slice"):
            return _by_systemd(parent)
        for path, value in _files(parent.strip("/"), root, memory=memory(), tasks=tasks()).items():
            if _is_open(path.read_text().strip()):
                path.write_text(value)
    except OSError as error:
        _log.warning("the limits all containers share could not be set: %s", error)
        return False
    return True


def memory(total: int | None = None) -> int:
    """Bytes all containers together may use on a machine with `total`."""
    total = total or os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return total - min(RESERVE, total // 4)


def tasks() -> int:
    """Processes and threads they may have together: half of what the kernel can have, at least 4,096."""
    most = min(int(Path(f"/proc/sys/kernel/{name}").read_text()) for name in ("pid_max", "threads-max"))
    return max(FEWEST_TASKS, most // 2)


def spare_this_process() -> None:
    """When memory is out, the kernel ends others before the hub and what it starts for itself (Caddy).

    Only root may; instances have a score of their own.
    """
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(OURS))


def _files(name: str, root: Path, *, memory: int, tasks: int) -> Mapping[Path, str]:
    """What is written where, in either version of the control groups; the folders are there afterwards."""
    if (root / "cgroup.controllers").exists():
        with suppress(OSError):  # the engine does it as well, with the first container
            (root / "cgroup.subtree_control").write_text("+memory +pids +cpu +io")
        group = root / name
        group.mkdir(exist_ok=True)
        wanted = {group / "memory.max": str(memory), group / "pids.max": str(tasks), group / "cpu.weight": str(WEIGHT)}
        return {**wanted, **({group / "io.weight": f"default {WEIGHT}"} if (group / "io.weight").exists() else {})}
    wanted = {root / "memory" / name / "memory.limit_in_bytes": str(memory), root / "pids" / name / "pids.max": str(tasks),
              root / "cpu" / name / "cpu.shares": str(1024 * WEIGHT // 100)}
    for path in wanted:
        path.parent.mkdir(exist_ok=True)
    return wanted


def _is_open(value: str) -> bool:
    """True for what the kernel writes where nobody has set anything. Version 1 says "none" by a number of pages."""
    return value in ("max", "100", "1024", "default 100") or (value.isdigit() and int(value) > 1 << 60)


def _by_systemd(name: str) -> bool:
    """systemd owns its groups, and would put back what anybody else writes into them."""
    control = shutil.which("systemctl")
    if control is None:
        _log.warning("the limits all containers share could not be set: no systemctl")
        return False
    done = subprocess.run([control, "set-property", "--runtime", name, f"MemoryMax={memory()}", f"TasksMax={tasks()}",
                           f"CPUWeight={WEIGHT}", f"IOWeight={WEIGHT}"], capture_output=True, text=True, check=False)
    if done.returncode:
        _log.warning("the limits all containers share could not be set: %s", done.stderr.strip())
    return done.returncode == 0
