"""Requests that wait at the gate: so many, so long, and no longer than they are wanted."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any

import pytest

from dialup_ext.errors import Unavailable
from dialup_ext.feed import Feed
from dialup_ext.handlers.holding import Holding
from dialup_ext.hosts import Gate

ASLEEP, OPEN = Gate("asleep", "s1", waits=True), Gate("open", "s1")


def in_a_loop(story: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    @functools.wraps(story)
    def test() -> None:
        asyncio.run(asyncio.wait_for(story(), 30))

    return test


class Site:
    """One that wakes when it is told to."""

    def __init__(self, most: int = 4, seconds: float = 30.0) -> None:
        self.context = SimpleNamespace(feed=Feed(), waiting={})
        self.holding = Holding(self.context, most, seconds)
        self.now = ASLEEP
        self.looks = 0

    async def look(self) -> Gate:
        self.looks += 1
        return self.now

    def wake(self) -> None:
        self.now = OPEN
        self.context.feed.publish("gate:s1", "open")

    def wait(self, is_gone: bool = False) -> asyncio.Task[Gate]:
        return asyncio.create_task(self.holding.until_open("s1", self.look, lambda: is_gone))

    async def until_waiting(self, number: int) -> None:
        while self.context.waiting.get("s1", 0) != number:  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0)


@in_a_loop
async def test_they_are_let_in_when_the_site_is_open() -> None:
    site = Site()
    tasks = [site.wait() for _ in range(3)]
    await site.until_waiting(3)
    site.wake()
    assert await asyncio.gather(*tasks) == [OPEN] * 3
    assert site.context.waiting == {}


@in_a_loop
async def test_one_too_many_is_asked_to_come_again_and_the_others_wait_on() -> None:
    site = Site(most=3)
    tasks = [site.wait() for _ in range(2)]
    await site.until_waiting(2)
    with pytest.raises(Unavailable) as refused:
        await site.wait()
    assert (refused.value.code, refused.value.retry_after) == ("gate_full", 5)
    site.wake()
    assert await asyncio.gather(*tasks) == [OPEN] * 2


@in_a_loop
async def test_a_crowd_before_one_site_leaves_room_for_those_of_another() -> None:
    site = Site(most=4)
    crowd = [site.wait() for _ in range(3)]
    await site.until_waiting(3)
    with pytest.raises(Unavailable):
        await site.wait()
    other = asyncio.create_task(site.holding.until_open("s2", site.look, lambda: False))
    while "s2" not in site.context.waiting:  # noqa: ASYNC110 - nobody tells of it
        await asyncio.sleep(0)
    site.wake()
    site.context.feed.publish("gate:s2", "open")
    assert await asyncio.gather(*crowd, other) == [OPEN] * 4


@in_a_loop
async def test_however_many_wait_one_looks_for_all() -> None:
    site = Site(most=1000)
    tasks = [site.wait() for _ in range(500)]
    await site.until_waiting(500)
    while not site.looks:  # noqa: ASYNC110 - nobody tells of it
        await asyncio.sleep(0)
    site.wake()
    assert await asyncio.gather(*tasks) == [OPEN] * 500
    assert site.looks < 10


@in_a_loop
async def test_who_waited_too_long_for_a_change_is_told_of_a_change() -> None:
    site = Site(seconds=0.0)
    site.now = Gate("held", "s1", waits=True)
    assert (await site.wait()).reason == "changing"


@in_a_loop
async def test_nobody_waits_longer_than_that() -> None:
    site = Site(seconds=0.0)
    assert (await site.wait()).reason == "slow"
    assert site.context.waiting == {}


@in_a_loop
async def test_who_has_gone_is_waited_for_no_longer() -> None:
    assert await Site().wait(is_gone=True) == ASLEEP


@in_a_loop
async def test_missed_news_cost_a_moment_and_nothing_else() -> None:
    site = Site()
    task = site.wait()
    await site.until_waiting(1)
    site.now = OPEN
    assert await task == OPEN
