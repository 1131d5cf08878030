"""What a person sees: save, and the page in the browser is the new one."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from dialup_ext.spawner.specs import static_dev_spec

PAGE = ("<!doctype html><html><head><title>Blog</title><link rel=stylesheet href=style.css></head>"
        "<body><h1>one</h1><input id=note></body></html>")

pytestmark = pytest.mark.browser


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "blog"
    folder.mkdir()
    (folder / "index.html").write_text(PAGE)
    (folder / "style.css").write_text("h1 { color: rgb(255, 0, 0) }")
    return folder


@pytest.fixture
def address(driver, settings, workspace, until) -> str:
    spec = static_dev_spec("blog", "ana", "preview-blog-1", workspace, settings)
    instance = driver.start(spec)
    until(lambda: driver.listening(spec.key) == [instance.address])
    return f"http://{instance.address}/"


@pytest.fixture
def page(chromium_path: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


@pytest.fixture
def frame() -> Iterator[ThreadingHTTPServer]:
    """A page like the panel: it frames an address given in the query and keeps what it is told."""
    class Frame(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><script>window.told = [];"
                             b"addEventListener('message', e => told.push(e.data));</script>"
                             b"<iframe src='" + self.path.partition("?")[2].encode() + b"'></iframe>")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Frame)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_saved_page_is_shown(page, address, workspace):
    page.goto(address)
    expect(page.locator("h1")).to_have_text("one")
    (workspace / "index.html").write_text(PAGE.replace("one", "two"))
    expect(page.locator("h1")).to_have_text("two")


def test_a_saved_style_sheet_changes_the_page_without_losing_what_was_typed(page, address, workspace):
    page.goto(address)
    page.locator("#note").fill("half a thought")
    (workspace / "style.css").write_text("h1 { color: rgb(0, 0, 255) }")
    expect(page.locator("h1")).to_have_css("color", "rgb(0, 0, 255)")
    assert page.locator("#note").input_value() == "half a thought"
    assert page.locator("link").count() == 1


def test_the_first_page_appears_when_it_is_written(page, address, workspace):
    (workspace / "index.html").unlink()
    page.goto(address)
    expect(page.locator("h1")).to_have_text("Nothing to show yet")
    (workspace / "index.html").write_text(PAGE)
    expect(page.locator("h1")).to_have_text("one")


def test_a_page_finds_its_preview_again_after_a_restart(page, address, workspace, driver, settings, until):
    page.goto(address)
    driver.stop("preview-blog-1", grace=5)
    (workspace / "index.html").write_text(PAGE.replace("one", "three"))
    port = address.rsplit(":", 1)[1].strip("/")
    spec = static_dev_spec("blog", "ana", "preview-blog-2", workspace, settings)
    steps = tuple(tuple(port if word == "{port}" else word for word in step) for step in spec.steps)
    driver.start(dataclasses.replace(spec, steps=steps))
    expect(page.locator("h1")).to_have_text("three", timeout=20_000)


def test_the_panel_learns_of_errors(page, address, workspace, frame):
    (workspace / "index.html").write_text(
        PAGE + "<script>console.error('first', 1); throw new Error('second')</script><img src=gone.png>")
    page.goto(f"http://127.0.0.1:{frame.server_port}/?{address}")
    page.wait_for_function("told.some(one => one.type === 'loaded' && one.errors === 3)")
    told = page.evaluate("told")
    assert {one["source"] for one in told} == {"dialup-preview"}
    messages = [one["message"] for one in told if one["type"] == "error"]
    assert messages[0] == "first 1"
    assert any("second" in message for message in messages)
    assert any("gone.png" in message for message in messages)
