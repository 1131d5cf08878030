"""What is swept, what never is, and that the two cannot be confused by what happens meanwhile."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dialup_ext.actions.deployment_log import log_path, say
from dialup_ext.actions.prune import prune
from dialup_ext.actions.sites import remove_site
from dialup_ext.domain.account import Account
from dialup_ext.domain.deployment import MOVES, Deployment, Status
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Site
from dialup_ext.errors import NotFound
from dialup_ext.store.deployments import DeploymentRecords
from dialup_ext.testing.hub import Bench

LONG_AGO = 3 * 24 * 3600.0


def live(bench: Bench, release: Release) -> Deployment:
    """Straight through the table: nothing but rows."""
    records = bench.context.deployments
    opened = records.open(release, "deploy", "ana", bench.clock.now(), most=20)
    for status in (Status.BUILDING, Status.STARTING, Status.CHECKING, Status.SWITCHING, Status.LIVE):
        assert status in MOVES[opened.status]
        opened = records.move(opened.id, status, bench.clock.now())
    say(bench.context, opened.id, "it went live")
    return opened


def releases(bench: Bench, owner: Account, site: Site, number: int) -> list[Release]:
    return [bench.release(owner, site, f"words {n}") for n in range(number)]


def kept(bench: Bench, site: Site) -> list[int]:
    return [release.number for release in bench.context.releases.list(site.id)]


def age(bench: Bench) -> None:
    """Everything in the store was last touched three days ago."""
    then = time.time() - LONG_AGO
    for path in (bench.settings.home / "store").rglob("*"):
        os.utime(path, (then, then))


def contents(bench: Bench, owner: Account) -> int:
    return len(list((bench.settings.home / "store" / owner.id / "blobs").glob("*/*")))


@pytest.fixture
def few(tmp_path: Path) -> Iterator[Bench]:
    """Keeps two releases of a site."""
    bench = Bench(tmp_path / "home", releases_kept=2)
    yield bench
    bench.close()


def test_the_newest_and_the_live_release_stay(few: Bench) -> None:
    ana = few.account()
    site = few.site(ana)
    first, *_rest = releases(few, ana, site, 5)
    live(few, first)

    prune(few.context)

    assert kept(few, site) == [5, 4, 1]


def test_a_rollback_acknowledged_while_pruning_goes_on_is_not_erased(few: Bench) -> None:
    ana = few.account()
    site = few.site(ana)
    first, *_rest = releases(few, ana, site, 4)

    class Interrupted(DeploymentRecords):
        """Right after the pruning has looked what is busy, somebody asks for release 1."""

        def unfinished(self) -> list[Deployment]:
            found = super().unfinished()
            self.open(first, "rollback", "ana", few.clock.now(), most=20)
            return found

    prune(replace(few.context, deployments=Interrupted(few.store)))

    (asked,) = few.context.deployments.unfinished()
    assert asked.release_id == first.id and kept(few, site) == [4, 3, 1]


def test_a_release_that_went_live_meanwhile_is_not_deleted(few: Bench) -> None:
    ana = few.account()
    site = few.site(ana)
    first, second, *_rest = releases(few, ana, site, 4)
    live(few, first)

    assert few.context.releases.prune({site.id: [first.id, second.id]}) == [second.id]


def test_folders_go_with_what_went_and_with_nothing_else(few: Bench) -> None:
    ana = few.account()
    site = few.site(ana)
    made = releases(few, ana, site, 3)
    for release in made:
        few.context.trees.materialise(ana.name, ana.id, site.name, release.id, few.context.trees.manifest(
            ana.id, release.digest), release.root, None, runs=False)

    prune(few.context)

    there = {path.name for path in (few.settings.home / "sites" / "ana" / "blog").iterdir() if path.is_dir()}
    assert there == {release.id for release in made[1:]}


def test_contents_of_an_account_whose_last_site_is_gone_are_collected(bench: Bench) -> None:
    ana, bob = bench.account("ana"), bench.account("bob")
    site, other = bench.site(ana), bench.site(bob, "shop")
    bench.release(ana, site, "gone soon")
    bench.release(bob, other, "stays")
    layer = bench.settings.home / "store" / ana.id / "layers" / "f00"
    layer.mkdir(parents=True)
    remove_site(bench.context, site)
    age(bench)

    prune(bench.context)

    assert (contents(bench, ana), contents(bench, bob)) == (0, 1)
    (keep,) = bench.context.layers.swept  # type: ignore[attr-defined]
    assert keep == {ana.id: set(), bob.id: set()}


def test_what_was_sent_within_a_day_stays_without_a_release(bench: Bench) -> None:
    ana = bench.account()
    site = bench.site(ana)
    bench.release(ana, site, "just sent")
    remove_site(bench.context, site)

    prune(bench.context)

    assert contents(bench, ana) == 1


def test_a_site_shows_what_its_releases_take_together(bench: Bench) -> None:
    ana = bench.account()
    site = bench.site(ana)
    for words in ("one", "two"):
        bench.release(ana, site, words, node=True)
    made = bench.context.releases.list(site.id)
    shared = len(b'{"scripts": {"start": "node server.js"}}')

    prune(bench.context)

    assert bench.context.sites.get(site.id).storage_bytes == sum(one.size_bytes for one in made) - shared


def test_history_goes_back_so_far_and_its_logs_with_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dialup_ext.actions.prune.DEPLOYMENTS_KEPT", 3)
    ana = bench.account()
    site = bench.site(ana)
    one, two = releases(bench, ana, site, 2)
    made = [live(bench, release) for release in (one, two, one, two, one)]
    left_by_a_crash = log_path(bench.context, "x" * 26)
    left_by_a_crash.write_text("no row any more\n")

    prune(bench.context)

    assert [found.id for found in bench.context.deployments.list(site.id)] == [one.id for one in reversed(made[2:])]
    logs = {path.stem for path in left_by_a_crash.parent.glob("*.log")}
    assert logs == {one.id for one in made[2:]}


def test_neither_the_live_nor_an_unfinished_deployment_is_history(bench: Bench) -> None:
    ana = bench.account()
    site = bench.site(ana)
    one, two = releases(bench, ana, site, 2)
    alive = live(bench, one)
    records = bench.context.deployments
    for _ in range(4):
        failed = records.open(two, "deploy", "ana", bench.clock.now(), most=20)
        records.move(failed.id, Status.FAILED, bench.clock.now())
    waiting = records.open(two, "deploy", "ana", bench.clock.now(), most=20)

    assert records.drop_old(1) == 4
    assert [found.id for found in records.list(site.id)] == [waiting.id, alive.id]


def test_logs_of_releases_that_were_pruned_go(few: Bench) -> None:
    ana = few.account()
    site = few.site(ana)
    old, *rest = (live(few, release) for release in releases(few, ana, site, 4))

    prune(few.context)

    assert not log_path(few.context, old.id).exists()
    assert log_path(few.context, rest[-1].id).exists()
    with pytest.raises(NotFound):
        few.context.deployments.load(old.id)


def test_pruning_again_changes_nothing(few: Bench) -> None:
    ana = few.account()
    site = few.site(ana)
    releases(few, ana, site, 4)
    prune(few.context)

    prune(few.context)

    assert kept(few, site) == [4, 3]
