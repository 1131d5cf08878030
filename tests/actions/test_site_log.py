"""A site's log: every line once, in order, however much there is, across redeployments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dialup_ext.actions.deploy import run
from dialup_ext.actions.diagnosis import tail
from dialup_ext.actions.retire import site_key
from dialup_ext.actions.site_log import LogFollower
from dialup_ext.domain.account import Account
from dialup_ext.domain.instance import LogChunk
from dialup_ext.domain.site import Site
from dialup_ext.errors import NotFound
from dialup_ext.testing.driver import FakeDriver
from dialup_ext.testing.hub import Bench


class LiveSite:
    """A live Node site on a bench, and its instance's voice."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.owner: Account = bench.account()
        self.site: Site = bench.site(self.owner)
        self.deploy("one")

    @property
    def driver(self) -> FakeDriver:
        assert isinstance(self.bench.driver, FakeDriver)
        return self.bench.driver

    @property
    def key(self) -> str:
        return site_key(self.site, self.bench.context.sites.get(self.site.id).live_deployment_id or "")

    def deploy(self, words: str) -> None:
        release = self.bench.release(self.owner, self.site, words, node=True)
        opened = self.bench.context.deployments.open(release, "deploy", "ana", self.bench.clock.now(), most=20)
        assert run(self.bench.context, opened.id).failure is None

    def says(self, first: int, last: int, text: str = "line") -> list[str]:
        lines = [f"{text} {number}" for number in range(first, last)]
        self.driver.says(self.key, "".join(f"{line}\n" for line in lines))
        return lines

    def follow(self, lines: int = 50) -> LogFollower:
        return LogFollower(self.bench.context, self.site, lines)


@pytest.fixture
def live(tmp_path: Path) -> Any:
    bench = Bench(tmp_path / "home", drain_seconds=60.0)
    yield LiveSite(bench)
    bench.close()


def test_following_a_long_log_begins_with_its_end_and_repeats_nothing(live: LiveSite) -> None:
    before = live.says(0, 30_000)  # some 300 KiB
    follow = live.follow(50)

    assert follow() == before[-50:]
    assert follow() == []
    assert follow() == []
    assert live.says(30_000, 30_010) == follow()


def test_what_is_printed_between_two_looks_is_not_lost(live: LiveSite) -> None:
    follow = live.follow(1)
    live.says(0, 1)
    follow()
    after = live.says(1, 20_000)

    seen: list[str] = []
    while lines := follow():
        seen += lines
    assert seen == after


def test_a_line_that_is_not_ended_yet_is_given_once_and_whole(live: LiveSite) -> None:
    live.driver.says(live.key, "begun\nhal")
    follow = live.follow()
    assert follow() == ["begun"]

    live.driver.says(live.key, "f and half\n")
    assert follow() == ["half and half"]


def test_five_thousand_lines_can_be_had(live: LiveSite) -> None:
    lines = live.says(0, 6000, "a line of some length, as programs print them, with a number")
    assert list(tail(live.bench.context, live.key, 5000)) == lines[-5000:]


def test_a_tail_begins_with_a_whole_line(live: LiveSite) -> None:
    lines = live.says(0, 200_000)
    shown = list(tail(live.bench.context, live.key, 200_000))
    assert shown == lines[-len(shown):] and 50_000 < len(shown) < 200_000


def test_the_last_line_counts_in_a_tail_though_it_is_not_ended(live: LiveSite) -> None:
    live.driver.says(live.key, "one\ntwo")
    assert tail(live.bench.context, live.key) == ("one", "two")


def test_a_tail_of_a_large_log_reads_its_end_only(live: LiveSite, monkeypatch: pytest.MonkeyPatch) -> None:
    live.says(0, 300_000)
    read: list[int] = []
    real = live.driver.log

    def counting(key: str, offset: int = 0, limit: int = 65536) -> LogChunk:
        chunk = real(key, offset, limit)
        read.append(len(chunk.data))
        return chunk

    monkeypatch.setattr(live.driver, "log", counting)

    assert tail(live.bench.context, live.key, 40)[-1] == "line 299999"
    assert sum(read) <= (64 << 10) + 1


def test_a_log_that_was_cut_goes_on(live: LiveSite) -> None:
    follow = live.follow()
    live.says(0, 100)
    follow()
    live.says(100, 20_000)
    live.driver.cuts(live.key, 1000)

    seen = follow()
    assert seen[-1] == "line 19999" and len(seen) < 200


def test_after_a_redeployment_the_old_ones_last_words_come_before_the_new_ones(live: LiveSite) -> None:
    follow = live.follow()
    live.says(0, 3, "old")
    follow()
    live.driver.says(live.key, "old 3\nold, not ended")
    live.deploy("two")
    live.says(0, 2, "new")

    assert follow() == ["old 3", "old, not ended", "new 0", "new 1"]
    assert live.says(2, 4, "new") == follow()


def test_paths_are_those_the_owner_knows_while_following_too(live: LiveSite) -> None:
    follow = live.follow()
    follow()
    place = live.bench.settings.home / "sites" / "ana" / "blog" / "r1" / "app"
    live.driver.says(live.key, f"Error at file://{place}/server.js:3\r\n")

    assert follow() == ["Error at server.js:3"]
    assert tail(live.bench.context, live.key)[-1] == "Error at server.js:3"


def test_an_endless_line_is_shown_in_part(live: LiveSite) -> None:
    follow = live.follow()
    follow()
    live.driver.says(live.key, "x" * 100_000)
    assert follow() == ["x" * 8192]


def test_nothing_runs_and_nothing_is_shown(bench: Bench) -> None:
    follow = LogFollower(bench.context, bench.site(bench.account()), 50)
    assert follow() == [] and tail(bench.context, "site-blog-none") == ()


def test_following_ends_with_the_site(live: LiveSite) -> None:
    follow = live.follow()
    live.bench.context.sites.remove(live.site, live.bench.clock.now())
    with pytest.raises(NotFound):
        follow()
