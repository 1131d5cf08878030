"""Threads for work that blocks: a bounded pool per sort of work, and a few timers.

Blocking work never runs on the event loop and never queues for ever.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from dialup_ext.errors import Unavailable

log = logging.getLogger("dialup")

P = ParamSpec("P")
T = TypeVar("T")

SIZES = {"quick": (6, 400), "hash": (2, 20), "driver": (6, 100), "upload": (4, 40), "health": (1, 20),
         "start": (12, 100), "deploy": (24, 200)}
"""Threads, and how much may wait behind them (R44). argon2 gets two and twenty (R14)."""

PAST = 4
"""Threads for deployments beyond those that may wait: a build waits for its turn in a thread, and a rollback
goes past it."""


class BoundedPool(ThreadPoolExecutor):
    """`workers` at once, `waiting` behind them; the next one is refused with `Unavailable`."""

    def __init__(self, name: str, workers: int, waiting: int) -> None:
        super().__init__(max_workers=workers, thread_name_prefix=f"dialup-{name}")
        self._places = threading.BoundedSemaphore(workers + waiting)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue a call. Raises `Unavailable` (`busy`) at once when there is no place left."""
        if not self._places.acquire(blocking=False):
            raise Unavailable("The server is busy.", code="busy", hint="Try again in a few seconds.",
                              retry_after=5)
        try:
            future = super().submit(fn, *args, **kwargs)
        except BaseException:
            self._places.release()
            raise
        future.add_done_callback(lambda _: self._places.release())
        return future


class Workers:
    """The hub's threads. `close` lets running work end and drops what waits."""

    def __init__(self, deploys_waiting: int = 20) -> None:
        """`deploys_waiting`: the setting of that name."""
        sizes = {**SIZES, "deploy": (deploys_waiting + PAST, SIZES["deploy"][1])}
        self.pools = {name: BoundedPool(name, *size) for name, size in sizes.items()}
        self.closed = threading.Event()
        """Set when the hub stops; long waits look at it."""
        self._timers: set[threading.Timer] = set()

    def background(self, pool: str, work: Callable[..., Any], *args: Any) -> None:
        """Run `work` in a thread of `pool`; nobody waits for it, what it raises is logged."""
        self.pools[pool].submit(work, *args).add_done_callback(_log_failure)

    def later(self, seconds: float, pool: str, work: Callable[..., Any], *args: Any) -> None:
        """Once, after `seconds`. Nothing durable: `reconcile` does the same after a restart."""

        def fire() -> None:
            self._timers.discard(timer)
            if not self.closed.is_set():
                self.background(pool, work, *args)

        timer = threading.Timer(seconds, fire)
        timer.daemon = True
        self._timers.add(timer)
        timer.start()

    def close(self) -> None:
        """Idempotent."""
        self.closed.set()
        for timer in tuple(self._timers):
            timer.cancel()
        for pool in self.pools.values():
            pool.shutdown(wait=True, cancel_futures=True)


def _log_failure(future: Future[Any]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        log.error("background work failed", exc_info=error)
