"""Requests that wait at the gate until their site is open: so many, for so long, without a thread each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from dialup_ext.errors import Unavailable
from dialup_ext.hosts import Gate

LOOK = 0.5
"""Seconds after which a waiting request looks by itself, should it have missed the news."""


@dataclass
class _Look:
    """What somebody found, or is about to find, who looked after so much news."""

    heard: int
    begun: float
    found: asyncio.Future[Gate]


class Holding:
    """All that wait, on one event loop. `most` at once, three quarters of them for one site; each for `seconds` at
    the longest. However many wait for one site, one of them looks for all.
    """

    def __init__(self, context: Any, most: int, seconds: float) -> None:
        self._context = context
        self._most = most
        self._seconds = seconds
        self._news: dict[str, int] = {}
        self._looks: dict[str, _Look] = {}

    async def until_open(self, site_id: str, look: Callable[[], Awaitable[Gate]],
                         is_gone: Callable[[], bool]) -> Gate:
        """What `look` finds once it is not to be waited for any more; `slow` or `changing` when that takes too long.

        Raises `Unavailable` (`gate_full`) when too many wait. A visitor who has gone is waited for no longer.
        """
        waiting = self._context.waiting
        if sum(waiting.values()) >= self._most or waiting.get(site_id, 0) >= max(1, self._most * 3 // 4):
            raise Unavailable("Many people are waiting for this server just now.", code="gate_full",
                              hint="Try again in a few seconds.", retry_after=5)
        waiting[site_id] = waiting.get(site_id, 0) + 1
        try:
            return await self._wait(site_id, look, is_gone)
        finally:
            waiting[site_id] -= 1
            if not waiting[site_id]:
                del waiting[site_id]
                self._looks.pop(site_id, None)
                self._news.pop(site_id, None)

    async def _wait(self, site_id: str, look: Callable[[], Awaitable[Gate]], is_gone: Callable[[], bool]) -> Gate:
        loop, news = asyncio.get_running_loop(), asyncio.Event()
        end = loop.time() + self._seconds

        def hear() -> None:
            self._news[site_id] = self._news.get(site_id, 0) + 1
            news.set()

        with self._context.feed.listening(f"gate:{site_id}", lambda _: loop.call_soon_threadsafe(hear)):
            while True:
                news.clear()
                found = await self._look(site_id, look)
                if not found.waits or is_gone():
                    return found
                if loop.time() >= end:
                    return Gate("changing" if found.reason == "held" else "slow", site_id)
                with suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), LOOK)

    async def _look(self, site_id: str, look: Callable[[], Awaitable[Gate]]) -> Gate:
        """What the last one finds who looked, unless there was news since, or that was a while ago."""
        now, heard = asyncio.get_running_loop().time(), self._news.get(site_id, 0)
        last = self._looks.get(site_id)
        if last is None or last.heard != heard or last.begun + LOOK <= now:
            last = self._looks[site_id] = _Look(heard, now, asyncio.ensure_future(look()))
        return await asyncio.shield(last.found)
