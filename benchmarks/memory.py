"""What programs really take: their proportional set size (PSS), which shares out what they share.

The resident size (RSS) counts a library once for every program that uses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil


def pss(pids: Iterable[int]) -> float:
    """MiB of these processes together; one that is gone counts nothing."""
    total = 0
    for pid in set(pids):
        with suppress(OSError):
            found = re.search(r"^Pss:\s*(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
            total += int(found[1]) if found else 0
    return total / 1024


def family(pid: int, *, but: Iterable[int] = ()) -> list[int]:
    """The process and all it started that is still there, except the families of `but`."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        others = {one for other in but for one in family(other)}
        return [found for found in (pid, *(child.pid for child in process.children(recursive=True)))
                if found not in others]
    return []


def running(*words: str) -> list[int]:
    """The processes whose command line holds all of `words`, each as a part of it; in containers too."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or ())
        if all(word in line for word in words):
            found.append(process.pid)
    return found
