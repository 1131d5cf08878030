"""What is shown: the right things, and at a price that does not grow with their number."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import event

from dialup_ext.actions.deploy import run
from dialup_ext.actions.sites import rollback
from dialup_ext.domain.account import Account
from dialup_ext.domain.deployment import Failure, Status
from dialup_ext.domain.site import Site
from dialup_ext.quotas import Quotas
from dialup_ext.testing.hub import Bench
from dialup_ext.testing.installation import wait_until
from dialup_ext.views import Views

FAILURE = Failure("exited", "The program ended.", "Look at its log.", "check")


@pytest.fixture
def views(bench: Bench) -> Views:
    hub = SimpleNamespace(context=bench.context, identity=bench.identity, store=bench.store)
    hub.quotas = Quotas(cast(Any, hub))
    return Views(cast(Any, hub))


@contextmanager
def statements(bench: Bench) -> Iterator[list[str]]:
    """The queries made inside, by this thread: deployments still clear up in others."""
    seen, mine = list[str](), threading.get_ident()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if threading.get_ident() == mine:
            seen.append(statement)

    event.listen(bench.store._engine, "before_cursor_execute", note)
    yield seen
    event.remove(bench.store._engine, "before_cursor_execute", note)


def deploy(bench: Bench, owner: Account, site: Site, words: str, *, fails: bool = False) -> None:
    release = bench.release(owner, site, words)
    opened = bench.context.deployments.open(release, "deploy", owner.name, bench.clock.now(), most=20)
    if fails:
        bench.context.deployments.move(opened.id, Status.FAILED, bench.clock.now(), failure=FAILURE)
    else:
        assert run(bench.context, opened.id).status is Status.LIVE


def busy_site(bench: Bench, owner: Account, name: str) -> Site:
    """Live, with a failed deployment after it and a preview: everything a list can show."""
    site = bench.site(owner, name)
    deploy(bench, owner, site, "one")
    deploy(bench, owner, site, "two", fails=True)
    bench.context.editing.open(owner.id, "preview", site.id, key=f"preview-{name}", secret=None,
                               at=bench.clock.now())
    return bench.context.sites.get(site.id)


def test_twelve_sites_cost_as_many_queries_as_one(bench: Bench, views: Views) -> None:
    ana = bench.account("ana", max_sites=20)
    found = [busy_site(bench, ana, f"site{number}") for number in range(12)]

    with statements(bench) as for_one:
        views.sites(found[:1])
    with statements(bench) as for_all:
        shown = views.sites(found)

    assert len(shown) == 12 and len(for_all) == len(for_one)
    assert sum("SELECT" in one for one in for_all) <= 4


def test_a_list_shows_what_is_live_what_failed_and_the_preview(bench: Bench, views: Views) -> None:
    ana = bench.account()
    busy, new = busy_site(bench, ana, "blog"), bench.site(ana, "shop")

    one, two = views.sites([busy, new])

    assert (one.live_release and one.live_release.number, one.last_deployed_by) == (1, "ana")
    assert one.deployment and (one.deployment.status, one.deployment.still_live) == ("failed", 1)
    assert one.preview and one.preview.state == "starting"
    assert (two.live_release, two.deployment, two.last_deployed_by) == (None, None, None)
    assert two.preview and two.preview.state == "stopped"
    assert views.site(busy) == one


def test_a_page_of_failed_deployments_asks_once_what_is_live(bench: Bench, views: Views) -> None:
    ana = bench.account()
    site = bench.site(ana)
    deploy(bench, ana, site, "one")
    for number in range(5):
        deploy(bench, ana, site, f"bad {number}", fails=True)
    found = bench.context.deployments.list(site.id)

    with statements(bench) as asked:
        shown = views.deployments(found, site.name)

    assert [view.still_live for view in shown] == [1] * 5 + [None]
    assert sum("SELECT" in one for one in asked) == 1


def test_a_page_of_rollbacks_asks_once_where_they_came_from(bench: Bench, views: Views) -> None:
    ana = bench.account()
    site = bench.site(ana)
    for words in ("one", "two", "three"):
        deploy(bench, ana, site, words)
    for number in (1, 3, 2):
        run(bench.context, rollback(bench.context, site, "ana", number).id)
        wait_until(lambda: not bench.context.deployments.unfinished())
    found = bench.context.deployments.list(site.id)

    with statements(bench) as asked:
        shown = views.deployments(found, site.name)

    assert [view.came_from for view in shown] == [3, 1, 3, None, None, None]
    assert sum("SELECT" in one for one in asked) == 1


def test_the_quota_shows_what_refuses_an_upload(bench: Bench, views: Views) -> None:
    ana = bench.account()
    for words in ("one", "two"):
        deploy(bench, ana, bench.site(ana, f"site-{words}"), "the same")
    stray = bench.settings.home / "store" / ana.id / "blobs" / "ab" / "ab"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(os.urandom(3 << 20))  # sent, and part of no release

    shown = views.quota(ana)

    stored = bench.context.uploads.stored.of_account(ana.id)
    assert stored == (3 << 20) + len("<h1>the same</h1>")
    assert shown.storage_mb.used == round(stored / (1 << 20), 1) == 3.0
    assert views.usage(ana).quota == shown
