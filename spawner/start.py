"""Starts the launcher of an instance and gives it its go-ahead.

Between the two the caller writes down who the launcher is. A hub that dies before the go-ahead
closes the pipe by dying, and the launcher goes away without having started anything.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from dialup_ext.domain.instance import InstanceKind, InstanceSpec
from dialup_ext.spawner import proc

NICE = {InstanceKind.SITE: 0, InstanceKind.LAB: 2, InstanceKind.PREVIEW: 5, InstanceKind.BUILD: 19}
"""What people wait for goes before what they look at later."""

OOM_SCORE = {InstanceKind.SITE: 400, InstanceKind.LAB: 500, InstanceKind.PREVIEW: 600, InstanceKind.BUILD: 800}
"""Whom the kernel ends first when the whole server is out of memory: the highest."""

OPEN_FILES = 8192

_SCRIPT = Path(__file__).with_name("launch.py")


class Launcher:
    """A launcher waiting for its go-ahead. Leaving the `with` without one sends it away."""

    def __init__(self, pid: int, pipe: int) -> None:
        found = proc.process(pid)
        # Our own child, and nobody has waited for it yet: it is in the table, dead or alive.
        self.pid, self.ticks = pid, found.ticks if found else 0
        self._pipe = pipe
        self._gone_ahead = False

    def go(self, spec: InstanceSpec, address: str | None, begun: Path) -> None:
        """Let it begin; from here on it owes us nothing."""
        line = json.dumps(plan(spec, address, begun)).encode() + b"\n"
        self._gone_ahead = True
        while line:
            try:
                line = line[os.write(self._pipe, line) :]
            except BrokenPipeError:  # it was ended already; its exit tells the rest
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        os.close(self._pipe)
        if not self._gone_ahead:
            os.waitpid(self.pid, 0)


def spawn(key: str, environment: Mapping[str, str], log: int) -> Launcher:
    """Start a launcher in a session of its own, output to `log`. Raises `OSError`."""
    read, write = os.pipe()
    try:
        pid = os.posix_spawn(
            sys.executable, [sys.executable, "-I", "-S", str(_SCRIPT), key], environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, read, 0), (os.POSIX_SPAWN_DUP2, log, 1),
                          (os.POSIX_SPAWN_DUP2, log, 2)],
            setsid=True, setsigmask=[], setsigdef=[signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
    except OSError:
        os.close(write)
        raise
    finally:
        os.close(read)
    return Launcher(pid, write)


def plan(spec: InstanceSpec, address: str | None, begun: Path) -> dict[str, object]:
    """What the launcher is told. Pure."""
    host, _, port = address.rpartition(":") if address else ("{host}", "", "{port}")
    return {
        "steps": [[word.replace("{port}", port).replace("{host}", host) for word in step] for step in spec.steps],
        "directory": str(spec.directory),
        "begun": str(begun),
        "nice": NICE[spec.kind],
        "idle_disk": spec.kind is InstanceKind.BUILD,
        "oom_score": OOM_SCORE[spec.kind],
        "open_files": OPEN_FILES,
        "variables": str(spec.variables) if spec.variables else None,
    }
