"""The main job, the way a person does it: from the printed link to a site at its public address.

Nothing is faked: a real installation, a real lab, a real browser. Pictures of what was seen go to
`artefacts/` (set `DIALUP_PICTURES` to keep them elsewhere).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

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


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    home = tmp_path_factory.mktemp("main-job") / "home"
    installation = Installation(home, options={"drain_seconds": "0.5", "health_timeout": "8"})
    yield installation.start("up", "--no-browser")
    installation.stop()


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
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
    if not page.get_by_test_id("dialup-new-site").is_visible():
        page.locator('li[data-id="dialup-panel"]').click()
    page.get_by_test_id("dialup-new-site").wait_for()


def save(page: Page, path: str, old: str, new: str) -> None:
    """Change a file through the lab's own contents service: what its editor calls on Ctrl-S."""
    page.evaluate(
        """async ([path, old, text]) => {
            const contents = window.jupyterapp.serviceManager.contents;
            const model = await contents.get(path);
            const changed = old ? model.content.replace(old, text) : text;
            if (changed === model.content) throw new Error('nothing to change in ' + path);
            await contents.save(path, {...model, content: changed});
        }""", [path, old, new])
