"""Runs the steps of one instance, and becomes the last of them.

Run by file path with `python -I -S`: it imports nothing but the standard library and is gone,
with its memory, once the last step begins. Its plan is one line of JSON on standard input,
and that line is the go-ahead: when the hub dies first, the input ends and nothing was started.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

NOT_FOUND, NOT_ALLOWED = 127, 126
"""The exit codes a shell gives when a program is not there, or may not be run."""


def main() -> int:
    """Wait for the plan, then follow it; returns only when a step failed or no plan came."""
    line = _read_line()
    if not line.endswith(b"\n"):
        return 0
    plan: dict[str, Any] = json.loads(line)
    Path(plan["begun"]).touch(mode=0o600)
    _settle_in(plan)
    *before, last = plan["steps"]
    for number, step in enumerate(before, start=1):
        code = _run(step)
        if code:
            say(f"step {number} of {len(plan['steps'])} ended with {code}, so the rest was not started.")
            return code
    _take_variables(plan["variables"])
    return _become(last)


def say(text: str) -> None:
    """A line of our own in the instance's log."""
    os.write(2, f"dialup: {text}\n".encode())


def _read_line() -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        piece = os.read(0, 65536)
        if not piece:
            break
        data += piece
    return data


def _settle_in(plan: dict[str, Any]) -> None:
    """Take the manners of an instance: own limits, low priority, no input, nothing inherited."""
    # Python ignores SIGPIPE and turns SIGINT into an exception; programs expect neither.
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.closerange(3, 4096)
    os.umask(0o022)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = plan["open_files"] if hard == resource.RLIM_INFINITY else min(plan["open_files"], hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.nice(plan["nice"])
    if plan["idle_disk"] and Path("/usr/bin/ionice").exists():
        _run(["/usr/bin/ionice", "-c", "3", "-p", str(os.getpid())])
    _offer_to_the_oom_killer(plan["oom_score"])
    try:
        os.chdir(plan["directory"])
    except OSError as error:
        say(f"the folder cannot be entered: {error.strerror}.")
        sys.exit(NOT_ALLOWED)


def _offer_to_the_oom_killer(score: int) -> None:
    """When the whole server is out of memory, an instance goes before the hub does."""
    try:
        Path("/proc/self/oom_score_adj").write_text(str(score))
    except OSError:
        say("the kernel does not let us set who is ended first when memory runs out.")


def _run(step: list[str]) -> int:
    """Run one program to its end; its exit code, 128 + n when signal n ended it."""
    try:
        child = os.posix_spawnp(step[0], step, os.environ)
    except OSError as error:
        return _cannot(step[0], error)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code if code >= 0 else 128 - code


def _take_variables(folder: str | None) -> None:
    """Put what the owner tells the last step, and it alone, into its environment."""
    if folder is not None:
        os.environ.update(json.loads((Path(folder) / ".variables.json").read_bytes())["variables"])


def _become(step: list[str]) -> NoReturn:
    try:
        os.execvp(step[0], step)  # noqa: S606 - this is the point of the launcher
    except OSError as error:
        sys.exit(_cannot(step[0], error))


def _cannot(program: str, error: OSError) -> int:
    missing = isinstance(error, FileNotFoundError)
    say(f"“{program}” {'was not found' if missing else f'cannot be run: {error.strerror}'}.")
    return NOT_FOUND if missing else NOT_ALLOWED


if __name__ == "__main__":
    sys.exit(main())
