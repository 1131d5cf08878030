"""A clock that stands still until it is told to go on."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


class StoppedClock:
    """Clock of `domain.ports`. Wall and monotonic time move together, and only by `advance`."""

    def __init__(self, at: datetime = START) -> None:
        self._now = at
        self._passed = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._passed

    def advance(self, seconds: float) -> datetime:
        """Let `seconds` pass at once; returns the new time. Time never goes back."""
        if seconds < 0:
            raise ValueError("Time does not go back.")
        with self._lock:
            self._now += timedelta(seconds=seconds)
            self._passed += seconds
            return self._now

    def turn_to(self, at: datetime) -> None:
        """Set the wall alone, as an admin might; monotonic time knows nothing of it."""
        self._now = at
