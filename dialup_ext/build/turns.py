"""Builds take turns: so many at once, of one account no more than it may, none twice while another waits."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dialup_ext.domain.deployment import StepCancelled

LOOK = 0.5


class Turns:
    """Who builds now. Thread-safe; nothing of it is needed after a restart, the deployments queue again.

    `most` says how many builds of an account may run side by side; `admit` raises when it has no room for one.
    """

    def __init__(self, at_once: int, most: Callable[[str], int] = lambda _: 1 << 30,
                 admit: Callable[[str], None] = lambda _: None) -> None:
        self._admit = admit
        self._free = at_once
        self._most = most
        self._building: Counter[str] = Counter()
        self._changed = threading.Condition()
        self._waiting: list[str] = []
        self._served: list[str] = []
        """Accounts by their last turn, the latest at the end."""

    @contextmanager
    def taken(self, account_id: str, say: Callable[[str], None], cancelled: Callable[[], bool]) -> Iterator[None]:
        """Hold a turn of this account's. Waits for one: raises `StepCancelled` when that is given up, and what
        `admit` raises.
        """
        self._wait(account_id, say, cancelled)
        try:
            self._admit(account_id)
            yield
        finally:
            with self._changed:
                self._free += 1
                self._building[account_id] -= 1
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
                self._building[account_id] += 1
                self._served = [one for one in self._served if one != account_id] + [account_id]
            finally:
                self._waiting.remove(account_id)
                self._changed.notify_all()

    def building(self, account_id: str) -> int:
        """How many builds of the account run now."""
        return self._building[account_id]

    def _next(self) -> str | None:
        """Of those who wait the one whose last turn is longest ago; the first to come where that is equal.

        Whoever builds as much as they may is passed over.
        """
        may = [one for one in self._waiting if self._building[one] < max(1, self._most(one))]
        return min(may, key=lambda one: self._served.index(one) if one in self._served else -1, default=None)
