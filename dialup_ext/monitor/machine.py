"""The machine's own figures, from the kernel's files."""

from __future__ import annotations

import os
from pathlib import Path

MIB = 1 << 20


def memory_mib() -> dict[str, float]:
    """`total` and `available` memory of the machine in MiB (proc(5), /proc/meminfo)."""
    fields = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    return {"total": _kib(fields["MemTotal"]), "available": _kib(fields["MemAvailable"])}


def own_memory_mib() -> float:
    """Resident memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / MIB, 1)


def cpu_share() -> dict[str, float]:
    """`cores` this process may use and the 1-minute `load` of the machine."""
    return {"cores": float(len(os.sched_getaffinity(0))), "load": os.getloadavg()[0]}


def _kib(field: str) -> float:
    return int(field.split(maxsplit=1)[0]) / 1024
