"""The dashboards' HTML: what is said, and that nothing people typed becomes markup."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dialup_ext.dashboards import look, overview, resources
from dialup_ext.dashboards.board import Board
from dialup_ext.errors import Unavailable

NOW = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
EVIL = '<img src=x onerror="alert(1)">'


def load(name):
    return {**json.loads((Path(__file__).parent / f"{name}.json").read_text()), "portal": "http://admin.dialup.localhost:8080"}


@pytest.fixture
def server():
    return load("overview")


@pytest.fixture
def usage():
    return load("usage")


def test_a_healthy_server_says_so(server):
    server["sites"] = [site for site in server["sites"] if site["status"] != "failed"]
    assert "Everything is working." in overview.Painter().draw(server, NOW)["header"]


def test_one_trouble_is_told_in_full_and_several_are_counted(server):
    server["health"]["checks"]["ingress"] = "Caddy is not running."
    assert "Caddy is not running." in overview.Painter().draw(server, NOW)["header"]
    server["health"]["checks"]["storage"] = "Only 12 MiB of disk are left."
    parts = overview.Painter().draw(server, NOW)
    assert "2 things need a look." in parts["header"]
    assert "Only 12 MiB" in parts["checks"]


def test_failed_sites_come_first_with_their_reason(server):
    sites = overview.Painter().draw(server, NOW)["sites"]
    assert sites.index("radio") < sites.index("shop") < sites.index("guestbook")
    assert "did not answer within 30 s" in sites


def test_small_lines_appear_when_there_is_something_to_see(server):
    painter = overview.Painter()
    assert "db-trail" not in painter.draw(server, NOW)["figures"]
    painter.draw(server, NOW)
    assert "db-trail" in painter.draw(server, NOW)["figures"]


def test_an_empty_server_is_friendly(server):
    server.update(sites=[], accounts=[], instances=[])
    parts = overview.Painter().draw(server, NOW)
    assert "No sites yet" in parts["sites"]
    assert "Nothing is running" in parts["instances"]


def test_near_a_limit_the_card_says_what_helps(usage):
    parts = resources.draw(usage, NOW)
    assert "close to your limit of storage" in parts["header"]
    assert "Remove large files" in parts["figures"]
    usage["quota"]["storage_mb"]["used"] = 1.0
    parts = resources.draw(usage, NOW)
    assert "You have room for more." in parts["header"]
    assert "Remove large files" not in parts["figures"]


def test_nothing_people_typed_becomes_markup(server, usage):
    server["health"]["checks"]["driver"] = EVIL
    for site in server["sites"]:
        site.update(name=EVIL, owner=EVIL, error_message=EVIL, address=f'javascript:alert(1)//{EVIL}')
    for account in server["accounts"]:
        account.update(name=EVIL, lab=EVIL)
    for instance in server["instances"]:
        instance.update(site=EVIL, account=EVIL, kind=EVIL, state=EVIL)
    for site in usage["sites"]:
        site.update(name=EVIL, status=EVIL, kind=EVIL, address=EVIL)
    drawn = "".join([*overview.Painter().draw(server, NOW).values(), *resources.draw(usage, NOW).values()])
    assert "<img" not in drawn.lower()
    assert "javascript:" not in drawn


def test_links_lead_to_the_web_only():
    assert look.link("https://a.example/", "a").startswith('<a href="https://a.example/"')
    assert look.link("javascript:alert(1)", "a") == "a"


class Hub:
    """Answers or refuses, as told."""

    portal = "http://admin.dialup.localhost:8080"

    def __init__(self, answer):
        self.answer = answer

    def get(self, _path):
        if self.answer is None:
            raise Unavailable("The dialup server of this lab is not answering.", hint="Wait a little.")
        return self.answer


def connected_to(hub: Hub) -> Callable[[], Any]:
    return lambda: hub


def run(story):
    """In a thread of its own: a browser of another test may keep a loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, story).result(30)


def test_a_board_keeps_the_last_data_and_says_from_when(usage):
    hub = Hub(usage)
    board = resources.board(connect=connected_to(hub))

    async def story():
        await board.refresh()
        assert "guestbook" in board.html()
        hub.answer = None
        await board.refresh()
        assert "Data from" in board.html()
        assert "guestbook" in board.html()
        hub.answer = usage
        await board.refresh()
        assert "Data from" not in board.html()

    run(story())


def test_a_board_without_any_data_says_why_and_starts_once(usage):
    hub = Hub(None)
    board = Board(resources.PARTS, resources.fetch, resources.draw, connect=connected_to(hub), every=0.01)

    async def story():
        await board.start()
        assert "is not answering" in board.html()
        assert "Data from" not in board.html()
        running = board._task
        await board.start()
        assert board._task is running
        hub.answer = usage
        async with asyncio.timeout(10):
            while "guestbook" not in board.html():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        board.stop()

    run(story())


@pytest.mark.parametrize("name", ["overview", "resources"])
def test_the_notebooks_stay_thin(name):
    notebook = json.loads((Path(__file__).parents[2] / "voila_dashboards" / f"{name}.ipynb").read_text())
    assert len(notebook["cells"]) <= 8
    assert all(not cell.get("outputs") for cell in notebook["cells"])
    assert sum(len("".join(cell["source"]).splitlines()) for cell in notebook["cells"]) <= 12
