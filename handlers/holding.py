"""Requests that wait at the gate until their site is open: so many, for so long, without a thread each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from dialup_ext.errors import Unavailable
from dialup_ext.hosts import Gate

LOOK = 0.5
"""Seconds after which a waiting request looks by itself, should it have missed the news."""


class Holding:
    """All that wait, on one event loop. `most` at once; each for `seconds` at the longest."""

    def __init__(self, context: Any, most: int, seconds: float) -> None:
        self._context = context
        self._most = most
        self._seconds = seconds

    async def until_open(self, site_id: str, look: Callable[[], Awaitable[Gate]],
                         is_gone: Callable[[], bool]) -> Gate:
        """What `look` finds once it is not to be waited for any more; `slow` when that takes too long.

        Raises `Unavailable` (`gate_full`) when too many wait. A visitor who has gone is waited for no longer.
        """
        waiting = self._context.waiting
        if sum(waiting.values()) >= self._most:
            raise Unavailable("Many people are waiting for this server just now.", code="gate_full",
                              hint="Try again in a few seconds.", retry_after=5)
        waiting[site_id] = waiting.get(site_id, 0) + 1
        try:
            return await self._wait(site_id, look, is_gone)
        finally:
            waiting[site_id] -= 1
            if not waiting[site_id]:
                del waiting[site_id]

    async def _wait(self, site_id: str, look: Callable[[], Awaitable[Gate]], is_gone: Callable[[], bool]) -> Gate:
        loop, news = asyncio.get_running_loop(), asyncio.Event()
        end = loop.time() + self._seconds
        with self._context.feed.listening(f"gate:{site_id}", lambda _: loop.call_soon_threadsafe(news.set)):
            while True:
                news.clear()
                found = await look()
                if not found.waits or is_gone():
                    return found
                if loop.time() >= end:
                    return Gate("slow", site_id)
                with suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), LOOK)
