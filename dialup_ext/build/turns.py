"""Builds take turns: so many at once, and no account twice while another one waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dialup_ext.domain.deployment import StepCancelled

LOOK = 0.5


class Turns:
    """Who builds now. Thread-safe; nothing of it is needed after a restart, the deployments queue again."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._changed = threading.Condition()
        self._waiting: list[str] = []
        self._served: list[str] = []
        """Accounts by their last turn, the latest at the end."""

    @contextmanager
    def taken(self, account_id: str, say: Callable[[str], None], cancelled: Callable[[], bool]) -> Iterator[None]:
        """Hold a turn of this account's. Waits for one: raises `StepCancelled` when that is given up."""
        self._wait(account_id, say, cancelled)
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    def _wait(self, account_id: str, say: Callable[[str], None], cancelled: Callable[[], bool]) -> None:
        with self._changed:
            self._waiting.append(account_id)
            told = False
            try:
                while not (self._free and self._next() == account_id):
                    if cancelled():
                        raise StepCancelled
                    if not told:
                        say("waiting for another build to finish")
                        told = True
                    self._changed.wait(LOOK)
                self._free -= 1
                self._served = [one for one in self._served if one != account_id] + [account_id]
            finally:
                self._waiting.remove(account_id)
                self._changed.notify_all()

    def _next(self) -> str:
        """Of those who wait the one whose last turn is longest ago; the first to come where that is equal."""
        return min(self._waiting, key=lambda one: self._served.index(one) if one in self._served else -1)
