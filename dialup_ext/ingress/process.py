"""Remember one process across restarts of the hub, and never mistake another for it.

A process id alone is not enough: the kernel gives it away again. Its start time goes with it.
"""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

POLL = 0.02


@dataclass(frozen=True, slots=True)
class RememberedProcess:
    """A process by id and start time (the kernel's clock ticks since boot)."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> RememberedProcess | None:
        """The process that has `pid` now, or None."""
        started = _start_time(pid)
        return None if started is None else cls(pid, started)

    @classmethod
    def read(cls, path: Path) -> RememberedProcess | None:
        """What `write` left, or None when there is nothing legible."""
        try:
            fields = json.loads(path.read_text())
            return cls(int(fields["pid"]), int(fields["started"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, path: Path) -> None:
        """Keep it in `path`, whole or not at all."""
        fresh = path.with_name(path.name + ".new")
        fresh.write_text(json.dumps({"pid": self.pid, "started": self.started}))
        fresh.rename(path)

    def running(self) -> bool:
        """True while this very process runs. Collects it when it was our own child and ended."""
        with suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)
        return _start_time(self.pid) == self.started

    def stop(self, grace: float) -> None:
        """SIGTERM, up to `grace` seconds, then SIGKILL; returns when it is gone. Idempotent."""
        for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 10.0)):
            if not self.running():
                return
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)
            self._wait(patience)

    def _wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.running() and time.monotonic() < deadline:
            time.sleep(POLL)


def _start_time(pid: int) -> int | None:
    """None for a process that is gone, or ended and only waits to be collected."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the program's name in brackets and may itself hold spaces and brackets.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else int(fields[19])
