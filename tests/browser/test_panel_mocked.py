"""The JupyterLab panel in Chromium, against a hub made of a dictionary (`fake_hub.py`).

With `DIALUP_SHOTS=<folder>` every test leaves pictures of what it saw, in both themes.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.fake_hub import FakeHub, ago, deployment, site
from tests.browser.shots import shoot
from tests.browser.steps import next_steps, open_panel

pytestmark = pytest.mark.browser


def test_the_panel_shows_each_site_with_its_state_address_and_next_step(page: Page) -> None:
    open_panel(page)

    atlas = page.get_by_test_id("dialup-site-atlas")
    expect(atlas).to_contain_text("Live")
    expect(atlas).to_contain_text("2 min ago by you")
    expect(atlas.get_by_role("link", name="atlas.dialup.localhost:8080")).to_be_visible()
    assert next_steps(page) == {"atlas": "Preview", "blog": "Deploy", "chess": "Start", "draft": "Preview"}
    expect(page.get_by_role("meter", name="Sites")).to_have_attribute("aria-valuetext", "4 / 5")
    expect(page.get_by_test_id("dialup-statusbar")).to_have_text("2 sites live")
    shoot(page, "list")


def test_a_new_site_takes_three_clicks_and_opens_its_preview_beside_the_editor(page: Page, hub: FakeHub) -> None:
    open_panel(page)

    page.get_by_test_id("dialup-new-site").click()
    page.get_by_test_id("dialup-template-astro").click()
    page.get_by_test_id("dialup-name").press_sequentially("garden")
    expect(page.get_by_test_id("dialup-name-verdict")).to_contain_text("garden.dialup.localhost:8080")
    expect(page.get_by_role("button", name="Create")).to_be_enabled()
    shoot(page, "new-site")
    page.get_by_role("button", name="Create").click()

    expect(page.frame_locator("[data-testid=dialup-preview-garden]").get_by_role("heading")).to_have_text("garden")
    expect(page.locator(".jp-FileEditor")).to_be_visible()
    expect(page.get_by_test_id("dialup-site-garden")).to_have_attribute("aria-current", "true")
    assert hub.sites["garden"]["template"] == "astro"
    shoot(page, "preview")


def test_a_taken_name_is_said_while_typing_and_cannot_be_created(page: Page) -> None:
    open_panel(page)
    page.get_by_test_id("dialup-new-site").click()

    page.get_by_test_id("dialup-name").press_sequentially("blog")

    expect(page.get_by_test_id("dialup-name-verdict")).to_have_text("“blog” is taken. Try “my-blog”.")
    expect(page.get_by_role("button", name="Create")).to_be_disabled()
    shoot(page, "name-taken")


def test_a_deployment_shows_its_steps_its_log_and_the_address(page: Page, hub: FakeHub) -> None:
    open_panel(page)
    page.get_by_test_id("dialup-next-blog").click()
    expect(page.get_by_test_id("dialup-step-upload")).to_have_attribute("data-state", "now")

    building = deployment("blog", 4, "building", "build", still_live=3)
    hub.say("deploy/blog", "upload", {"sent": 52_000, "total": 52_000, "files": 3})
    hub.say("deploy/blog", "deployment", building)
    hub.say("events", "deployment", building)
    for line in ("added 214 packages", "building pages", "12 pages in 1.8 s"):
        hub.say(f"deployments/{building['id']}", "log", {"line": line})
    expect(page.get_by_test_id("dialup-step-build")).to_have_attribute("data-state", "now")
    expect(page.get_by_test_id("dialup-log")).to_contain_text("12 pages in 1.8 s")
    expect(page.get_by_test_id("dialup-next-blog")).to_contain_text("Show progress")
    shoot(page, "deploying")

    live = {**building, "status": "live", "step": "live", "duration_seconds": 6.2}
    hub.say(f"deployments/{building['id']}", "done", live)
    hub.say("events", "deployment", live)
    expect(page.get_by_test_id("dialup-success")).to_contain_text("blog.dialup.localhost:8080")
    shoot(page, "deployed")


def test_a_deployment_tab_can_be_closed_and_found_again(page: Page, hub: FakeHub) -> None:
    open_panel(page)
    page.get_by_test_id("dialup-next-blog").click()
    building = deployment("blog", 4, "building", "build")
    hub.say("deploy/blog", "deployment", building)
    hub.say(f"deployments/{building['id']}", "log", {"line": "still here"})
    expect(page.get_by_test_id("dialup-log")).to_contain_text("still here")

    page.locator(".lm-TabBar-tab", has_text="Deploy: blog").locator(".lm-TabBar-tabCloseIcon").click()
    expect(page.get_by_test_id("dialup-deploy-blog")).to_have_count(0)
    page.get_by_test_id("dialup-next-blog").click()

    expect(page.get_by_test_id("dialup-log")).to_contain_text("still here")
    assert hub.asked.count("POST /dialup/lab/v1/deploy") == 1


def test_a_failed_deployment_says_why_what_to_do_and_what_still_runs(page: Page, hub: FakeHub) -> None:
    hub.sites["atlas"]["deployment"] = deployment(
        "atlas", 13, "failed", "build", still_live=12,
        failure={"code": "build_failed", "message": "The build stopped: “astro” was not found.", "step": "build",
                 "hint": "Run “npm install astro” in the folder, save package.json, and deploy again.",
                 "log_tail": ["> atlas@1.0.0 build", "> astro build", "sh: 1: astro: not found"]})
    open_panel(page)

    page.get_by_test_id("dialup-next-atlas").click()

    card = page.get_by_test_id("dialup-failure")
    expect(card).to_contain_text("The build stopped")
    expect(card).to_contain_text("npm install astro")
    expect(card).to_contain_text("astro: not found")
    expect(card).to_contain_text("Your site still runs release 12.")
    expect(page.get_by_test_id("dialup-step-build")).to_have_attribute("data-state", "failed")
    shoot(page, "failed")


def test_rolling_back_takes_two_clicks(page: Page, hub: FakeHub) -> None:
    open_panel(page)

    page.get_by_test_id("dialup-menu-atlas").click()
    shoot(page, "menu", themes=("Light",))
    page.get_by_role("menuitem", name="Roll Back to the Release Before").click()

    expect(page.get_by_role("heading", name="Rolling atlas back to release 11")).to_be_visible()
    assert "POST /dialup/api/v1/sites/atlas/rollback" in hub.asked


def test_any_kept_release_can_be_chosen(page: Page, hub: FakeHub) -> None:
    hub.releases = [{"id": f"r{n}", "number": n, "kind": "static", "file_count": n, "size_bytes": n * 10_000,
                     "created_at": ago(days=13 - n), "created_by": "ana"} for n in (12, 11, 10)]
    open_panel(page)
    page.get_by_test_id("dialup-menu-atlas").click()
    page.get_by_role("menuitem", name="Roll Back…").click()
    expect(page.get_by_label("Release 11")).to_be_checked()

    page.get_by_label("Release 10").check()
    shoot(page, "releases")
    page.get_by_role("button", name="Roll back", exact=True).click()

    expect(page.get_by_role("heading", name="Rolling atlas back to release 10")).to_be_visible()


def test_removing_asks_once_and_names_the_site(page: Page, hub: FakeHub) -> None:
    open_panel(page)
    page.get_by_test_id("dialup-menu-draft").click()
    page.get_by_role("menuitem", name="Remove…").click()
    expect(page.get_by_role("dialog")).to_contain_text("Remove draft?")
    shoot(page, "remove")

    page.get_by_role("button", name="Remove draft").click()

    expect(page.get_by_test_id("dialup-site-draft")).to_have_count(0)
    assert "draft" not in hub.sites


def test_a_preview_that_cannot_start_shows_the_log_and_starts_again(page: Page, hub: FakeHub) -> None:
    hub.previews["draft"] = {"site": "draft", "state": "failed", "url": None, "message": "package.json is not valid JSON.",
                             "log_tail": ["npm error JSON.parse at line 3"]}
    open_panel(page)
    page.get_by_test_id("dialup-next-draft").click()
    expect(page.get_by_test_id("dialup-preview-failed")).to_contain_text("npm error JSON.parse at line 3")
    shoot(page, "preview-failed")

    del hub.previews["draft"]
    page.get_by_role("button", name="Start again").click()

    expect(page.frame_locator("[data-testid=dialup-preview-draft]").get_by_role("heading")).to_have_text("draft")


def test_a_preview_waits_until_the_server_says_it_runs_and_can_be_as_narrow_as_a_phone(page: Page, hub: FakeHub) -> None:
    hub.previews["draft"] = {"site": "draft", "state": "starting", "url": None, "message": "", "log_tail": []}
    open_panel(page)
    page.get_by_test_id("dialup-next-draft").click()
    expect(page.get_by_test_id("dialup-preview-starting")).to_be_visible()
    shoot(page, "preview-starting", themes=("Light",))

    hub.previews["draft"] = {**hub.previews["draft"], "state": "running", "url": ""}
    hub.say("events", "preview", hub.previews["draft"])
    frame = page.get_by_test_id("dialup-preview-draft")
    expect(frame).to_be_visible()
    page.get_by_role("button", name="As wide as a phone").click()

    expect(frame).to_have_css("width", "390px")
    shoot(page, "preview-phone", themes=("Light",))


def test_without_the_server_side_the_panel_says_how_to_switch_it_on(page: Page, hub: FakeHub) -> None:
    hub.missing = True
    open_panel(page)

    expect(page.get_by_test_id("dialup-problem")).to_contain_text("jupyter server extension enable dialup_ext")
    shoot(page, "missing", themes=("Light",))
    hub.missing = False
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_test_id("dialup-site-atlas")).to_be_visible()


def test_a_cut_line_is_said_and_mended_without_a_reload(page: Page, hub: FakeHub) -> None:
    open_panel(page)
    hub.cut()
    expect(page.get_by_test_id("dialup-stale")).to_contain_text(
        re.compile(r"No connection since \d.+ \(just now\)\. What you see is from then\."))
    shoot(page, "stale", themes=("Light",))

    hub.add(site("elm"))
    hub.mend()

    expect(page.get_by_test_id("dialup-site-elm")).to_be_visible()
    expect(page.get_by_test_id("dialup-stale")).to_have_count(0)


def test_two_tabs_share_one_stream_and_the_second_takes_over(page: Page, hub: FakeHub) -> None:
    open_panel(page)
    second = page.context.new_page()
    open_panel(second, workspace="second")
    assert hub.streams_open == 1
    hub.say("events", "site", {**hub.sites["draft"], "status": "failed"})
    expect(second.get_by_test_id("dialup-site-draft")).to_contain_text("Failed")

    page.close()
    hub.add(site("elm"))

    expect(second.get_by_test_id("dialup-site-elm")).to_be_visible()


def test_selecting_a_site_opens_its_folder_unpacking_it_when_this_lab_has_none(page: Page, hub: FakeHub) -> None:
    open_panel(page)

    page.get_by_role("button", name="atlas", exact=True).click()

    expect(page.locator(".jp-DirListing-item", has_text="index.html")).to_be_visible()
    assert (hub.root / "atlas").is_dir()


def test_a_folder_of_the_file_browser_can_be_deployed_as_a_site(page: Page, hub: FakeHub) -> None:
    (hub.root / "holiday").mkdir(exist_ok=True)
    open_panel(page)
    page.evaluate("jupyterapp.commands.execute('filebrowser:open-path', {path: '/'})")

    page.locator(".jp-DirListing-item", has_text="holiday").click(button="right")
    page.get_by_role("menuitem", name="Deploy This Folder as a Site…").click()
    page.get_by_role("dialog").locator("select").select_option(label="draft")
    page.get_by_role("dialog").get_by_role("button", name="Deploy").click()

    expect(page.get_by_test_id("dialup-deploy-draft")).to_be_visible()


@pytest.mark.parametrize(("role", "cards"), [("user", 0), ("admin", 1)])
def test_only_admins_are_offered_the_overview(page: Page, hub: FakeHub, role: str, cards: int) -> None:
    hub.me["account"]["role"] = role
    open_panel(page)

    expect(page.locator(".jp-LauncherCard", has_text="My Resources")).to_be_visible()
    expect(page.locator(".jp-LauncherCard", has_text="Server Overview")).to_have_count(cards)
    page.locator(".jp-LauncherCard", has_text="My Resources").click()
    expect(page.frame_locator("iframe[title='My Resources']").get_by_role("heading")).to_have_text("resources")


def test_an_account_without_sites_is_told_how_to_begin(page: Page, hub: FakeHub) -> None:
    hub.sites.clear()
    open_panel(page)

    expect(page.get_by_test_id("dialup-empty")).to_contain_text("No sites yet")
    shoot(page, "empty")
