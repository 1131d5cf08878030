"""The dashboards as a person sees them: a real lab, real Voila, a real browser."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

DATA = Path(__file__).parents[1] / "dashboards"
SHOTS = os.environ.get("DIALUP_SHOTS")
pytestmark = pytest.mark.browser


@pytest.fixture
def data(hub):
    overview = json.loads((DATA / "overview.json").read_text())
    usage = json.loads((DATA / "usage.json").read_text())
    hub.answers.update({
        ("GET", "/overview"): lambda _body: overview,
        ("GET", "/usage"): lambda _body: usage,
        ("GET", "/me"): {"account": {"name": "ada", "role": "admin"}},
    })
    return {"overview": overview, "usage": usage}


def kernels(lab):
    return {kernel["id"] for kernel in lab.json("GET", "/api/kernels")[1]}


@pytest.mark.parametrize("name", ["overview", "resources"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_dashboard_shows_its_numbers_without_code_or_the_network(name, scheme, page, lab, data):
    page.emulate_media(color_scheme=scheme)
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"/dialup/dashboards/{name}")
    page.get_by_role("heading", level=1).wait_for()
    assert "guestbook" in page.inner_text("body")
    assert page.get_by_text("from dialup_ext").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    for width in (1280, 400):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/dash-{name}-{scheme}-{width}.png", full_page=True)
    elsewhere = [url for url in asked if url.startswith(("http", "ws")) and f"127.0.0.1:{lab.port}" not in url]
    assert elsewhere == []
    assert complaints == []


def test_numbers_refresh_and_keep_their_age_when_the_hub_is_away(page, hub, data):
    page.goto("/dialup/dashboards/overview")
    page.get_by_role("heading", level=1).wait_for()
    data["overview"]["sites"][0]["name"] = "renamed"
    page.get_by_role("link", name="renamed").wait_for(timeout=10_000)
    page.locator(".db-trail").first.wait_for(timeout=15_000)
    if SHOTS:
        page.set_viewport_size({"width": 1280, "height": 1750})
        page.screenshot(path=f"{SHOTS}/dash-overview-tall.png")

    hub.stop()
    away = page.get_by_text("is not answering")
    away.wait_for(timeout=20_000)
    assert "Data from" in away.inner_text()
    assert page.get_by_role("link", name="renamed").count() == 1
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/dash-overview-away.png")
    hub.start()
    away.wait_for(state="detached", timeout=20_000)


def test_a_closed_page_gives_its_kernel_back(chromium, lab, data, edge, wait_until):
    before = kernels(lab)
    context = chromium.new_context(base_url=lab.url, extra_http_headers=edge)
    page = context.new_page()
    page.goto("/dialup/dashboards/resources")
    page.get_by_role("heading", level=1).wait_for()
    mine = kernels(lab) - before
    assert len(mine) == 1
    page.close(run_before_unload=True)
    wait_until(lambda: not (kernels(lab) & mine))
    context.close()


def test_only_an_admin_opens_the_overview(lab, hub, data):
    hub.answers["GET", "/me"] = {"account": {"name": "ada", "role": "user"}}
    before = kernels(lab)
    status, _, page = lab.request("GET", "/dialup/dashboards/overview")
    assert status == 403
    assert "for the admin" in page.decode()
    assert kernels(lab) == before


def test_no_other_notebook_can_be_drawn(lab, data):
    (lab.home / "mine.ipynb").write_text("{}")
    before = kernels(lab)
    for path in ("/dialup/dashboards/mine", "/dialup/dashboards/..%2Fmine", "/dialup/dashboards/overview.ipynb",
                 "/voila/render/mine.ipynb", "/voila/tree", "/voila", "/voila/files/mine.ipynb"):
        assert lab.request("GET", path)[0] == 404, path
    assert kernels(lab) == before


def test_a_template_in_the_address_changes_nothing(lab, data):
    status, _, page = lab.request("GET", "/dialup/dashboards/resources?template=reveal&theme=dark")
    assert status == 200
    assert "reveal" not in page.decode().lower()
    assert "board.start" not in page.decode()
