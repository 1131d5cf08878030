"""A site that sleeps, or is about to, while its owner does something with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialup_ext.actions.deploy import run
from dialup_ext.actions.reconcile import reconcile
from dialup_ext.actions.retire import retire_old_instances, site_key
from dialup_ext.actions.serve import lead_to_gate
from dialup_ext.actions.sleep import put_to_sleep
from dialup_ext.domain.deployment import Deployment, Status
from dialup_ext.domain.instance import Instance, InstanceSpec
from dialup_ext.domain.ports import GATE
from dialup_ext.domain.site import Site
from dialup_ext.errors import Unavailable
from dialup_ext.testing.driver import FakeDriver
from dialup_ext.testing.hub import Bench
from dialup_ext.testing.installation import wait_until


def opened(bench: Bench, site: Site, words: str, action: str = "deploy") -> Deployment:
    owner = bench.identity.find_account("ana")
    assert owner is not None
    release = bench.release(owner, site, words, node=True)
    return bench.context.deployments.open(release, action, "ana", bench.clock.now(), most=20)


@pytest.fixture
def site(bench: Bench) -> Site:
    """It runs, and may sleep."""
    site = bench.site(bench.account())
    assert run(bench.context, opened(bench, site, "one").id).status is Status.LIVE
    bench.context.sites.change(site.id, sleep_after=60)
    return bench.context.sites.get(site.id)


def leads_to(bench: Bench, site: Site) -> str | None:
    target = bench.ingress.target(site.host(bench.settings.domain))
    return target.upstream if target else None


def test_visitors_get_what_was_live_while_a_new_release_of_a_sleeping_site_is_built(bench: Bench, site: Site) -> None:
    assert put_to_sleep(bench.context, site.id) and leads_to(bench, site) == GATE
    seen = []

    class Building:
        def build(self, *_: object) -> None:
            seen.append(leads_to(bench, site))

        def sweep(self, _: object) -> int:
            return 0

    context = replace(bench.context, layers=Building())
    deployment = run(context, opened(bench, site, "two").id)

    old = bench.driver.inspect(site_key(site, site.live_deployment_id or ""))
    assert deployment.status is Status.LIVE
    assert old is not None and seen == [old.address]


def test_one_that_cannot_wake_is_deployed_all_the_same(bench: Bench, site: Site,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    assert put_to_sleep(bench.context, site.id)
    to_be = opened(bench, site, "two")
    driver = bench.driver
    assert isinstance(driver, FakeDriver)
    start = driver.start

    def not_the_old(spec: InstanceSpec) -> Instance:
        if spec.key == site_key(site, site.live_deployment_id or ""):
            raise Unavailable("It cannot be started.", code="cannot_start")
        return start(spec)

    monkeypatch.setattr(driver, "start", not_the_old)

    assert run(bench.context, to_be.id).status is Status.LIVE
    assert bench.context.sites.get(site.id).asleep is False


def test_who_waits_at_the_gate_wins_against_sleep_and_finds_the_same_program(bench: Bench, site: Site) -> None:
    before, calls = leads_to(bench, site), list(bench.driver.calls)  # type: ignore[attr-defined]
    bench.context.waiting[site.id] = 1

    assert put_to_sleep(bench.context, site.id) is False

    assert leads_to(bench, site) == before
    assert bench.driver.calls == calls  # type: ignore[attr-defined]


def test_one_whose_host_leads_to_no_program_is_left_to_the_rounds(bench: Bench, site: Site) -> None:
    lead_to_gate(bench.context, site, "failed")

    assert put_to_sleep(bench.context, site.id) is False
    assert bench.context.sites.get(site.id).asleep is False


def test_what_a_crash_left_running_of_it_is_stopped_and_never_while_it_wakes(bench: Bench, site: Site) -> None:
    key = site_key(site, site.live_deployment_id or "")
    bench.context.sites.change(site.id, asleep=True)  # as a hub that died at S2 leaves it
    lead_to_gate(bench.context, site, "asleep")

    retire_old_instances(bench.context, site.id)
    assert bench.driver.inspect(key) is not None  # a visitor may be waking it

    reconcile(bench.context)
    wait_until(lambda: bench.driver.inspect(key) is None)
    assert leads_to(bench, site) == GATE and bench.context.sites.get(site.id).asleep
