"""A site's page in the panel, against a hub made of a dictionary: what it shows and what each part asks for."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from dialup_ext.testing.installation import wait_until
from tests.browser.fake_hub import FakeHub, ago, deployment, site
from tests.browser.shots import shoot
from tests.browser.steps import command, next_steps, open_panel

pytestmark = pytest.mark.browser

HALTED = "It ended ten times in ten minutes, so the server stopped starting it. It last ended with exit code 1."


@pytest.fixture(autouse=True)
def program(hub: FakeHub) -> None:
    """A program that is live, with a history."""
    hub.add(site("wall", kind="nodejs", template="node", status="active", runs=True, memory_mb=48.2,
                 live_release={"id": "r3", "number": 3}, last_deployed=ago(hours=2), last_deployed_by="ana",
                 deployment=deployment("wall", 3, "live", "live", created_at=ago(hours=2))))
    hub.past = [deployment("wall", 2, "superseded", "live", created_at=ago(days=1)),
                deployment("wall", 1, "superseded", "live", created_at=ago(days=2))]
    hub.releases = [{"id": f"r{n}", "number": n, "kind": "nodejs", "why": "It has a package.json with a start script.",
                     "file_count": 9, "size_bytes": 51_000, "created_at": ago(days=4 - n), "created_by": "ana"}
                    for n in (3, 2, 1)]


def open_page(page: Page, name: str = "wall") -> Locator:
    open_panel(page)
    command(page, "dialup:site-page", site=name)
    shown = page.get_by_test_id(f"dialup-page-{name}")
    expect(shown).to_be_visible()
    return shown


def test_a_site_has_a_page_that_opens_from_its_menu_and_says_what_it_is(page: Page, hub: FakeHub) -> None:
    open_panel(page)
    page.get_by_test_id("dialup-menu-wall").click()
    page.get_by_role("menuitem", name="Site Page").click()

    shown = page.get_by_test_id("dialup-page-wall")
    expect(shown.get_by_role("heading", name="wall", exact=True)).to_be_visible()
    expect(shown).to_contain_text("It has a package.json with a start script.")
    expect(shown).to_contain_text("48 MB")
    shoot(page, "page")
    shown.get_by_role("button", name="Roll back to release 1").click()
    expect(page.get_by_test_id("dialup-deploy-wall")).to_be_visible()
    assert "POST /dialup/api/v1/sites/wall/rollback" in hub.asked


def test_a_secret_is_typed_once_never_shown_and_a_restart_is_offered(page: Page, hub: FakeHub) -> None:
    shown = open_page(page)

    shown.get_by_role("button", name="Add a variable").click()
    expect(shown.get_by_label("Name")).to_be_focused()
    page.keyboard.type("DIALUP_HOME")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("dialup-section-environment").get_by_role("alert")).to_contain_text("Choose another.")
    expect(shown.get_by_label("Name")).to_have_value("DIALUP_HOME")
    shown.get_by_label("Name").fill("API KEY")
    page.keyboard.press("Tab")
    page.keyboard.type("hush")
    shown.get_by_label("Secret: hide it from now on").check()
    expect(shown.get_by_label("Value")).to_have_css("-webkit-text-security", "disc")
    shoot(page, "page-variable")
    page.get_by_test_id("dialup-variable-form").get_by_role("button", name="Save").click()

    row = page.get_by_test_id("dialup-variable-API_KEY")
    expect(row).to_contain_text("secret")
    assert hub.variables["API_KEY"]["secret"]
    expect(shown).not_to_contain_text("hush")
    expect(shown.get_by_role("button", name="Add a variable")).to_be_focused()
    shoot(page, "page-environment")
    shown.get_by_role("button", name="Restart to use them").click()
    expect(page.get_by_test_id("dialup-needs-restart")).to_have_count(0)
    row.get_by_role("button", name="Remove API_KEY").click()
    expect(row).to_have_count(0)


def test_sleep_data_and_links_to_the_preview_are_had_where_they_are_explained(page: Page, hub: FakeHub) -> None:
    shown = open_page(page)

    shown.get_by_role("radio", name="After 15 minutes").check()
    wait_until(lambda: hub.sites["wall"]["sleep_after"] == 900)
    shown.get_by_role("radio", name="After another time").check()
    shown.get_by_role("spinbutton", name="Minutes").fill("45")
    shown.get_by_role("button", name="Use this").click()
    wait_until(lambda: hub.sites["wall"]["sleep_after"] == 2700)
    shown.get_by_role("switch", name="Give this site a data folder").click()
    expect(shown.get_by_role("switch", name="This site has a data folder")).to_be_checked()
    assert hub.sites["wall"]["volume"]
    shoot(page, "page-sleep")

    shown.get_by_role("combobox", name="Good for").select_option("a week")
    shown.get_by_role("button", name="Make a link").click()

    expect(shown.get_by_role("textbox", name="The link")).to_have_value(re.compile(r"^http://wall-dev\."))
    shown.get_by_role("button", name="Copy").click()
    expect(shown.get_by_role("button", name="Copied")).to_be_visible()
    expect(page.get_by_test_id("dialup-section-links")).to_contain_text("ends in 7 days")
    shoot(page, "page-link")
    shown.get_by_role("button", name=re.compile("Revoke the link")).click()
    expect(page.get_by_test_id("dialup-made-link")).to_have_count(0)
    assert hub.links == {}


def test_a_sleeping_site_says_so_and_the_next_step_wakes_it(page: Page, hub: FakeHub) -> None:
    hub.sites["wall"] |= {"status": "sleeping", "sleep_after": 900, "memory_mb": None}
    shown = open_page(page)
    assert next_steps(page)["wall"] == "Wake"
    expect(page.get_by_test_id("dialup-asleep")).to_be_visible()
    shoot(page, "page-asleep")

    page.get_by_test_id("dialup-next-wall").click()

    expect(shown.get_by_role("status").first).to_have_text("Live")
    assert "POST /dialup/api/v1/sites/wall/wake" in hub.asked


def test_a_halted_site_says_why_and_offers_to_start_it_again(page: Page, hub: FakeHub) -> None:
    hub.sites["wall"] |= {"status": "failed", "halted": HALTED}
    open_panel(page)
    page.set_viewport_size({"width": 900, "height": 700})
    assert next_steps(page)["wall"] == "See why"
    page.get_by_test_id("dialup-next-wall").click()

    expect(page.get_by_test_id("dialup-halted")).to_contain_text(HALTED)
    shoot(page, "page-halted")
    page.get_by_test_id("dialup-again-wall").click()
    expect(page.get_by_test_id("dialup-halted")).to_have_count(0)
    assert "POST /dialup/api/v1/sites/wall/start" in hub.asked


def test_the_page_is_there_after_a_reload_and_stays_current(page: Page, hub: FakeHub) -> None:
    open_panel(page)
    page.get_by_test_id("dialup-next-atlas").click()
    expect(page.get_by_test_id("dialup-preview-atlas")).to_be_visible()
    with page.expect_response(lambda answer: "/api/workspaces/" in answer.url and answer.request.method == "PUT"):
        command(page, "dialup:site-page", site="wall")
    page.goto("/lab/workspaces/auto-1")
    shown = page.get_by_test_id("dialup-page-wall")
    expect(shown).to_be_visible()

    hub.sites["wall"] |= {"status": "stopped"}
    hub.say("events", "site", hub.sites["wall"])

    expect(shown.get_by_role("status").first).to_have_text("Stopped")
