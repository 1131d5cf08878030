"""The personal page, as a visitor sees it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


def test_it_reads_well_at_any_width_and_complains_of_nothing(static_site, page):
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for width in (320, 768, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(static_site)
        page.get_by_role("heading", level=1, name="Hello").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []


def test_day_and_night_are_remembered(static_site, page):
    page.emulate_media(color_scheme="light")
    page.goto(static_site)
    paper = "getComputedStyle(document.body).backgroundColor"
    day = page.evaluate(paper)
    page.get_by_role("button", name="Night").click()
    assert page.evaluate(paper) != day
    page.reload()
    page.get_by_role("button", name="Day").wait_for()
    assert page.evaluate(paper) != day


def test_another_view_draws_other_hills(static_site, page):
    page.goto(static_site)
    hill = page.locator(".hill").first
    before = hill.get_attribute("d")
    page.get_by_role("button", name="Another view").click()
    assert hill.get_attribute("d") != before


def test_it_can_be_read_without_javascript(static_site, chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(static_site)
    assert page.get_by_role("heading", name="Things I made").is_visible()
    assert page.get_by_role("button").count() == 0
    context.close()


def test_every_part_can_be_reached_by_keyboard_and_has_a_name(static_site, page):
    page.goto(static_site)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the text"
    unnamed = page.evaluate("""[...document.querySelectorAll('a, button')]
      .filter((e) => !e.textContent.trim() && !e.getAttribute('aria-label')).length""")
    assert unnamed == 0
