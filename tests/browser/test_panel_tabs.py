"""Where the panel's tabs go, how they fit, what they say, and which of them a reload brings back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.fake_hub import FakeHub, deployment
from tests.browser.shots import shoot
from tests.browser.steps import columns, command, open_panel, wait_for_lab

pytestmark = pytest.mark.browser

OOPS = """<!doctype html><script src="/page/live.js?v=1"></script><h1>draft</h1>
<script>console.error('first'); setTimeout(() => { throw new Error('second <b>') })</script>"""
OVERFLOWING = """node => {
    const edge = node.getBoundingClientRect().right;
    return [...node.querySelectorAll('.dialup-Deploy *:not(.dialup-hidden)')]
        .filter(each => each.getBoundingClientRect().right > edge + 0.5).map(each => each.outerHTML.slice(0, 80))
}"""
OVERLAPPING = """node => {
    const boxes = [...node.querySelectorAll('.dialup-Step-word')].map(each => each.getBoundingClientRect());
    return boxes.filter((a, i) => boxes.some((b, j) => i < j && a.left < b.right + 2 && b.left < a.right + 2
                                                     && a.top < b.bottom && b.top < a.bottom)).length
}"""


def test_previews_share_one_column_and_everything_else_stays_out_of_it(page: Page, hub: FakeHub) -> None:
    new_site(page, "garden", "static")
    expect(page.get_by_test_id("dialup-preview-garden")).to_be_visible()
    new_site(page, "wall", "node")
    expect(page.get_by_test_id("dialup-preview-wall")).to_be_visible()
    expect(page.get_by_role("tabpanel", name="server.js")).to_be_visible()
    assert columns(page) == [["index.html", "server.js"], ["Preview: garden", "Preview: wall"]]

    page.get_by_role("tab", name="Preview: garden").click()
    page.get_by_test_id("dialup-next-blog").click()
    expect(page.get_by_test_id("dialup-deploy-blog")).to_be_visible()
    page.get_by_role("tab", name="Preview: wall").click()
    command(page, "docmanager:open", path="wall/public/index.html")
    command(page, "dialup:dashboard", name="resources")
    expect(page.locator("iframe[title='My Resources']")).to_be_visible()

    left, right = columns(page)
    assert right == ["Preview: garden", "Preview: wall"]
    assert sorted(left) == ["Deploy: blog", "My Resources", "index.html", "index.html", "server.js"]
    expect(page.get_by_test_id("dialup-preview-wall")).to_be_visible()
    shoot(page, "columns")


def test_the_first_document_beside_a_lone_preview_gets_a_column_of_its_own(page: Page) -> None:
    open_panel(page)
    command(page, "application:close-all")
    page.get_by_test_id("dialup-next-draft").click()
    expect(page.get_by_test_id("dialup-preview-draft")).to_be_visible()

    page.get_by_test_id("dialup-next-blog").click()
    expect(page.get_by_test_id("dialup-deploy-blog")).to_be_visible()

    left, right = columns(page)
    assert "Deploy: blog" in left
    assert right == ["Preview: draft"]


def test_a_new_node_site_opens_its_program(page: Page) -> None:
    new_site(page, "chat", "node")

    expect(page.get_by_role("tabpanel", name="server.js")).to_be_visible()


@pytest.mark.parametrize("width", [200, 280, 360, 480, 640])
def test_a_deployment_fits_a_narrow_tab(page: Page, hub: FakeHub, width: int) -> None:
    name = "a-site-with-quite-a-long-name"
    address = f"http://{name}.dialup.example.org:8080"
    live = deployment(name, 14, "live", "live", duration_seconds=61.2)
    hub.add({**hub.sites["atlas"], "id": "long", "name": name, "address": address, "deployment": live})
    open_panel(page)
    command(page, "dialup:show-deployment", site=name)
    tab = page.locator(".dialup-DeployTab")
    expect(page.get_by_test_id("dialup-success")).to_be_visible()

    tab.evaluate("(node, width) => node.style.width = `${width}px`", width)

    assert tab.evaluate(OVERFLOWING) == []
    assert tab.evaluate(OVERLAPPING) == 0
    shoot(page, f"narrow-{width}", themes=("Light",))


def test_errors_of_the_page_shown_are_counted_and_only_its_own(page: Page, hub: FakeHub) -> None:
    hub.pages["draft"] = OOPS
    open_panel(page)
    page.get_by_test_id("dialup-next-draft").click()
    badge = page.get_by_test_id("dialup-errors-draft")
    expect(badge).to_have_text("2 errors")
    expect(badge).to_have_attribute("title", "Uncaught Error: second <b>")

    forged = {"source": "dialup-preview", "type": "error", "errors": 7, "message": "forged"}
    page.evaluate("forged => new Promise(done => { addEventListener('message', done); postMessage(forged, '*') })", forged)
    expect(badge).to_have_text("2 errors")
    badge.click()
    expect(page.get_by_role("dialog")).to_contain_text(re.compile("first.*second <b>", re.DOTALL))
    shoot(page, "errors")
    page.get_by_role("button", name="Close", exact=True).click()

    del hub.pages["draft"]
    page.get_by_role("button", name="Load again").click()
    expect(badge).to_have_count(0)


def test_previews_that_run_are_listed_under_running_and_stopped_there(page: Page, hub: FakeHub) -> None:
    open_panel(page)
    command(page, "running:show-panel")
    running = page.locator("#jp-running-sessions")
    item = running.get_by_role("treeitem", name="blog", exact=True)
    expect(item).to_be_visible()
    shoot(page, "running")

    item.hover()
    item.locator(".jp-RunningSessions-itemShutdown").click()

    expect(item).to_have_count(0)
    assert "DELETE /dialup/api/v1/sites/blog/preview" in hub.asked


def test_a_notice_comes_only_when_the_deployment_is_out_of_view(page: Page, hub: FakeHub) -> None:
    open_panel(page)
    page.get_by_test_id("dialup-next-blog").click()
    finish(hub, "blog", 4, "live")
    expect(page.get_by_test_id("dialup-success")).to_be_visible()
    finish(hub, "chess", 2, "failed")

    expect(page.get_by_text("chess: release 2 did not go live.")).to_be_visible()
    expect(page.get_by_text("blog: release 4 is live.")).to_have_count(0)
    finish(hub, "atlas", 13, "live")
    expect(page.get_by_text("atlas: release 13 is live.")).to_be_visible()
    expect(page.get_by_text("atlas: release 13 is live.")).to_have_count(0, timeout=15_000)
    expect(page.get_by_text("chess: release 2 did not go live.")).to_be_visible()
    finish(hub, "chess", 3, "live")
    expect(page.get_by_text("chess: release 2 did not go live.")).to_have_count(0)


def test_a_reload_brings_tabs_back_and_none_of_a_site_that_is_gone(page: Page, hub: FakeHub) -> None:
    open_panel(page)
    for name in ("draft", "atlas"):
        page.get_by_test_id(f"dialup-next-{name}").click()
        expect(page.get_by_test_id(f"dialup-preview-{name}")).to_be_visible()
    command(page, "dialup:logs", site="chess")
    with page.expect_response(lambda answer: "/api/workspaces/" in answer.url and answer.request.method == "PUT"):
        command(page, "dialup:show-deployment", site="atlas")
    before = [["Logs: chess", "Deploy: atlas"], ["Preview: draft", "Preview: atlas"]]
    assert columns(page) == before

    hub.asked.clear()
    page.goto("/lab/workspaces/auto-1")
    wait_for_lab(page)
    expect(page.get_by_test_id("dialup-preview-atlas")).to_be_visible()
    expect(page.get_by_test_id("dialup-success")).to_contain_text("Release 12 is live")
    assert columns(page) == before
    assert "POST /dialup/api/v1/sites/draft/preview" not in hub.asked, "woke a preview nobody looks at"

    del hub.sites["draft"]
    page.goto("/lab/workspaces/auto-1")
    wait_for_lab(page)
    expect(page.get_by_test_id("dialup-preview-atlas")).to_be_visible()
    expect(page.get_by_role("tab", name="Preview: draft")).to_have_count(0)
    assert columns(page) == [before[0], ["Preview: atlas"]]


def new_site(page: Page, name: str, template: str) -> None:
    if not page.get_by_test_id("dialup-panel").is_visible():
        open_panel(page)
    page.get_by_test_id("dialup-new-site").click()
    page.get_by_test_id(f"dialup-template-{template}").click()
    page.get_by_test_id("dialup-name").press_sequentially(name)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_test_id(f"dialup-preview-{name}")).to_be_visible()


def finish(hub: FakeHub, name: str, number: int, status: str) -> None:
    """A deployment that begins and ends, as every listener hears of it."""
    begun = deployment(name, number, "building", "build")
    failure = {"code": "build_failed", "message": "The build stopped.", "step": "build", "hint": "", "log_tail": []}
    ended = {**begun, "status": status, "step": "live" if status == "live" else "build", "still_live": 1,
             "failure": failure if status == "failed" else None}
    for one in (begun, ended):
        hub.say(f"deploy/{name}", "deployment", one)
        hub.say("events", "deployment", one)
    hub.say(f"deployments/{begun['id']}", "done", ended)
