"""The main job, the way a person does it: from the printed link to a site at its public address.

Nothing is faked: a real installation, a real lab, a real browser. Pictures of what was seen go to
`artefacts/` (set `DIALUP_PICTURES` to keep them elsewhere).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dialup_ext.testing.drivers import installed
from dialup_ext.testing.installation import Installation, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser

PICTURES = Path(os.environ.get("DIALUP_PICTURES") or Path(__file__).resolve().parents[2] / "artefacts")
EDITED = "Edited by hand"
BROKEN = "this is not JavaScript ("


class Clicks:
    """Clicks by what is read on the screen, and counted: budgets are in clicks."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def __call__(self, target: object) -> None:
        target.click()  # type: ignore[attr-defined]
        self.count += 1


@pytest.fixture(scope="module", params=["process", "docker"])
def driver(request: pytest.FixtureRequest) -> str:
    """Everything is done twice: with plain processes, and with lab, previews, builds and sites in containers."""
    return str(request.param)


@pytest.fixture(scope="module")
def installation(driver: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    home = tmp_path_factory.mktemp(f"main-job-{driver}") / "home"
    with installed(driver, home, "node", "lab", start=("up", "--no-browser"), drain_seconds="0.5",
                   health_timeout="8") as installation:
        yield installation


@pytest.fixture(scope="module")
def context(browser: Browser, driver: str) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(40_000)
    yield context
    context.close()


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")


def printed_link(installation: Installation) -> str:
    found = re.search(r"Log in, once\s+(\S+)", installation.printed())
    assert found, installation.printed()
    return found[1]


def wait_for_lab(page: Page) -> None:
    page.wait_for_url(re.compile(r"\.editor\.dialup\.localhost"))
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    page.locator(".jp-LabShell").wait_for()


def open_panel(page: Page) -> None:
    """Click the panel's tab until it is open: a layout that is just being restored may close it again."""
    tab, button = page.locator('li[data-id="dialup-panel"]'), page.get_by_test_id("dialup-new-site")
    tab.wait_for()
    for _ in range(5):
        if not button.is_visible():
            tab.click()
        with suppress(Exception):
            button.wait_for(timeout=4_000)
            return
    button.wait_for()


def type_into(page: Page, file: str, text: str) -> None:
    """Open `file` from the file browser, replace all of it, save: as a person does."""
    page.locator('li[data-id="filebrowser"]').click()
    page.locator(".jp-DirListing-item", has_text=file).first.dblclick()
    editor = page.get_by_role("tabpanel", name=file).locator(".cm-content")
    editor.wait_for()
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)
    page.keyboard.press("Control+s")


@pytest.fixture(scope="module")
def lab(context: BrowserContext, installation: Installation) -> Page:
    """Logged in by the printed link, in one's own lab, with the panel open."""
    page = context.new_page()
    click = Clicks(page)
    page.goto(printed_link(installation))
    picture(page, "01-login")
    click(page.get_by_role("button", name="Log in"))
    page.get_by_text("Open my lab").first.wait_for()
    picture(page, "02-portal")
    click(page.get_by_text("Open my lab").first)
    wait_for_lab(page)
    assert click.count <= 4
    open_panel(page)
    return page


def test_1_a_new_site_from_a_template_shows_its_preview(lab: Page) -> None:
    click = Clicks(lab)
    click(lab.get_by_test_id("dialup-new-site"))
    lab.get_by_test_id("dialup-name").press_sequentially("diary")
    click(lab.get_by_test_id("dialup-template-static"))
    create = lab.get_by_role("button", name="Create")
    lab.get_by_test_id("dialup-name-verdict").get_by_text("diary.dialup.localhost").wait_for()
    picture(lab, "03-new-site")
    click(create)

    frame = lab.frame_locator("[data-testid=dialup-preview-diary]")
    frame.locator("h1").first.wait_for()
    assert click.count <= 3
    picture(lab, "04-preview")


def test_2_an_edit_appears_in_the_preview_by_itself(lab: Page) -> None:
    type_into(lab, "index.html", f"<!doctype html><title>Diary</title><h1>{EDITED}</h1>")

    lab.frame_locator("[data-testid=dialup-preview-diary]").get_by_role("heading", name=EDITED).wait_for()
    picture(lab, "05-edited")


def test_3_one_click_puts_it_at_its_public_address(lab: Page, installation: Installation) -> None:
    open_panel(lab)
    click = Clicks(lab)
    deploy = lab.get_by_test_id("dialup-next-diary")
    deploy.get_by_text("Deploy").wait_for()
    click(deploy)

    lab.get_by_test_id("dialup-success").wait_for()
    assert click.count == 1
    picture(lab, "06-deployed")
    address = lab.get_by_test_id("dialup-success").get_by_role("link").get_attribute("href")
    assert address == installation.settings.origin("diary.dialup.localhost") + "/"
    visitor = lab.context.browser.new_page()  # type: ignore[union-attr]
    visitor.goto(address)
    visitor.get_by_role("heading", name=EDITED).wait_for()
    picture(visitor, "07-visited")
    visitor.close()


def test_4_a_node_site_from_its_template_goes_the_same_way(lab: Page, installation: Installation) -> None:
    lab.get_by_test_id("dialup-new-site").click()
    lab.get_by_test_id("dialup-name").press_sequentially("guests")
    lab.get_by_test_id("dialup-template-node").click()
    lab.get_by_test_id("dialup-name-verdict").get_by_text("guests.dialup.localhost").wait_for()
    lab.get_by_role("button", name="Create").click()
    lab.frame_locator("[data-testid=dialup-preview-guests]").locator("h1").first.wait_for(timeout=90_000)
    picture(lab, "08-node-preview")

    open_panel(lab)
    lab.get_by_test_id("dialup-next-guests").click()
    lab.get_by_test_id("dialup-deploy-guests").get_by_test_id("dialup-success").wait_for(timeout=90_000)

    assert installation.get("guests").status == 200
    picture(lab, "09-node-deployed")


def test_5_a_broken_deploy_leaves_the_old_release_live_and_names_the_cause(
        lab: Page, installation: Installation) -> None:
    before = installation.get("guests").text
    type_into(lab, "server.js", BROKEN)
    open_panel(lab)
    lab.get_by_test_id("dialup-next-guests").click()

    card = lab.get_by_test_id("dialup-deploy-guests").get_by_test_id("dialup-failure")
    card.wait_for(timeout=60_000)
    assert "ended with exit code 1" in card.inner_text()
    assert "SyntaxError" in card.inner_text()
    assert "still runs release 1" in card.inner_text()
    assert installation.get("guests").text == before
    picture(lab, "10-failure")


def test_6_going_back_takes_two_clicks(lab: Page, installation: Installation) -> None:
    open_panel(lab)
    lab.get_by_test_id("dialup-site-diary").get_by_role("button", name="diary").first.click()
    type_into(lab, "index.html", "<!doctype html><title>Diary</title><h1>Worse</h1>")
    open_panel(lab)
    lab.get_by_test_id("dialup-next-diary").click()
    wait_until(lambda: "Worse" in installation.get("diary").text)

    click = Clicks(lab)
    click(lab.get_by_test_id("dialup-deploy-diary").get_by_role("button", name="Roll back"))

    wait_until(lambda: EDITED in installation.get("diary").text)
    assert click.count <= 2
    picture(lab, "11-rolled-back")


@pytest.mark.parametrize(("name", "words"), [("overview", "Health"), ("resources", "Storage")])
def test_7_the_dashboards_show_live_numbers_in_the_readers_own_lab(lab: Page, name: str, words: str) -> None:
    page = lab.context.new_page()
    page.goto(f"{lab.evaluate('location.origin')}/dialup/dashboards/{name}")

    page.get_by_text(words).first.wait_for()
    page.get_by_text("diary").first.wait_for()
    picture(page, f"12-{name}")
    page.emulate_media(color_scheme="dark")
    picture(page, f"12-{name}-dark")
    page.close()


def test_8_the_dark_theme_is_as_readable(lab: Page, installation: Installation) -> None:
    lab.evaluate("""async () => {
        const token = document.cookie.match(/_xsrf=([^;]+)/)[1];
        const answer = await fetch('/lab/api/settings/@jupyterlab/apputils-extension:themes', {
            method: 'PUT', headers: {'X-XSRFToken': token},
            body: JSON.stringify({raw: '{"theme": "JupyterLab Dark"}'})});
        if (!answer.ok) throw new Error(await answer.text());
    }""")
    lab.reload()
    wait_for_lab(lab)
    lab.locator('body[data-jp-theme-light="false"]').wait_for(state="attached")
    open_panel(lab)
    picture(lab, "13-dark-panel")
    portal = lab.context.new_page()
    portal.emulate_media(color_scheme="dark")
    portal.goto(installation.settings.origin(installation.settings.portal_host))
    portal.get_by_text("Open my lab").first.wait_for()
    picture(portal, "14-dark-portal")
    portal.set_viewport_size({"width": 390, "height": 800})
    picture(portal, "15-phone-portal")
    portal.close()


def test_9_a_notebook_in_the_lab_knows_ones_sites_without_a_login(lab: Page, installation: Installation) -> None:
    lab.get_by_role("menuitem", name="File").click()
    lab.get_by_role("menuitem", name="New Launcher").click()
    lab.locator(".jp-LauncherCard[data-category=Notebook]").last.click()
    cell = lab.locator(".jp-Notebook .jp-CodeCell .cm-content").last
    cell.click()
    lab.keyboard.insert_text("from dialup_ext import Dialup\nd = Dialup()\nd.sites")
    lab.get_by_text("| Idle").wait_for()  # without a kernel JupyterLab drops what it is to run
    lab.keyboard.press("Shift+Enter")

    output = lab.locator(".jp-Notebook .jp-OutputArea-output").first
    output.wait_for(timeout=60_000)
    picture(lab, "16-notebook")
    output.get_by_text("diary").first.wait_for(timeout=60_000)
    picture(lab, "16-notebook")
