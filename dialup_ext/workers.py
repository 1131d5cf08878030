"""Threads for work that blocks: a bounded pool per sort of work, and a few timers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from dialup_ext.errors import TooMany

log = logging.getLogger("dialup")

SIZES = {"quick": 4, "hash": 2, "driver": 4, "deploy": 4, "upload": 4}
"""Threads per pool: argon2 gets two (R14), so logins never starve the rest."""

WAITING = {"quick": 200, "hash": 20, "driver": 50, "deploy": 200, "upload": 20}
"""How much may wait in each before new work is refused (R44)."""


class Workers:
    """The hub's threads. `close` lets running work end and drops what waits."""

    def __init__(self) -> None:
        self._pools = {name: ThreadPoolExecutor(size, f"dialup-{name}") for name, size in SIZES.items()}
        self._room = {name: threading.Semaphore(SIZES[name] + WAITING[name]) for name in SIZES}
        self._timers: set[threading.Timer] = set()
        self._closed = threading.Event()

    def submit(self, pool: str, work: Callable[..., Any], *args: Any) -> Future[Any]:
        """Run `work` in a thread of `pool`; `TooMany` (`busy`) when too much waits already."""
        if not self._room[pool].acquire(blocking=False):
            raise TooMany("The server is busy.", code="busy", hint="Try again in a few seconds.")
        try:
            future = self._pools[pool].submit(work, *args)
        except BaseException:
            self._room[pool].release()
            raise
        future.add_done_callback(lambda _: self._room[pool].release())
        return future

    def background(self, pool: str, work: Callable[..., Any], *args: Any) -> None:
        """The same for work nobody waits for: what it raises is logged."""
        self.submit(pool, work, *args).add_done_callback(_log_failure)

    def later(self, seconds: float, pool: str, work: Callable[..., Any], *args: Any) -> None:
        """Once, after `seconds`. Nothing durable: `reconcile` does the same after a restart."""

        def fire() -> None:
            self._timers.discard(timer)
            if not self._closed.is_set():
                self.background(pool, work, *args)

        timer = threading.Timer(seconds, fire)
        timer.daemon = True
        self._timers.add(timer)
        timer.start()

    @property
    def closed(self) -> threading.Event:
        """Set when the hub stops; long waits look at it."""
        return self._closed

    def close(self) -> None:
        self._closed.set()
        for timer in tuple(self._timers):
            timer.cancel()
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)


def _log_failure(future: Future[Any]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        log.error("background work failed", exc_info=error)
