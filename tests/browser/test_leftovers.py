"""What newcomers stumbled over in the panel: unsaved tabs, a failed row, what a rollback did, a missing folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from dialup_ext.testing.installation import wait_until
from tests.browser.fake_hub import FakeHub, deployment
from tests.browser.shots import shoot
from tests.browser.steps import command, open_panel, wait_for_lab

pytestmark = pytest.mark.browser

FAILED = {"code": "exited", "message": "The program ended with exit code 1.", "hint": "Mend that and deploy again.",
          "step": "check", "log_tail": ["TypeError: x is not a function"]}


def edit(page: Page, path: str, words: str) -> None:
    """Open a file in the editor and type, as a person does; nothing is saved."""
    command(page, "docmanager:open", path=path, factory="Editor")
    editor = page.get_by_role("tabpanel", name=Path(path).name).locator(".cm-content")
    editor.click()
    page.keyboard.press("Control+Home")
    page.keyboard.insert_text(words)


def sent(hub: FakeHub) -> bool:
    return "POST /dialup/lab/v1/deploy" in hub.asked


def test_deploy_saves_the_sites_open_tabs_first_and_names_them(page: Page, hub: FakeHub) -> None:
    for name in ("draft", "atlas"):
        (hub.root / name / "css").mkdir(parents=True, exist_ok=True)
        (hub.root / name / "index.html").write_text("<h1>old</h1>\n")
        (hub.root / name / "css" / "style.css").write_text("body {}\n")
    open_panel(page)
    edit(page, "draft/index.html", "NEW ")
    edit(page, "draft/css/style.css", "NEW ")
    edit(page, "atlas/index.html", "OTHER ")

    command(page, "dialup:deploy", site="draft")

    expect(page.get_by_test_id("dialup-saved")).to_contain_text("css/style.css, index.html")
    assert (hub.root / "draft/index.html").read_text() == "NEW <h1>old</h1>\n"
    assert (hub.root / "draft/css/style.css").read_text().startswith("NEW ")
    assert (hub.root / "atlas/index.html").read_text() == "<h1>old</h1>\n", "another site's tab is not ours to save"
    wait_until(lambda: sent(hub))
    shoot(page, "saved-first")


def test_a_save_that_is_under_way_is_waited_for_and_not_repeated(page: Page, hub: FakeHub) -> None:
    (hub.root / "draft").mkdir(exist_ok=True)
    (hub.root / "draft/slow.html").write_text("old\n")
    open_panel(page)
    edit(page, "draft/slow.html", "NEW ")
    held: list[Route] = []
    page.route("**/api/contents/draft/slow.html**",
               lambda route: held.append(route) if route.request.method == "PUT" else route.continue_())

    with page.expect_request(lambda request: request.method == "PUT"):
        page.keyboard.press("Control+s")
    page.evaluate("void jupyterapp.commands.execute('dialup:deploy', {site: 'draft'})")
    assert not sent(hub)
    held[0].continue_()

    expect(page.get_by_test_id("dialup-saved")).to_contain_text("slow.html")
    expect(page.locator(".jp-Dialog")).to_have_count(0)
    assert len(held) == 1, "one save, ours waited for it"
    assert (hub.root / "draft/slow.html").read_text() == "NEW old\n"


def test_what_cannot_be_saved_is_not_deployed_behind_ones_back(page: Page, hub: FakeHub) -> None:
    (hub.root / "draft").mkdir(exist_ok=True)
    (hub.root / "draft/locked.html").write_text("old\n")
    open_panel(page)
    edit(page, "draft/locked.html", "NEW ")
    page.route("**/api/contents/draft/locked.html**",
               lambda route: route.fulfill(status=500, body='{"message": "the disk is full"}')
               if route.request.method == "PUT" else route.continue_())

    page.evaluate("void jupyterapp.commands.execute('dialup:deploy', {site: 'draft'})")

    expect(page.get_by_text("locked.html could not be saved, so nothing was deployed.").first).to_be_visible()
    assert not sent(hub)


def test_after_a_failure_the_row_offers_to_deploy_again(page: Page, hub: FakeHub) -> None:
    hub.sites["atlas"] |= {"deployment": deployment("atlas", 13, "failed", "check", failure=FAILED, still_live=12)}
    open_panel(page)
    page.set_viewport_size({"width": 900, "height": 700})
    row = page.get_by_test_id("dialup-site-atlas")
    expect(row.get_by_role("button", name="See why it failed")).to_be_visible()
    shoot(page, "failed-row")

    row.get_by_role("button", name="Deploy atlas").click()

    expect(page.get_by_test_id("dialup-deploy-atlas")).to_be_visible()
    wait_until(lambda: sent(hub))


def test_a_rollback_says_from_which_release_to_which(page: Page, hub: FakeHub) -> None:
    open_panel(page)
    command(page, "dialup:roll-back", site="atlas")
    live = deployment("atlas", 11, "live", "live", action="rollback", came_from=12)

    hub.say("deployments/d-atlas-11-rollback", "done", live)
    hub.say("events", "deployment", live)
    command(page, "dialup:show-deployment", site="atlas")

    tab = page.get_by_test_id("dialup-deploy-atlas")
    expect(tab.get_by_role("heading")).to_have_text("atlas: rolled back from release 12 to release 11")
    expect(tab).to_contain_text("Release 11 is live again")
    shoot(page, "rolled-back")


def test_the_portals_edit_opens_the_folder_and_makes_one_where_there_is_none(page: Page, hub: FakeHub) -> None:
    hub.sites["chess"] |= {"template": None}
    page.goto("/lab/workspaces/edit?reset&site=chess")
    wait_for_lab(page)

    expect(page.locator(".jp-DirListing-item", has_text="index.html")).to_be_visible()
    assert "POST /dialup/lab/v1/workspaces" in hub.asked
    assert (hub.root / "chess" / "index.html").exists()
