"""The fakes behave, or misbehave, as they say."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from dialup_ext.domain.instance import InstanceState
from dialup_ext.errors import Unavailable
from dialup_ext.testing.clock import StoppedClock
from dialup_ext.testing.driver import FakeDriver, LyingDriver, NeverHealthyDriver, SlowDriver


def answer(instance) -> str | None:
    try:
        with urllib.request.urlopen(f"http://{instance.address}/", timeout=10) as response:
            return response.read().decode()
    except urllib.error.URLError:
        return None


def test_a_fake_can_answer_for_real(spec):
    driver = FakeDriver(answers=True)
    instance = driver.start(spec("site-1", ("npm", "start"), listens=True))
    assert answer(instance) == "site-1"
    driver.stop("site-1")
    assert answer(instance) is None
    assert driver.calls == [("start", "site-1"), ("stop", "site-1")]


def test_the_slow_one_answers_when_it_is_let_go(spec):
    driver = SlowDriver(answers=True)
    instance = driver.start(spec("site-1", ("npm", "start"), listens=True))
    assert driver.listening("site-1") == []
    assert answer(instance) is None
    driver.let_go("site-1")
    assert driver.listening("site-1") == [instance.address]
    assert answer(instance) == "site-1"
    driver.stop("site-1")


def test_the_never_healthy_one_spares_whom_it_is_told_to(spec):
    driver = NeverHealthyDriver(only=lambda wanted: wanted.key.endswith("2"))
    for key in ("site-1", "site-2"):
        assert driver.start(spec(key, ("npm", "start"), listens=True)).state is InstanceState.RUNNING
    assert driver.listening("site-1")
    assert driver.listening("site-2") == []


def test_the_lying_one_says_all_is_well(spec):
    driver = LyingDriver(answers=True)
    instance = driver.start(spec("site-1", ("npm", "start"), listens=True))
    driver.ends("site-1", 1)
    said = driver.inspect("site-1")
    assert said is not None
    assert said.state is InstanceState.RUNNING
    assert driver.listening("site-1") == [instance.address]
    assert answer(instance) is None


def test_a_missing_tool_is_refused_until_it_is_there(spec):
    driver = FakeDriver()
    driver.missing = Unavailable("Node is not installed on this server.", code="node_missing")
    with pytest.raises(Unavailable):
        driver.start(spec("site-1", ("npm", "start")))
    driver.missing = None
    driver.start(spec("site-1", ("npm", "start")))


def test_a_deadline_is_told_by_the_clock_alone(spec):
    clock = StoppedClock()
    driver = FakeDriver(clock=clock)
    driver.start(spec("site-1", ("waits",), deadline=60.0))
    clock.advance(60)
    assert driver.wait("site-1", 0).state is InstanceState.RUNNING
    clock.advance(1)
    assert driver.wait("site-1", 0).reason == "deadline"


def test_a_cut_log_moves_its_readers_up(spec):
    driver = FakeDriver()
    driver.start(spec("site-1", ("says", "0123456789"), ("waits",)))
    driver.cuts("site-1", keep=4)
    chunk = driver.log("site-1", 0)
    assert (chunk.data, chunk.offset, chunk.next_offset) == (b"789\n", 7, 11)


def test_time_does_not_go_back():
    clock = StoppedClock()
    before = clock.now()
    with pytest.raises(ValueError, match="back"):
        clock.advance(-1)
    assert clock.now() == before
