"""Places where the hub can be made to die, to prove that dying there loses nothing.

With `DIALUP_CRASH_AT=C9` in its environment the process ends itself by SIGKILL when it comes to
`crashpoint("C9")`, with `C9:2` when it comes there for the second time. Without the variable a
point costs one call and one comparison. For tests only; `docs/developers/crashes.md` says what
each point leaves behind and how the next hub goes on.
"""

from __future__ import annotations

import itertools
import os
import signal

VARIABLE = "DIALUP_CRASH_AT"


def crashpoint(name: str) -> None:
    """Die here when this point was asked for: no clean-up, no last words, as in a power cut.

    Thread-safe: threads that come to the same point are counted one after another.
    """
    if name == _name and next(_visits) == _visit:
        os.kill(os.getpid(), signal.SIGKILL)


def parse(wanted: str) -> tuple[str, int]:
    """`C9:2` as the point's name and the number of the visit to die at. Raises `ValueError`."""
    name, _, visit = wanted.partition(":")
    number = int(visit or 1)
    if number < 1:
        raise ValueError(f"{VARIABLE}={wanted}: visits are counted from 1")
    return name, number


_name, _visit = parse(os.environ.get(VARIABLE, ""))
_visits = itertools.count(1)
