"""Wait for a fact and say how long it took."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSE = 0.004
"""Seconds between two looks: little beside what is measured, and little work."""


class TooLate(Exception):
    """It did not become true in time."""


def until(fact: Callable[[], object], *, since: float | None = None, seconds: float = 120.0) -> float:
    """Seconds from `since` (by `time.perf_counter`; now when left out) until `fact()` is true.

    Raises `TooLate`.
    """
    began = time.perf_counter() if since is None else since
    while not fact():
        if time.perf_counter() - began > seconds:
            raise TooLate(f"not within {seconds:g} seconds")
        time.sleep(PAUSE)
    return time.perf_counter() - began
