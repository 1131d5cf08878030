"""The panel without a mouse and without eyes: reach, names, focus that shows, changes said aloud."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.fake_hub import FakeHub
from tests.browser.steps import open_panel

pytestmark = pytest.mark.browser

FOCUSED = """() => { const e = document.activeElement, style = getComputedStyle(e);
    return {name: e.getAttribute('aria-label') || e.textContent.trim(), inside: !!e.closest('.dialup-Panel'),
            outline: style.outlineStyle, width: parseFloat(style.outlineWidth), colour: style.outlineColor} }"""


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_tab_reaches_every_control_of_the_panel_in_order_and_shows_where_it_is(page: Page, theme: str) -> None:
    open_panel(page)
    page.evaluate("t => jupyterapp.commands.execute('apputils:change-theme', {theme: t})", f"JupyterLab {theme}")
    page.wait_for_function("t => document.body.dataset.jpThemeLight === t", arg=str(theme == "Light").lower())
    controls = page.get_by_test_id("dialup-panel").locator("button:not(:disabled), a")
    names = [control.evaluate("e => e.getAttribute('aria-label') || e.textContent.trim()") for control in controls.all()]
    assert all(names), names

    controls.first.focus()
    walked = walk(page)

    assert [step["name"] for step in walked] == names
    for step in walked[1:]:
        assert step["outline"] == "solid", step
        assert step["width"] >= 2, step


def test_the_menu_of_a_site_works_by_keyboard_and_gives_the_focus_back(page: Page) -> None:
    open_panel(page)
    more = page.get_by_role("button", name="More for atlas")
    page.get_by_role("button", name="atlas", exact=True).focus()
    page.keyboard.press("Tab")
    expect(more).to_be_focused()

    page.keyboard.press("Enter")
    expect(page.get_by_role("menu")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    expect(more).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".lm-Menu-item.lm-mod-active")).to_have_text("Visit Site")
    page.keyboard.press("ArrowUp")
    expect(page.locator(".lm-Menu-item.lm-mod-active")).to_have_text("Remove…")
    page.keyboard.press("Enter")

    expect(page.get_by_role("dialog")).to_contain_text("Remove atlas?")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_new_site_can_be_made_without_a_mouse(page: Page, hub: FakeHub) -> None:
    open_panel(page)
    page.get_by_test_id("dialup-new-site").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("dialup-name")).to_be_focused()
    page.keyboard.type("moon")
    expect(page.get_by_role("button", name="Create")).to_be_enabled()
    page.get_by_test_id("dialup-name").focus()  # JupyterLab's launcher may have come late and asked for it
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="Plain page")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Astro blog")).to_be_checked()
    page.keyboard.press("Enter")

    expect(page.get_by_test_id("dialup-preview-moon")).to_be_visible()
    assert hub.sites["moon"]["template"] == "astro"


def test_changes_of_state_are_said_aloud_once_and_nothing_is_at_first(page: Page, hub: FakeHub) -> None:
    open_panel(page)
    said = page.get_by_test_id("dialup-announcer")
    expect(said).to_have_attribute("aria-live", "polite")
    expect(said).to_have_text("")

    hub.say("events", "site", {**hub.sites["draft"], "status": "failed"})

    expect(said).to_have_text("draft: Failed")


def test_every_button_of_the_tabs_has_a_name(page: Page) -> None:
    open_panel(page)
    page.get_by_test_id("dialup-next-blog").click()
    page.get_by_test_id("dialup-next-draft").click()
    expect(page.get_by_test_id("dialup-preview-draft")).to_have_attribute("title", "Preview of draft")

    for name in ("Load again", "Full width", "As wide as a tablet", "As wide as a phone", "Open in a browser tab"):
        expect(page.get_by_role("tabpanel", name="Preview: draft").get_by_role("button", name=name)).to_be_visible()
    expect(page.get_by_role("list", name="Progress").get_by_role("listitem")).to_have_count(5)
    expect(page.get_by_role("searchbox", name="Find in the log")).to_be_visible()


def walk(page: Page) -> list[dict[str, Any]]:
    """What has the focus, from here by Tab until it leaves the panel."""
    walked: list[dict[str, Any]] = []
    while (step := page.evaluate(FOCUSED))["inside"] and len(walked) < 60:
        walked.append(step)
        page.keyboard.press("Tab")
    return walked
