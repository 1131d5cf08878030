"""From `dialup up` to the portal's first answer, and what hub and Caddy take when nothing happens."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from benchmarks.quiet import idle
from benchmarks.rounds import Bench, Case
from benchmarks.stopwatch import until
from dialup_ext.testing.installation import Installation

SETTLE = 4.0
"""Seconds of doing nothing before memory is read."""


@contextmanager
def hub_start(bench: Bench) -> Iterator[Sequence[Case]]:
    """A home that is new, and one that was used before."""
    used = Installation(bench.folder / "used")
    used.start()
    used.stop()
    numbers = iter(range(1000))
    yield [
        lambda: _started(Installation(bench.folder / f"new{next(numbers)}"), "hub.start.new", memory=False),
        lambda: _started(Installation(bench.folder / "used"), "hub.start.again", memory=True),
    ]


def _started(installation: Installation, name: str, *, memory: bool) -> Mapping[str, float]:
    began = time.perf_counter()
    installation.process = installation.run("up", "--no-browser", "--no-sample")
    try:
        figures = {name: until(lambda: _answers(installation), since=began)}
        if memory:
            until(lambda: "is up" in installation.printed())
            time.sleep(SETTLE)
            figures |= idle(installation, "hub.idle")
    finally:
        installation.stop()
    return figures


def _answers(installation: Installation) -> bool:
    """As a visitor asks; quickly refused while nobody listens."""
    with suppress(OSError, http.client.HTTPException):
        return installation.get("admin", "/dialup/api/v1/health").status == 200
    return False
