"""Starts an instance again and again, each time killing the starter a few lines of code later.

Usage: crash.py <folder of homes> <stride>. Each start has a home of its own, named by the line;
prints how many lines a whole start has.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from dialup_ext.domain.instance import InstanceKind, InstanceSpec, Runtime
from dialup_ext.settings import Settings
from dialup_ext.spawner.process import ProcessDriver

FILES = ("/spawner/process.py", "/spawner/start.py", "/spawner/journal.py", "/dialup_ext/durable.py")


def start_and_die(homes: Path, last_line: int) -> None:
    """Start `site-1` and be killed before line number n; exit 0 when the start was shorter."""
    lines = itertools.count(1)
    driver = ProcessDriver(Settings(homes / str(last_line)))

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if not any(part in frame.f_code.co_filename for part in FILES):
            return None
        if event == "line" and next(lines) == last_line:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    spec = InstanceSpec(key="site-1", kind=InstanceKind.SITE, account="ana",
                        runtime=Runtime.LAB, steps=(("sleep", "600"),), directory=homes)
    sys.settrace(trace)
    driver.start(spec)
    sys.settrace(None)


def main() -> None:
    homes = Path(sys.argv[1])
    for line in itertools.count(1, int(sys.argv[2])):
        child = os.fork()
        if child == 0:
            start_and_die(homes, line)
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            print(line)
            return


if __name__ == "__main__":
    main()
