"""Make the documentation's pictures from the real product: a real installation, lab and browser.

    python scripts/pictures.py [folder]

Writes main, portal, deploy, site, setup, failure and overview to `docs/pictures/`, 1280×800 each. `PORT` is the
port that shows in the addresses (18080 unless set); nothing else of the machine is in a picture.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from dialup_ext.testing.installation import Installation  # noqa: E402
from tests.browser.conftest import FLAGS  # noqa: E402
from tests.browser.test_main_job import open_panel, printed_link, type_into, wait_for_lab  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Page

SITE, PROGRAM = "robin", "guestbook"
PATIENCE_MS = 90_000
GREETING = "I make small things slowly, and this is where I keep them."
EDITED = "Tide clocks, forty loaves, and a very opinionated cat."


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dialup-pictures-") as place, sync_playwright() as playwright:
        installation = Installation(Path(place) / "home", port=int(os.environ.get("PORT", "18080")),
                                    options={"drain_seconds": "0.5", "health_timeout": "10"})
        chromium = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        try:
            installation.start("up", "--no-browser")
            page = chromium.new_page(viewport={"width": 1280, "height": 800})
            page.set_default_timeout(PATIENCE_MS)
            tell_the_story(page, installation, folder)
        finally:
            chromium.close()
            installation.stop()


def chromium_path() -> str:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        sys.exit("Chromium is not installed. `make test` as root installs it; else set it up by hand.")
    return found


def tell_the_story(page: Page, installation: Installation, folder: Path) -> None:
    """The main job, with a picture where it is worth one."""
    log_in(page, installation)
    make_and_edit_a_site(page)
    deploy(page, SITE, "success")
    take(page, folder / "deploy.png")
    show_the_editor(page)
    take(page, folder / "main.png")
    make_a_program(page)
    show_its_page(page)
    take(page, folder / "site.png")
    break_it(page)
    take(page, folder / "failure.png")
    open_overview(page, installation)
    take(page, folder / "overview.png")
    page.goto(installation.settings.origin(installation.settings.portal_host))
    page.get_by_text("Open my lab").first.wait_for()
    take(page, folder / "portal.png")
    page.goto(f"{installation.settings.origin(installation.settings.portal_host)}/sites/{PROGRAM}#env")
    take(page, folder / "setup.png")


def log_in(page: Page, installation: Installation) -> None:
    page.goto(printed_link(installation))
    page.get_by_role("button", name="Log in").click()
    page.get_by_text("Open my lab").first.click()
    wait_for_lab(page)
    open_panel(page)


def make_and_edit_a_site(page: Page) -> None:
    new_site(page, SITE, "static")
    index = (ROOT / "site_templates" / "static" / "index.html").read_text()
    type_into(page, "index.html", index.replace(GREETING, EDITED))
    page.frame_locator(f"[data-testid=dialup-preview-{SITE}]").get_by_text(EDITED).wait_for()


def make_a_program(page: Page) -> None:
    new_site(page, PROGRAM, "node")
    deploy(page, PROGRAM, "success")


def show_its_page(page: Page) -> None:
    """With a variable and a secret, which the program does not know yet."""
    page.get_by_test_id(f"dialup-menu-{PROGRAM}").click()
    page.get_by_role("menuitem", name="Site Page").click()
    for name, value, secret in (("GREETING", "Come in, the kettle is on", False), ("MAIL_PASSWORD", "x" * 12, True)):
        page.get_by_role("button", name="Add a variable").click()
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_label("Value", exact=True).fill(value)
        page.get_by_label("Secret: hide it from now on").set_checked(secret)
        page.get_by_role("button", name="Save").click()
        page.get_by_test_id(f"dialup-variable-{name}").wait_for()
    page.get_by_test_id("dialup-needs-restart").wait_for()
    page.locator(".dialup-SitePage").evaluate("page => page.scrollTo(0, 0)")


def break_it(page: Page) -> None:
    server = (ROOT / "site_templates" / "node" / "server.js").read_text()
    type_into(page, "server.js", server.replace("server.listen(port", "server.listen(prot"))
    deploy(page, PROGRAM, "failure")


def new_site(page: Page, name: str, template: str) -> None:
    page.get_by_test_id("dialup-new-site").click()
    page.get_by_test_id("dialup-name").press_sequentially(name)
    page.get_by_test_id(f"dialup-template-{template}").click()
    page.get_by_test_id("dialup-name-verdict").get_by_text(f"{name}.dialup.localhost").wait_for()
    page.get_by_role("button", name="Create").click()
    page.frame_locator(f"[data-testid=dialup-preview-{name}]").locator("h1").first.wait_for()


def deploy(page: Page, name: str, outcome: str) -> None:
    open_panel(page)
    page.get_by_test_id(f"dialup-next-{name}").click()
    page.get_by_test_id(f"dialup-deploy-{name}").get_by_test_id(f"dialup-{outcome}").wait_for()


def show_the_editor(page: Page) -> None:
    """The line that was edited, in the middle of the editor."""
    page.locator(".lm-TabBar-tab", has_text="index.html").first.click()
    page.get_by_role("tabpanel", name="index.html").locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    for _ in range(72):  # lines are drawn once they are near
        page.keyboard.press("ArrowDown")
    page.locator(".cm-line", has_text=EDITED).first.click()


def open_overview(page: Page, installation: Installation) -> None:
    lab = installation.settings.origin(installation.settings.lab_host("owner"))
    page.goto(f"{lab}/dialup/dashboards/overview")
    page.get_by_text("Health").first.wait_for()
    page.get_by_text(SITE).first.wait_for()


def take(page: Page, path: Path) -> None:
    """Once notices are put away and nothing moves any more."""
    for _ in range(10):
        notices = page.get_by_role("button", name="Hide notification")
        if not notices.count():
            break
        notices.first.click()
    page.locator(".Toastify__toast").first.wait_for(state="detached")
    page.screenshot(path=path, animations="disabled", caret="hide")
    print(f"{path.name}: {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
