"""Nothing starts that does not fit, nothing is counted twice, and two at once do not share the last room."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dialup_ext.actions.admission import admitted, held
from dialup_ext.actions.deploy import request_deployment
from dialup_ext.actions.preview import start_preview
from dialup_ext.actions.sites import restart_site, start_site, stop_site
from dialup_ext.domain.account import Account, Quota
from dialup_ext.domain.site import Site
from dialup_ext.errors import DialupError, TooMany, Unavailable
from dialup_ext.testing.hub import Bench
from dialup_ext.testing.installation import wait_until


def live(bench: Bench, owner: Account, name: str) -> Site:
    """A Node site that is up."""
    site = bench.site(owner, name)
    deployment = request_deployment(bench.context, site, bench.release(owner, site, "one", node=True), "ana")
    wait_until(lambda: bench.context.deployments.load(deployment.id).status.is_final)
    assert bench.context.sites.get(site.id).live_deployment_id == deployment.id
    return bench.context.sites.get(site.id)


def refusal(bench: Bench, owner: Account, name: str) -> DialupError:
    site = bench.site(owner, name)
    release = bench.release(owner, site, "one", node=True)
    with pytest.raises(DialupError) as caught:
        request_deployment(bench.context, site, release, "ana")
    assert bench.context.deployments.list(site.id) == []
    return caught.value


def test_a_site_that_does_not_fit_is_refused_with_the_numbers(bench: Bench) -> None:
    ana = bench.account("ana", max_memory_mb=376, max_cpu_cores=4.0)
    live(bench, ana, "one")

    error = refusal(bench, ana, "two")

    assert isinstance(error, TooMany) and error.code == "memory_full" and error.hint
    assert error.message == "Your site needs 256 MB and you have 120 MB left of 376 MB."


def test_cpu_is_counted_in_the_same_way(bench: Bench) -> None:
    ana = bench.account("ana", max_memory_mb=4096, max_cpu_cores=0.3)
    live(bench, ana, "one")
    error = refusal(bench, ana, "two")
    assert (error.code, error.message) == (
        "cpu_full", "Your site needs 0.25 of a core and you have 0.05 left of 0.3.")


@pytest.mark.parametrize(("kind", "number"), [("nodejs", 2), ("next", 2), ("python", 2), ("astro", 3), ("notebook", 1)])
def test_with_nothing_changed_so_many_of_a_kind_run_at_a_time_and_a_preview_beside_them(kind: str, number: int) -> None:
    from dialup_ext.settings import Settings

    quota, settings = Quota(), Settings(Path("unused"))
    memory, cpu = settings.limits(kind)
    assert number * memory <= quota.max_memory_mb and number * cpu <= quota.max_cpu_cores
    assert settings.previews_at_once >= 1


def test_a_static_site_needs_no_memory(bench: Bench) -> None:
    ana = bench.account("ana", max_memory_mb=1, max_cpu_cores=0.01)
    site = bench.site(ana)
    deployment = request_deployment(bench.context, site, bench.release(ana, site, "one"), "ana")
    wait_until(lambda: bench.context.deployments.load(deployment.id).status.is_final)
    assert bench.context.sites.get(site.id).live_deployment_id == deployment.id


def test_the_old_and_the_new_of_a_redeployment_count_once(bench: Bench) -> None:
    ana = bench.account("ana", max_memory_mb=256, max_cpu_cores=0.25)
    site = live(bench, ana, "one")

    again = request_deployment(bench.context, site, bench.release(ana, site, "two", node=True), "ana")

    assert held(bench.context, ana.id)[site.id].memory_mb == 256
    wait_until(lambda: bench.context.deployments.load(again.id).status.is_final)
    assert bench.context.sites.get(site.id).live_deployment_id == again.id


def test_a_smaller_quota_stops_nobody_from_deploying_what_runs_already(bench: Bench) -> None:
    ana = bench.account("ana", max_memory_mb=512, max_cpu_cores=1.0)
    site = live(bench, ana, "one")
    bench.identity.change_account("ana", max_memory_mb=64)

    restart_site(bench.context, site, "ana")

    wait_until(lambda: not bench.context.deployments.unfinished())
    assert refusal(bench, ana, "two").code == "memory_full"


@pytest.mark.parametrize("state", [{"asleep": True}, {"halted": "it ended again and again"}, {"stopped": True}])
def test_what_does_not_run_leaves_its_room_to_others_and_has_to_fit_when_it_comes_back(
        bench: Bench, state: dict[str, object]) -> None:
    ana = bench.account("ana", max_memory_mb=256, max_cpu_cores=0.25)
    first = live(bench, ana, "one")
    bench.context.sites.change(first.id, **state)

    live(bench, ana, "two")

    with pytest.raises(TooMany) as caught, admitted(bench.context, bench.context.sites.get(first.id)):
        raise AssertionError("it was let in")
    assert caught.value.code == "memory_full"


def test_a_stopped_site_starts_again_when_another_one_stops(bench: Bench) -> None:
    ana = bench.account("ana", max_memory_mb=256, max_cpu_cores=0.25)
    first = live(bench, ana, "one")
    stop_site(bench.context, first)
    second = live(bench, ana, "two")
    with pytest.raises(TooMany):
        start_site(bench.context, bench.context.sites.get(first.id), "ana")

    stop_site(bench.context, second)
    start_site(bench.context, bench.context.sites.get(first.id), "ana")

    wait_until(lambda: bench.context.sites.get(first.id).stopped is False)


def test_two_at_once_do_not_share_the_last_room(bench: Bench) -> None:
    ana = bench.account("ana", max_sites=8, max_memory_mb=600, max_cpu_cores=4.0)
    sites = [bench.site(ana, f"site-{number}") for number in range(8)]
    releases = [bench.release(ana, site, "one", node=True) for site in sites]

    def deploy(number: int) -> str:
        try:
            request_deployment(bench.context, sites[number], releases[number], "ana")
        except TooMany as error:
            return error.code
        return "admitted"

    with ThreadPoolExecutor(8) as pool:
        found = sorted(pool.map(deploy, range(8)))

    assert found == ["admitted"] * 2 + ["memory_full"] * 6


def test_another_accounts_sites_do_not_count(bench: Bench) -> None:
    ana, bob = (bench.account(name, max_memory_mb=256, max_cpu_cores=0.25) for name in ("ana", "bob"))
    live(bench, ana, "one")
    live(bench, bob, "two")


def test_a_deployment_that_waits_holds_its_room_after_a_restart(bench: Bench) -> None:
    ana = bench.account("ana", max_memory_mb=256, max_cpu_cores=0.25)
    site = bench.site(ana, "one")
    release = bench.release(ana, site, "one", node=True)
    bench.context.deployments.open(release, "deploy", "ana", bench.clock.now(), most=20)

    bench.again()

    assert refusal(bench, ana, "two").code == "memory_full"


def test_more_than_the_machine_has_is_refused_whatever_the_quota_says(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", memory_budget_mb=280)
    try:
        ana = bench.account("ana", max_memory_mb=4096, max_cpu_cores=4.0)
        live(bench, ana, "one")  # the fake uses 16 MB
        live(bench, ana, "two")

        error = refusal(bench, ana, "three")

        assert isinstance(error, Unavailable) and error.code == "server_full"
        assert error.message == "The server's memory is in use: this needs 256 MB and 248 MB are left of 280 MB."
    finally:
        bench.close()


def test_an_account_has_so_many_previews_at_once(bench: Bench) -> None:
    ana = bench.account("ana", max_sites=5)
    sites = [bench.site(ana, f"site-{number}") for number in range(4)]
    for site in sites:
        (bench.settings.home / "homes" / "ana" / site.name).mkdir(parents=True)
    for site in sites[:3]:
        start_preview(bench.context, site)

    with pytest.raises(TooMany) as caught:
        start_preview(bench.context, sites[3])

    assert caught.value.message == "You have 3 of 3 previews open." and "site-" in caught.value.hint
    start_preview(bench.context, sites[0])  # it has one already
