"""Deployments as rows: who asked for an end is heeded, and what is gone is called gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dialup_ext.domain.deployment import Deployment, Status, StepCancelled
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Site
from dialup_ext.errors import Conflict, NotFound
from dialup_ext.store.deployments import DeploymentRecords
from dialup_ext.testing.hub import Bench

WORKING = (Status.BUILDING, Status.STARTING, Status.CHECKING)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "home")
    yield bench
    bench.close()


@pytest.fixture
def site(bench: Bench) -> Site:
    return bench.site(bench.account())


@pytest.fixture
def release(bench: Bench, site: Site) -> Release:
    return bench.release(bench.identity.accounts()[0], site, "hello")


@pytest.fixture
def records(bench: Bench) -> DeploymentRecords:
    return bench.context.deployments


def opened(bench: Bench, release: Release, *moves: Status) -> Deployment:
    deployment = bench.context.deployments.open(release, "deploy", "ana", bench.clock.now(), most=20)
    for status in moves:
        deployment = bench.context.deployments.move(deployment.id, status, bench.clock.now())
    return deployment


@pytest.mark.parametrize("number", range(len(WORKING) + 1))
def test_until_it_switches_its_end_can_be_asked_for_and_then_it_never_switches(
        bench: Bench, records: DeploymentRecords, release: Release, number: int) -> None:
    deployment = opened(bench, release, *WORKING[:number])

    records.want_cancel(deployment.id)
    records.want_cancel(deployment.id)

    for status in WORKING[number:]:
        records.move(deployment.id, status, bench.clock.now())
    with pytest.raises(StepCancelled):
        records.move(deployment.id, Status.SWITCHING, bench.clock.now())
    assert records.load(deployment.id).status is Status.CHECKING


@pytest.mark.parametrize("end", [(), (Status.LIVE,), (Status.FAILED,)])
def test_from_the_switch_on_it_is_too_late_to_cancel(
        bench: Bench, records: DeploymentRecords, release: Release, end: tuple[Status, ...]) -> None:
    deployment = opened(bench, release, *WORKING, Status.SWITCHING, *end)

    with pytest.raises(Conflict) as refusal:
        records.want_cancel(deployment.id)

    assert refusal.value.code == "too_late"
    assert not records.is_cancel_wanted(deployment.id)


def test_of_a_cancel_and_a_switch_at_once_exactly_one_wins(
        bench: Bench, records: DeploymentRecords, release: Release) -> None:
    deployment = opened(bench, release, *WORKING)
    gate, won = threading.Barrier(2), list[str]()

    def cancel() -> None:
        gate.wait()
        try:
            records.want_cancel(deployment.id)
            won.append("cancel")
        except Conflict:
            pass

    def switch() -> None:
        gate.wait()
        try:
            records.move(deployment.id, Status.SWITCHING, bench.clock.now())
            won.append("switch")
        except StepCancelled:
            pass

    threads = [threading.Thread(target=work) for work in (cancel, switch)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == 1
    assert records.is_cancel_wanted(deployment.id) is (won == ["cancel"])


def test_a_site_removed_a_moment_ago_is_not_said_to_be_deploying(
        bench: Bench, records: DeploymentRecords, site: Site, release: Release) -> None:
    bench.context.sites.remove(site, bench.clock.now())

    with pytest.raises(NotFound) as refusal:
        records.open(release, "deploy", "ana", bench.clock.now(), most=20)
    assert refusal.value.code == "site_not_found"


def test_a_release_pruned_a_moment_ago_is_not_said_to_be_deploying(
        bench: Bench, records: DeploymentRecords, site: Site, release: Release) -> None:
    bench.context.releases.prune({site.id: [release.id]})

    with pytest.raises(NotFound) as refusal:
        records.open(release, "deploy", "ana", bench.clock.now(), most=20)
    assert refusal.value.code == "release_not_found"


def test_a_second_deployment_of_a_site_is_refused(
        bench: Bench, records: DeploymentRecords, release: Release) -> None:
    opened(bench, release)
    with pytest.raises(Conflict) as refusal:
        opened(bench, release)
    assert refusal.value.code == "deployment_running"


def test_moving_a_deployment_whose_site_is_gone_says_so(
        bench: Bench, records: DeploymentRecords, site: Site, release: Release) -> None:
    deployment = opened(bench, release)
    bench.context.sites.remove(site, bench.clock.now())

    with pytest.raises(NotFound) as refusal:
        records.move(deployment.id, Status.BUILDING, bench.clock.now())
    assert refusal.value.code == "deployment_not_found"


def test_a_release_for_a_site_that_is_gone_is_refused(bench: Bench, site: Site) -> None:
    ana = bench.identity.accounts()[0]
    bench.context.sites.remove(site, bench.clock.now())
    with pytest.raises(NotFound) as refusal:
        bench.context.releases.create(
            site.id, "0" * 64, kind=site.kind, root="", why="", file_count=1, size_bytes=1, by=ana.name,
            at=bench.clock.now())
    assert refusal.value.code == "site_not_found"
