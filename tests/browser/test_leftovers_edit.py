"""The portal's *Edit* on a site that was deployed from elsewhere: a real portal, a real lab, a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from dialup_ext.testing.installation import Installation

pytestmark = pytest.mark.browser


def test_edit_opens_a_lab_with_the_files_of_the_live_release(browser: Browser, tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home").start()
    try:
        ana = installation.account("ana")
        (tmp_path / "site" / "css").mkdir(parents=True)
        (tmp_path / "site/index.html").write_text("<h1>From my own computer</h1>")
        (tmp_path / "site/css/style.css").write_text("h1 { color: teal }")
        ana.deploy("garden", tmp_path / "site")
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(60_000)
        page.goto(installation.identity.make_login_link("ana"))
        page.get_by_role("button", name="Log in").click()

        page.get_by_role("link", name="Edit").first.click()
        page.get_by_role("button", name="Start my lab").click()

        listing = page.locator("#filebrowser")
        expect(listing.locator(".jp-DirListing-item", has_text="index.html")).to_be_visible(timeout=60_000)
        expect(listing.locator(".jp-DirListing-item", has_text="css")).to_be_visible()
        assert (installation.home / "homes/ana/garden/index.html").read_text() == "<h1>From my own computer</h1>"
        page.close()
    finally:
        installation.stop()
