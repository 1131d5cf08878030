"""Bounded thread pools: blocking work never runs on the event loop and never queues for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from dialup_ext.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")


class BoundedPool(ThreadPoolExecutor):
    """`workers` at once, `waiting` behind them; the next one is refused with `Unavailable`."""

    def __init__(self, name: str, *, workers: int, waiting: int) -> None:
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


def make_pools() -> dict[str, ThreadPoolExecutor]:
    """The pools handlers use by name: `quick`, `hash` (R14), `driver` and `deploy`."""
    return {
        "quick": BoundedPool("quick", workers=8, waiting=400),
        "hash": BoundedPool("hash", workers=2, waiting=20),
        "driver": BoundedPool("driver", workers=6, waiting=100),
        "deploy": BoundedPool("deploy", workers=4, waiting=40),
    }
