"""Sites with a data folder: never two programs at a time, and the old one is back when the new one is not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dialup_ext.actions.deploy import cancel, run
from dialup_ext.actions.reconcile import reconcile
from dialup_ext.actions.retire import site_key
from dialup_ext.actions.serve import serve_site
from dialup_ext.actions.sites import remove_site
from dialup_ext.domain.account import Account
from dialup_ext.domain.deployment import Deployment, Status
from dialup_ext.domain.instance import InstanceSpec
from dialup_ext.domain.ports import GATE, Target
from dialup_ext.domain.site import Site
from dialup_ext.errors import Unavailable
from dialup_ext.testing.driver import FakeDriver, NeverHealthyDriver
from dialup_ext.testing.hub import Bench
from dialup_ext.testing.installation import wait_until


class Diary:
    """A site that keeps data on a bench of its own, and its deployments."""

    def __init__(self, home: Path, driver: FakeDriver | None = None, **settings: Any) -> None:
        self.bench = Bench(home, driver=driver or FakeDriver(answers=True), **settings)
        self.owner: Account = self.bench.account()
        self.site: Site = self.bench.site(self.owner)
        self.bench.context.sites.change(self.site.id, volume=True)

    @property
    def driver(self) -> FakeDriver:
        assert isinstance(self.bench.driver, FakeDriver)
        return self.bench.driver

    @property
    def target(self) -> Target | None:
        return self.bench.ingress.target(self.site.host(self.bench.settings.domain))

    def open(self, words: str) -> Deployment:
        release = self.bench.release(self.owner, self.site, words, node=True)
        return self.bench.context.deployments.open(release, "deploy", "ana", self.bench.clock.now(), most=20)

    def deploy(self, words: str) -> Deployment:
        return run(self.bench.context, self.open(words).id)

    def key(self, deployment: Deployment) -> str:
        return site_key(self.site, deployment.id)

    def leads_to(self, deployment: Deployment) -> bool:
        return self.target is not None and self.target.name.startswith(deployment.id) and self.target.once


@pytest.fixture
def diary(tmp_path: Path) -> Callable[..., Diary]:
    return lambda driver=None, **settings: Diary(tmp_path / "home", driver, **settings)


def visitor(diary: Diary) -> socket.socket:
    """Somebody who is inside, and stays."""
    assert diary.target is not None and diary.target.upstream is not None
    host, _, port = diary.target.upstream.rpartition(":")
    return socket.create_connection((host, int(port)))


def test_the_old_program_ends_before_the_new_one_begins_and_visitors_are_held_in_between(
        diary: Callable[..., Diary]) -> None:
    it = diary()
    old = it.deploy("one")
    it.driver.calls.clear()
    it.bench.ingress.changes.clear()

    new = it.deploy("two")

    assert it.driver.calls == [("stop", it.key(old)), ("start", it.key(new))]
    assert [target and target.upstream for _host, target in it.bench.ingress.changes] == [
        GATE, new.status is Status.LIVE and it.target and it.target.upstream]
    assert it.bench.ingress.changes[0][1] == Target(f"hold-{it.site.id}", upstream=GATE)
    assert it.leads_to(new)


def test_a_program_is_not_ended_while_somebody_is_inside(diary: Callable[..., Diary]) -> None:
    it = diary(drain_seconds=60)
    old = it.deploy("one")
    opened = it.open("two")
    with closing(visitor(it)):
        thread = threading.Thread(target=run, args=(it.bench.context, opened.id))
        thread.start()
        wait_until(lambda: it.target and it.target.upstream == GATE)
        assert it.driver.inspect(it.key(old)) is not None
    thread.join()

    assert it.leads_to(opened) and it.driver.inspect(it.key(old)) is None


def test_a_stream_without_end_is_cut_at_the_bound(diary: Callable[..., Diary]) -> None:
    it = diary(drain_seconds=0.2)
    it.deploy("one")
    with closing(visitor(it)):
        assert it.leads_to(it.deploy("two"))


def test_a_deployment_that_is_cancelled_while_visitors_wait_gives_them_back_to_the_old_program(
        diary: Callable[..., Diary]) -> None:
    it = diary(drain_seconds=60)
    old = it.deploy("one")
    opened = it.open("two")
    with closing(visitor(it)):
        thread = threading.Thread(target=run, args=(it.bench.context, opened.id))
        thread.start()
        wait_until(lambda: it.target and it.target.upstream == GATE)
        cancel(it.bench.context, opened)
        thread.join()

    assert it.bench.context.deployments.load(opened.id).status is Status.CANCELLED
    assert it.leads_to(old) and [one.key for one in it.driver.list()] == [it.key(old)]
    assert ("stop", it.key(old)) not in it.driver.calls


def test_when_the_new_program_never_answers_the_old_one_is_started_again(diary: Callable[..., Diary]) -> None:
    ill: set[str] = set()

    def is_ill(spec: InstanceSpec) -> bool:
        return spec.key in ill

    it = diary(NeverHealthyDriver(answers=True, only=is_ill), health_timeout=0.5)
    old = it.deploy("one")
    opened = it.open("two")
    ill.add(it.key(opened))

    assert run(it.bench.context, opened.id).status is Status.FAILED

    assert it.leads_to(old) and [one.key for one in it.driver.list()] == [it.key(old)]
    since = it.driver.calls[it.driver.calls.index(("start", it.key(opened))):]
    assert since.index(("stop", it.key(opened))) < since.index(("start", it.key(old)))


def test_when_nothing_can_be_started_any_more_the_address_says_so_and_the_rounds_bring_it_back(
        diary: Callable[..., Diary]) -> None:
    class Leaving(FakeDriver):
        leaves = False

        def stop(self, key: str, grace: float = 10.0) -> None:
            super().stop(key, grace)
            self.missing = Unavailable("The engine does not answer.", code="docker_down") if self.leaves else None

    driver = Leaving(answers=True)
    it = diary(driver)
    old = it.deploy("one")
    driver.leaves = True

    assert it.deploy("two").status is Status.FAILED
    assert it.target == Target(f"failed-{it.site.id}", upstream=GATE)
    driver.leaves, driver.missing = False, None

    reconcile(it.bench.context)
    wait_until(lambda: it.leads_to(old))


def test_a_first_program_that_never_answers_leaves_the_address_as_new(diary: Callable[..., Diary]) -> None:
    it = diary(NeverHealthyDriver(answers=True), health_timeout=0.3)

    assert it.deploy("one").status is Status.FAILED

    assert it.target == Target(f"new-{it.site.id}", upstream=GATE)
    assert it.driver.list() == []


def test_whoever_brings_a_site_back_ends_what_else_runs_of_it_first(diary: Callable[..., Diary]) -> None:
    it = diary()
    old = it.deploy("one")
    context = it.bench.context
    spec = context.specs.site(context.sites.get(it.site.id), it.open("two"),
                              context.releases.load(old.release_id), it.bench.settings.home)
    it.driver.start(spec)  # a hub died here
    it.driver.ends(it.key(old))
    it.driver.calls.clear()

    serve_site(context, it.site.id)

    assert it.driver.calls == [("stop", spec.key), ("stop", it.key(old)), ("start", it.key(old))]
    assert it.leads_to(old)


def test_what_it_starts_from_names_its_folder_and_goes_with_the_site(diary: Callable[..., Diary]) -> None:
    it = diary()
    live = it.deploy("one")
    folder = it.driver.machine.running[it.key(live)].spec.data
    assert folder == it.bench.settings.home / "volumes" / "ana" / it.site.id
    (folder / "deep").mkdir(parents=True)
    (folder / "deep/row").write_text("kept")

    it.deploy("two")
    assert (folder / "deep/row").read_text() == "kept"

    remove_site(it.bench.context, it.bench.context.sites.get(it.site.id))
    assert list(folder.parent.iterdir()) == []
