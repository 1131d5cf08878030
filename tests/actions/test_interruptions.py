"""What two threads, a full disk or a crash between two steps must not do."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from dialup_ext.actions import deployment_log
from dialup_ext.actions.deploy import run
from dialup_ext.actions.preview import start_preview, stop_preview
from dialup_ext.actions.reconcile import reconcile
from dialup_ext.actions.retire import retire_old_instances, site_key
from dialup_ext.actions.sites import stop_site
from dialup_ext.domain.account import Account
from dialup_ext.domain.deployment import Deployment, Status
from dialup_ext.domain.instance import InstanceKind, InstanceSpec, Runtime
from dialup_ext.domain.ports import GATE
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Site
from dialup_ext.errors import Unavailable
from dialup_ext.installation import Bond
from dialup_ext.store.values import StoredValues
from dialup_ext.testing.clock import StoppedClock
from dialup_ext.testing.driver import FakeDriver
from dialup_ext.testing.hub import Bench
from dialup_ext.testing.installation import wait_until


def opened(bench: Bench, release: Release, owner: Account) -> Deployment:
    return bench.context.deployments.open(release, "deploy", owner.name, bench.clock.now(), most=20)


def deployed(bench: Bench, site: Site, words: str, owner: Account, *, node: bool = True) -> Deployment:
    return run(bench.context, opened(bench, bench.release(owner, site, words, node=node), owner).id)


def host(bench: Bench, site: Site) -> str:
    return site.host(bench.settings.domain)


def runs(bench: Bench, site: Site, deployment: Deployment) -> bool:
    return bench.driver.inspect(site_key(site, deployment.id)) is not None


def test_a_log_that_cannot_be_written_stops_no_deployment(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = bench.account()
    site = bench.site(ana)
    monkeypatch.setattr(deployment_log, "log_path", lambda *_: Path("/dev/full"))

    assert deployed(bench, site, "one", ana).status is Status.LIVE
    assert bench.context.deployments.unfinished() == []


def test_when_going_live_cannot_be_written_the_address_leads_back(
        bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = bench.account()
    site = bench.site(ana)
    good = deployed(bench, site, "one", ana)
    records = type(bench.context.deployments)
    move: Callable[..., Deployment] = records.move

    def full(self: Any, deployment_id: str, to: Status, *arguments: Any, **named: Any) -> Deployment:
        if to is Status.LIVE:
            raise Unavailable("The database is not answering; nothing was changed.")
        return move(self, deployment_id, to, *arguments, **named)

    monkeypatch.setattr(records, "move", full)
    bad = deployed(bench, site, "two", ana)

    target = bench.ingress.target(host(bench, site))
    assert bad.status is Status.FAILED
    assert target is not None and target.name.startswith(good.id)
    assert runs(bench, site, good) and not runs(bench, site, bad)


def test_what_nobody_works_on_is_taken_up_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = bench.account()
    site = bench.site(ana)
    left = opened(bench, bench.release(ana, site, "one", node=True), ana)
    records = type(bench.context.deployments)
    broken = OperationalError("x", {}, sqlite3.OperationalError("locked"))
    with monkeypatch.context() as patched:
        patched.setattr(records, "move", lambda *_, **__: (_ for _ in ()).throw(broken))
        with pytest.raises(OperationalError):
            run(bench.context, left.id)

    reconcile(bench.context)

    wait_until(lambda: bench.context.deployments.load(left.id).status is Status.LIVE)


def test_the_old_instance_drains_whatever_else_goes_on(tmp_path: Path) -> None:
    clock = StoppedClock()
    bench = Bench(tmp_path / "home", clock=clock, drain_seconds=60.0)
    ana = bench.account()
    site = bench.site(ana)
    old = deployed(bench, site, "one", ana)
    clock.advance(3600)
    new = deployed(bench, site, "two", ana)

    reconcile(bench.context)
    retire_old_instances(bench.context, site.id)
    assert runs(bench, site, old), "it may still be answering"

    clock.advance(61)
    retire_old_instances(bench.context, site.id)
    assert not runs(bench, site, old) and runs(bench, site, new)
    bench.close()


def test_retiring_while_a_deployment_goes_live_keeps_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = bench.account()
    site = bench.site(ana)
    deployed(bench, site, "one", ana)
    release = bench.release(ana, site, "two", node=True)
    gone_live: list[Deployment] = []
    unfinished = type(bench.context.deployments).unfinished

    def meanwhile(self: Any) -> list[Deployment]:
        if not gone_live:
            gone_live.append(opened(bench, release, ana))
            gone_live[0] = run(bench.context, gone_live[0].id)
        return unfinished(self)

    monkeypatch.setattr(type(bench.context.deployments), "unfinished", meanwhile)
    retire_old_instances(bench.context, site.id)

    assert gone_live[0].status is Status.LIVE and runs(bench, site, gone_live[0])


def test_a_stop_that_was_cut_off_is_finished(bench: Bench) -> None:
    ana = bench.account()
    site = bench.site(ana)
    deployed(bench, site, "one", ana, node=False)
    bench.context.sites.change(site.id, stopped=True)  # … and the hub dies here

    reconcile(bench.context)

    def at_the_gate() -> bool:
        target = bench.ingress.target(host(bench, site))
        return target is not None and target.upstream == GATE

    wait_until(at_the_gate)


def test_a_preview_that_ends_leaves_its_host_leading_nowhere(bench: Bench) -> None:
    ana = bench.account()
    site = bench.site(ana)
    where = site.preview_host(bench.settings.domain)
    (bench.context.workspaces("ana") / site.name).mkdir(parents=True)
    start_preview(bench.context, site)
    wait_until(lambda: bench.ingress.target(where))
    session = bench.context.editing.find(ana.id, "preview", site.id)
    assert session is not None

    bench.context.editing.close(session.id)  # … and the hub dies here
    reconcile(bench.context)
    assert bench.ingress.target(where) is None

    start_preview(bench.context, site)
    wait_until(lambda: bench.ingress.target(where))
    stop_preview(bench.context, site)
    stop_preview(bench.context, site)
    assert bench.ingress.target(where) is None
    assert not [one for one in bench.driver.list() if one.site == site.name and one.key != session.instance_key]


def test_what_nobody_asked_for_is_stopped(tmp_path: Path) -> None:
    clock = StoppedClock()
    driver = FakeDriver(clock=clock)
    bench = Bench(tmp_path / "home", driver=driver, clock=clock)
    for key, kind, site in (("site-ghost-1", InstanceKind.SITE, "ghost"), ("lab-x-1", InstanceKind.LAB, None),
                            ("preview-x-1", InstanceKind.PREVIEW, "x"), ("build-1", InstanceKind.BUILD, None)):
        driver.start(InstanceSpec(key=key, kind=kind, account="x", site=site, runtime=Runtime.NODE,
                                  steps=(("serve",),), directory=tmp_path))

    reconcile(bench.context)
    assert {one.kind for one in driver.list()} == {InstanceKind.LAB, InstanceKind.PREVIEW, InstanceKind.BUILD}, (
        "they are young: their rows may be on their way; that of a site comes first")
    clock.advance(60)
    reconcile(bench.context)

    assert driver.list() == []
    bench.close()


def test_a_site_that_does_not_come_back_says_so_and_is_tried_less_and_less_often(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", health_timeout=0.3)
    ana = bench.account()
    site = bench.site(ana)
    live = deployed(bench, site, "one", ana)
    bench.driver.stop(site_key(site, live.id))
    bench.driver.missing = Unavailable("Node is missing.", code="node_missing")  # type: ignore[attr-defined]

    reconcile(bench.context)
    wait_until(lambda: site.id in bench.context.setbacks)
    wait_until(lambda: bench.ingress.target(host(bench, site)).upstream == GATE)  # type: ignore[union-attr]
    assert bench.context.sites.get(site.id).error_message == "Node is missing."

    bench.driver.missing = None  # type: ignore[attr-defined]

    def round_and_look() -> bool:
        reconcile(bench.context)
        return bench.ingress.target(host(bench, site)).upstream != GATE  # type: ignore[union-attr]

    wait_until(round_and_look)
    assert bench.context.setbacks == {}
    bench.close()


def test_two_threads_run_one_deployment_once(bench: Bench) -> None:
    ana = bench.account()
    site = bench.site(ana)
    left = opened(bench, bench.release(ana, site, "one", node=True), ana)
    threads = [threading.Thread(target=run, args=(bench.context, left.id)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert bench.context.deployments.load(left.id).status is Status.LIVE
    assert [call for call in bench.driver.calls if call[0] == "start"] == [("start", site_key(site, left.id))]  # type: ignore[attr-defined]


def test_a_site_called_like_somebodys_lab_locks_nobody_out(bench: Bench) -> None:
    with bench.context.lock("site", "lab-ana"):
        free = threading.Thread(target=lambda: bench.context.lock("lab", "ana").acquire(timeout=5))
        free.start()
        free.join(2)
    assert not free.is_alive()


class TestBond:
    """The database and the files belong together, or nothing is removed."""

    def test_it_is_made_once_and_holds(self, bench: Bench) -> None:
        assert Bond(bench.settings.home, StoredValues(bench.store)).holds()
        assert Bond(bench.settings.home, StoredValues(bench.store)).holds()

    def test_an_older_database_does_not_hold(self, bench: Bench) -> None:
        values = StoredValues(bench.store)
        bond = Bond(bench.settings.home, values)
        bond.holds()
        backup = values.get("installation")
        bond.raise_generation()
        assert bond.holds()

        values.set("installation", backup)

        assert not Bond(bench.settings.home, values).holds()

    def test_an_empty_database_beside_files_does_not_hold(self, bench: Bench) -> None:
        (bench.settings.home / "sites" / "ana" / "blog").mkdir(parents=True)
        assert not Bond(bench.settings.home, StoredValues(bench.store)).holds()

    @pytest.mark.parametrize("left", ["row", "mark"])
    def test_a_first_start_that_was_cut_off_is_finished(self, bench: Bench, left: str) -> None:
        values = StoredValues(bench.store)
        Bond(bench.settings.home, values).holds()
        if left == "row":
            (bench.settings.home / "data" / "installation").unlink()
        else:
            values.set("installation", None)

        assert Bond(bench.settings.home, values).holds()


def test_stopping_twice_is_the_same_as_once(bench: Bench) -> None:
    ana = bench.account()
    site = bench.site(ana)
    deployed(bench, site, "one", ana)

    for _ in range(2):
        assert stop_site(bench.context, bench.context.sites.get(site.id)).stopped
