"""What a deployment does, from every place it may have been interrupted at."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialup_ext.actions.deploy import cancel, request_deployment, run
from dialup_ext.actions.deployment_log import read_log
from dialup_ext.actions.reconcile import reconcile
from dialup_ext.actions.retire import site_key
from dialup_ext.actions.sites import remove_site, rollback, stop_site
from dialup_ext.domain.account import Account
from dialup_ext.domain.deployment import MOVES, Deployment, Status
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Site
from dialup_ext.errors import Conflict, NotFound, TooMany
from dialup_ext.testing.driver import FakeDriver, NeverHealthyDriver
from dialup_ext.testing.hub import Bench
from dialup_ext.testing.installation import wait_until


def deployed(bench: Bench, site: Site, release: Release, owner: Account) -> Deployment:
    opened = bench.context.deployments.open(release, "deploy", owner.name, bench.clock.now(), most=20)
    return run(bench.context, opened.id)


def host(bench: Bench, site: Site) -> str:
    return site.host(bench.settings.domain)


@pytest.mark.parametrize("node", [False, True])
def test_a_release_goes_live_and_its_predecessor_is_superseded(bench: Bench, node: bool) -> None:
    ana = bench.account()
    site = bench.site(ana)
    first = deployed(bench, site, bench.release(ana, site, "one", node=node), ana)
    second = deployed(bench, site, bench.release(ana, site, "two", node=node), ana)

    assert second.status is Status.LIVE
    assert bench.context.deployments.load(first.id).status is Status.SUPERSEDED
    target = bench.ingress.target(host(bench, site))
    assert target is not None and target.name.startswith(second.id)
    assert bench.context.sites.load(site.id, ana.id).live_deployment_id == second.id


def test_what_is_fetched_first_is_told_in_the_deployments_log(bench: Bench) -> None:
    ana = bench.account()
    site = bench.site(ana)
    assert isinstance(bench.driver, FakeDriver)
    bench.driver.news = ["fetching the image far/node:22"]
    files = deployed(bench, site, bench.release(ana, site, "one"), ana)
    program = deployed(bench, site, bench.release(ana, site, "two", node=True), ana)
    assert bench.driver.news[0] not in read_log(bench.context, files.id, 0)
    assert bench.driver.news[0] in read_log(bench.context, program.id, 0)


@pytest.mark.parametrize("node", [False, True])
@pytest.mark.parametrize("reached", [Status.QUEUED, Status.BUILDING, Status.STARTING, Status.CHECKING,
                                     Status.SWITCHING])
def test_a_deployment_left_anywhere_is_taken_to_its_end_by_the_next_hub(
        bench: Bench, reached: Status, node: bool) -> None:
    ana = bench.account()
    site = bench.site(ana)
    deployed(bench, site, bench.release(ana, site, "one", node=node), ana)
    release = bench.release(ana, site, "two", node=node)
    left = bench.context.deployments.open(release, "deploy", ana.name, bench.clock.now(), most=20)
    order = list(MOVES)
    for status in order[1 : order.index(reached) + 1]:
        bench.context.deployments.move(left.id, status, bench.clock.now())

    reconcile(bench.again().context)

    wait_until(lambda: bench.context.deployments.load(left.id).status is Status.LIVE, 20)
    target = bench.ingress.target(host(bench, site))
    assert target is not None and target.name.startswith(left.id)
    assert bench.context.deployments.unfinished() == []


def test_what_never_answers_leaves_the_old_release_live_and_nothing_running(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", driver=NeverHealthyDriver(), health_timeout=0.3)
    ana = bench.account()
    site = bench.site(ana)
    good = deployed(bench, site, bench.release(ana, site, "static"), ana)

    bad = deployed(bench, site, bench.release(ana, site, "node", node=True), ana)

    assert bad.status is Status.FAILED and bad.failure is not None and bad.failure.hint
    target = bench.ingress.target(host(bench, site))
    assert target is not None and target.name.startswith(good.id)
    assert bench.driver.inspect(site_key(site, bad.id)) is None
    bench.close()


def test_an_ingress_that_fails_leaves_the_old_release_live(bench: Bench) -> None:
    ana = bench.account()
    site = bench.site(ana)
    good = deployed(bench, site, bench.release(ana, site, "one"), ana)
    bench.ingress.fail_next(OSError("disk"))

    bad = deployed(bench, site, bench.release(ana, site, "two"), ana)

    assert bad.status is Status.FAILED and bad.failure is not None
    assert bad.failure.code == "internal" and "reference" in bad.failure.message
    target = bench.ingress.target(host(bench, site))
    assert target is not None and target.name.startswith(good.id)


def test_a_cancelled_deployment_ends_cancelled(bench: Bench) -> None:
    ana = bench.account()
    site = bench.site(ana)
    opened = bench.context.deployments.open(bench.release(ana, site, "one"), "deploy", "ana",
                                            bench.clock.now(), most=20)
    cancel(bench.context, opened)

    assert run(bench.context, opened.id).status is Status.CANCELLED
    with pytest.raises(Conflict, match="no longer"):
        cancel(bench.context, bench.context.deployments.load(opened.id))


def test_at_most_one_deployment_of_a_site_and_a_bounded_queue(bench: Bench) -> None:
    ana = bench.account()
    site, other = bench.site(ana), bench.site(ana, "other")
    open_one = bench.context.deployments.open
    open_one(bench.release(ana, site, "one"), "deploy", "ana", bench.clock.now(), most=20)

    with pytest.raises(Conflict) as running:
        open_one(bench.release(ana, site, "two"), "deploy", "ana", bench.clock.now(), most=20)
    with pytest.raises(TooMany) as full:
        open_one(bench.release(ana, other, "one"), "deploy", "ana", bench.clock.now(), most=1)

    assert running.value.code == "deployment_running" and full.value.code == "queue_full"


def test_nobody_takes_more_than_half_of_the_queue(bench: Bench) -> None:
    ana, ben = bench.account(), bench.account("ben")
    open_one = bench.context.deployments.open
    for number in range(2):
        site = bench.site(ana, f"site{number}")
        open_one(bench.release(ana, site, "one"), "deploy", "ana", bench.clock.now(), most=4)

    with pytest.raises(TooMany, match="2 of your deployments"):
        open_one(bench.release(ana, bench.site(ana, "third"), "one"), "deploy", "ana", bench.clock.now(), most=4)
    open_one(bench.release(ben, bench.site(ben, "bens"), "one"), "deploy", "ben", bench.clock.now(), most=4)


def test_rolling_back_goes_to_the_release_that_was_live_before(bench: Bench) -> None:
    ana = bench.account()
    site = bench.site(ana)
    with pytest.raises(Conflict, match="not live"):
        stop_site(bench.context, site)
    first = bench.release(ana, site, "one")
    deployed(bench, site, first, ana)
    with pytest.raises(NotFound) as nothing:
        rollback(bench.context, bench.context.sites.load(site.id, None), "ana")
    deployed(bench, site, bench.release(ana, site, "two"), ana)

    back = rollback(bench.context, bench.context.sites.load(site.id, None), "ana")

    assert nothing.value.code == "nothing_to_roll_back_to"
    assert (back.action, back.release_id) == ("rollback", first.id)


def test_the_same_content_is_the_same_release(bench: Bench) -> None:
    ana = bench.account()
    site = bench.site(ana)

    assert bench.release(ana, site, "one").id == bench.release(ana, site, "one").id
    assert bench.release(ana, site, "two").number == 2


def test_every_step_is_news_for_whoever_follows(bench: Bench) -> None:
    ana = bench.account()
    site = bench.site(ana)
    release = bench.release(ana, site, "one")
    heard, stop = bench.news(ana.id)
    request_deployment(bench.context, site, release, "ana")

    wait_until(lambda: bench.context.sites.load(site.id, None).live_release_id == release.id)
    wait_until(lambda: len([news for news in heard if news.kind == "deployment"]) >= 6)
    stop()


def test_reconcile_brings_back_what_the_ingress_and_the_driver_lost(bench: Bench) -> None:
    ana = bench.account()
    site = bench.site(ana)
    live = deployed(bench, site, bench.release(ana, site, "one", node=True), ana)
    bench.ingress.remove(host(bench, site))
    bench.driver.stop(site_key(site, live.id))

    reconcile(bench.context)

    def back() -> bool:
        target = bench.ingress.target(host(bench, site))
        instance = bench.driver.inspect(site_key(site, live.id))
        return target is not None and instance is not None and target.upstream == instance.address

    wait_until(back)


def test_a_removed_site_leaves_nothing_running_and_nothing_served(bench: Bench) -> None:
    ana = bench.account()
    site = bench.site(ana)
    deployed(bench, site, bench.release(ana, site, "one", node=True), ana)

    remove_site(bench.context, bench.context.sites.load(site.id, None))

    assert bench.driver.list() == []
    target = bench.ingress.target(host(bench, site))
    assert target is not None and target.upstream == "gate"
    assert not (bench.settings.home / "sites" / "ana" / site.name).exists()
