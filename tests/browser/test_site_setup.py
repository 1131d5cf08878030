"""What a site is given beside its files, the way a person does it: a real installation, lab and browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from dialup_ext.store.engine import Store
from dialup_ext.store.sites import SiteRecords
from dialup_ext.testing.installation import Installation, Person, wait_until
from tests.browser.test_main_job import open_panel, wait_for_lab

pytestmark = pytest.mark.browser

PROGRAM = """
import http from 'node:http'
const greeting = () => `The key has ${(process.env.API_KEY ?? '').length} letters.`
if (process.env.CRASH) throw new Error('no tide today')
http.createServer((_, answer) => answer.end(greeting())).listen(process.env.PORT, process.env.HOST)
"""


@pytest.fixture(scope="module")
def ana(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    """An account with a program that is live."""
    place = tmp_path_factory.mktemp("setup")
    installation = Installation(place / "home", options={"drain_seconds": "0.2", "health_timeout": "8", "sleep_least": "1"}).start()
    try:
        person = installation.account("ana")
        (place / "wall").mkdir()
        (place / "wall/package.json").write_text('{"type": "module", "scripts": {"start": "node server.js"}}')
        (place / "wall/server.js").write_text(PROGRAM)
        person.deploy("wall", place / "wall")
        yield person
    finally:
        installation.stop()


@pytest.fixture(scope="module")
def lab(browser: Browser, ana: Person) -> Iterator[Page]:
    """The site's page in ana's own lab."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(60_000)
    page.goto(ana.installation.identity.make_login_link("ana"))
    page.get_by_role("button", name="Log in").click()
    page.get_by_text("Open my lab").first.click()
    wait_for_lab(page)
    open_panel(page)
    page.get_by_test_id("dialup-menu-wall").click()
    page.get_by_role("menuitem", name="Site Page").click()
    expect(page.get_by_test_id("dialup-page-wall")).to_contain_text("Release 1")
    yield page
    page.close()


def says(ana: Person, words: str) -> None:
    wait_until(lambda: words in ana.installation.get("wall").text)


def test_a_secret_reaches_the_program_with_a_restart_and_nobody_sees_it(lab: Page, ana: Person) -> None:
    says(ana, "The key has 0 letters.")
    lab.get_by_role("button", name="Add a variable").click()
    lab.get_by_label("Name", exact=True).fill("API_KEY")
    lab.get_by_label("Value", exact=True).fill("hush-hush")
    lab.get_by_label("Secret: hide it from now on").check()
    lab.get_by_role("button", name="Save").click()

    lab.get_by_role("button", name="Restart to use them").click()

    expect(lab.get_by_test_id("dialup-needs-restart")).to_have_count(0)
    says(ana, "The key has 9 letters.")
    expect(lab.get_by_test_id("dialup-variable-API_KEY")).to_contain_text("secret")
    lab.goto(f"{ana.portal}/sites/wall")
    expect(lab.locator("#env")).to_contain_text("API_KEY")
    assert "hush-hush" not in lab.content()
    lab.go_back()


def test_a_link_shows_the_preview_to_somebody_without_an_account(lab: Page, ana: Person, browser: Browser) -> None:
    open_panel(lab)
    lab.get_by_test_id("dialup-next-wall").click()
    preview = lab.frame_locator("[data-testid=dialup-preview-wall]")
    expect(preview.get_by_text("The key has 9 letters.")).to_be_visible()
    lab.get_by_role("button", name="Make a link").click()
    link = lab.get_by_role("textbox", name="The link").input_value()

    elsewhere = browser.new_context()
    guest = elsewhere.new_page()
    guest.goto(link)
    expect(guest.get_by_text("The key has 9 letters.")).to_be_visible()

    lab.get_by_role("button", name=re.compile("Revoke the link")).click()
    expect(lab.get_by_test_id("dialup-made-link")).to_have_count(0)
    guest.reload()
    expect(guest.get_by_text("The key has")).to_have_count(0)
    elsewhere.close()


def test_a_site_that_fell_asleep_is_awake_again_for_its_next_visitor(lab: Page, ana: Person) -> None:
    open_panel(lab)
    lab.locator(".lm-TabBar-tab", has_text="Site: wall").click()
    lab.get_by_role("radio", name="After 15 minutes").check()
    wait_until(lambda: ana.call("GET", "/sites/wall").json["sleep_after"] == 900)
    ana.call("DELETE", "/sites/wall/preview")
    ana.call("PATCH", "/sites/wall", {"sleep_after": 1})  # nobody has a quarter of an hour

    expect(lab.get_by_test_id("dialup-asleep")).to_be_visible()
    row = lab.get_by_test_id("dialup-site-wall")
    expect(row).to_contain_text("Asleep")
    assert "The key has 9 letters." in ana.installation.get("wall").text

    ana.call("PATCH", "/sites/wall", {"sleep_after": None})
    expect(row).to_contain_text("Live")
    expect(lab.get_by_test_id("dialup-asleep")).to_have_count(0)


def test_a_halted_site_is_explained_and_comes_back_when_it_is_started_again(lab: Page, ana: Person) -> None:
    """The row as the tenth end leaves it; ten real ends take four minutes and are tried elsewhere."""
    why = "Its program ended 10 times within 10 minutes, so it is not started any more."
    store = Store(ana.installation.settings.resolved_database_url)
    SiteRecords(store).change(ana.call("GET", "/sites/wall").json["id"], halted=why)
    store.close()
    ana.call("PUT", "/sites/wall/env/TIDE", {"value": "low", "secret": False})  # the panel hears of the site

    row = lab.get_by_test_id("dialup-site-wall")
    row.get_by_role("button", name="See why").click()
    expect(lab.get_by_test_id("dialup-halted")).to_contain_text(why)
    row.get_by_role("button", name="Start again").click()

    expect(lab.get_by_test_id("dialup-halted")).to_have_count(0)
    expect(row).to_contain_text("Live")
    says(ana, "The key has 9 letters.")
