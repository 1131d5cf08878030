"""A program that ends is brought back, later each time, and halted when it ends again and again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dialup_ext.actions import revive
from dialup_ext.actions.deploy import run
from dialup_ext.actions.deployment_log import read_log
from dialup_ext.actions.reconcile import reconcile
from dialup_ext.actions.retire import site_key
from dialup_ext.actions.sites import start_site, stop_site
from dialup_ext.domain.account import Account
from dialup_ext.domain.deployment import Status
from dialup_ext.domain.instance import InstanceState
from dialup_ext.domain.ports import GATE
from dialup_ext.domain.site import Site, SiteStatus
from dialup_ext.errors import Unavailable
from dialup_ext.testing.driver import FakeDriver
from dialup_ext.testing.hub import Bench
from dialup_ext.testing.installation import wait_until


class Clock:
    """Stands still until it is told; the time of day goes on, so that starts differ."""

    def __init__(self) -> None:
        from dialup_ext.domain.clock import SystemClock

        self._real, self.skipped = SystemClock(), 0.0

    def now(self) -> Any:
        return self._real.now()

    def monotonic(self) -> float:
        return self._real.monotonic() + self.skipped


class Falling:
    """One live site whose program ends whenever it is told to."""

    def __init__(self, bench: Bench, clock: Clock) -> None:
        self.bench, self.clock = bench, clock
        self.owner: Account = bench.account()
        self.site: Site = bench.site(self.owner)
        release = bench.release(self.owner, self.site, "one", node=True)
        opened = bench.context.deployments.open(release, "deploy", "ana", bench.clock.now(), most=20)
        self.live = run(bench.context, opened.id)
        self.key = site_key(self.site, self.live.id)

    def falls(self, code: int = 1, words: str = "Error: no database\n") -> None:
        driver = self.bench.driver
        assert isinstance(driver, FakeDriver)
        driver.says(self.key, words)
        driver.ends(self.key, code)

    def comes_back(self) -> None:
        def up() -> bool:
            reconcile(self.bench.context)
            self.pause_is_over()
            instance = self.bench.driver.inspect(self.key)
            return (instance is not None and instance.state is InstanceState.RUNNING
                    and self.bench.ingress.target(self.host).upstream == instance.address)  # type: ignore[union-attr]
        wait_until(up)

    def is_noted(self, tries: int) -> float:
        """Look, wait until so many tries are counted, and let the pause go by; how long that is."""
        def noted() -> bool:
            reconcile(self.bench.context)
            found = self.bench.context.setbacks.get(self.site.id)
            return found is not None and found.tries == tries
        wait_until(noted)
        return self.pause_is_over()

    def pause_is_over(self) -> float:
        """Let the time go by until the next try; how much that was."""
        setback = self.bench.context.setbacks.get(self.site.id)
        pause = max(0.0, setback.next_at - self.clock.monotonic()) if setback else 0.0
        self.clock.skipped += pause
        return pause

    @property
    def host(self) -> str:
        return self.site.host(self.bench.settings.domain)

    @property
    def now(self) -> Site:
        return self.bench.context.sites.get(self.site.id)

    def halts(self) -> None:
        for _ in range(revive.ENDS - 1):
            self.falls()
            self.comes_back()
        self.falls()

        def halted() -> bool:
            reconcile(self.bench.context)
            return self.now.halted is not None
        wait_until(halted)
        wait_until(lambda: not self.bench.context.is_claimed(f"serve-{self.site.id}"))


@pytest.fixture
def falling(tmp_path: Path) -> Iterator[Falling]:
    clock = Clock()
    bench = Bench(tmp_path / "home", clock=clock)
    yield Falling(bench, clock)
    bench.close()


def test_a_program_that_ends_is_brought_back_and_its_owner_learns_of_what_it_died(falling: Falling) -> None:
    falling.falls()
    falling.comes_back()

    assert falling.now.error_message == "The program ended with exit code 1: Error: no database."
    assert falling.now.halted is None


def test_each_pause_is_twice_the_one_before_up_to_a_minute(falling: Falling) -> None:
    pauses = []
    for tries in range(1, 9):
        falling.falls()
        pauses.append(math.ceil(falling.is_noted(tries)))
        falling.comes_back()

    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


def test_one_end_is_counted_once_however_often_it_is_looked_at(falling: Falling) -> None:
    falling.falls()
    for _ in range(5):
        falling.is_noted(1)
    falling.comes_back()

    assert falling.bench.context.setbacks[falling.site.id].tries == 1


def test_ten_ends_within_ten_minutes_halt_it_and_say_why(falling: Falling) -> None:
    falling.halts()

    assert falling.now.status is SiteStatus.FAILED
    assert "ended 10 times within 10 minutes" in (falling.now.halted or "")
    assert "Error: no database" in (falling.now.halted or "")
    target = falling.bench.ingress.target(falling.host)
    assert target is not None and target.upstream == GATE
    assert "Error: no database" in read_log(falling.bench.context, falling.live.id)


def test_a_halted_site_stays_so_with_its_last_lines_until_its_owner_starts_it(falling: Falling) -> None:
    falling.halts()
    bench = falling.bench
    starts = [call for call in bench.driver.calls if call[0] == "start"]  # type: ignore[attr-defined]

    for _ in range(3):
        reconcile(bench.again().context)
    assert [call for call in bench.driver.calls if call[0] == "start"] == starts  # type: ignore[attr-defined]
    assert b"no database" in bench.driver.log(falling.key).data

    start_site(bench.context, falling.now, "ana")
    wait_until(lambda: bench.context.deployments.list(falling.site.id)[0].status is Status.LIVE)
    assert (falling.now.halted, falling.now.error_message) == (None, None)
    assert falling.now.status is SiteStatus.ACTIVE
    assert bench.context.setbacks == {}


def test_a_halted_site_that_is_stopped_is_stopped(falling: Falling) -> None:
    falling.bench.context.sites.change(falling.site.id, halted="It ended ten times.")

    assert stop_site(falling.bench.context, falling.now).status is SiteStatus.STOPPED


def test_ends_that_are_long_ago_count_no_more(falling: Falling) -> None:
    for _ in range(revive.ENDS + 1):
        falling.falls()
        falling.comes_back()
        falling.clock.skipped += revive.WINDOW / (revive.ENDS - 1)

    assert falling.now.halted is None


def test_a_site_that_has_stood_for_long_is_forgiven(falling: Falling) -> None:
    falling.falls()
    falling.comes_back()
    falling.clock.skipped += revive.WINDOW + revive.SLOWEST + 1
    reconcile(falling.bench.context)

    assert (falling.now.error_message, falling.bench.context.setbacks) == (None, {})


def test_what_was_ended_from_outside_is_brought_back_for_as_long_as_it_takes(falling: Falling) -> None:
    for _ in range(revive.ENDS + 1):
        falling.falls(137, "")
        falling.comes_back()

    assert falling.now.halted is None


def test_a_driver_that_is_away_halts_nobody(falling: Falling) -> None:
    falling.bench.driver.missing = Unavailable("Docker is away.", code="docker_down")  # type: ignore[attr-defined]
    falling.falls()
    for tries in range(1, revive.ENDS + 3):
        assert falling.is_noted(tries)

    assert falling.now.halted is None
    falling.bench.driver.missing = None  # type: ignore[attr-defined]
    falling.comes_back()
