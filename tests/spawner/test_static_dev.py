"""The static preview: serves what the public site would, and nothing else; reloads by itself."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
from collections.abc import Callable

import httpx
import pytest
from tornado.websocket import websocket_connect

from dialup_ext.build.static_detect import ROOTS as DEPLOYED_ROOTS
from dialup_ext.domain.instance import InstanceKind
from dialup_ext.handlers.static_dev.folder import ROOTS
from dialup_ext.handlers.static_dev.page import with_script
from dialup_ext.spawner.specs import static_dev_spec

PAGE = "<!doctype html><html><head><title>Blog</title><link rel=stylesheet href=style.css></head><body>one</body></html>"


@pytest.fixture
def workspace(tmp_path):
    folder = tmp_path / "blog"
    folder.mkdir()
    (folder / "index.html").write_text(PAGE)
    (folder / "style.css").write_text("body { color: red }")
    return folder


@pytest.fixture
def preview(driver, settings, workspace, until):
    spec = static_dev_spec("blog", "ana", "preview-blog-1", workspace, settings)
    instance = driver.start(spec)
    until(lambda: driver.listening(spec.key) == [instance.address])
    assert instance.kind is InstanceKind.PREVIEW
    with httpx.Client(base_url=f"http://{instance.address}") as client:
        yield client


def test_the_preview_looks_where_a_deployment_looks():
    assert ROOTS == DEPLOYED_ROOTS


def test_a_page_comes_with_the_live_script_and_is_never_kept(preview):
    answer = preview.get("/")
    assert answer.status_code == 200
    assert "one" in answer.text
    assert answer.text.index("/__dialup/live.js") < answer.text.index("<title>")
    assert answer.headers["cache-control"] == "no-store"
    assert preview.get("/__dialup/live.js").headers["content-type"].startswith("text/javascript")


def test_files_come_as_they_are(preview, workspace):
    answer = preview.get("/style.css")
    assert (answer.text, answer.headers["content-type"]) == ("body { color: red }", "text/css; charset=utf-8")
    assert preview.head("/style.css").headers["content-length"] == "19"


def test_addresses_without_html_and_of_folders_work(preview, workspace):
    (workspace / "about.html").write_text("about")
    (workspace / "posts").mkdir()
    (workspace / "posts" / "index.html").write_text("posts")
    assert "about" in preview.get("/about").text
    assert preview.get("/posts").headers["location"] == "/posts/"
    assert "posts" in preview.get("/posts/").text


@pytest.mark.parametrize("path", [
    "/.env", "/.git/config", "/a/.hidden", "/../secret", "/%2e%2e/secret", "/..%2fsecret", "//etc/passwd",
    "/link", "/folder-link/secret", "/pipe", "/missing", "/style.css/", "/%00", "/posts/../../secret"])
def test_what_is_hidden_outside_or_no_file_is_missing(preview, workspace, path):
    (workspace.parent / "secret").write_text("private words")
    (workspace / ".env").write_text("private words")
    (workspace / ".git").mkdir()
    (workspace / ".git" / "config").write_text("private words")
    (workspace / "link").symlink_to(workspace.parent / "secret")
    (workspace / "folder-link").symlink_to(workspace.parent)
    os.mkfifo(workspace / "pipe")
    connection = http.client.HTTPConnection(preview.base_url.host, preview.base_url.port)
    connection.request("GET", path)  # httpx would tidy the path first
    answer = connection.getresponse()
    assert answer.status == 404
    assert b"private words" not in answer.read()
    connection.close()


def test_what_is_missing_is_said_kindly_or_by_the_site(preview, workspace):
    assert "There is no such page" in preview.get("/gone").text
    (workspace / "404.html").write_text("our own words")
    assert "our own words" in preview.get("/gone").text


def test_an_empty_site_says_what_to_do_and_answers(preview, workspace):
    (workspace / "index.html").unlink()
    answer = preview.get("/")
    assert answer.status_code == 200
    assert "index.html" in answer.text
    assert "/__dialup/live.js" in answer.text


def test_the_site_may_be_in_a_folder(preview, workspace):
    (workspace / "index.html").unlink()
    (workspace / "dist").mkdir()
    (workspace / "dist" / "index.html").write_text("built")
    assert "built" in preview.get("/").text


def test_a_player_gets_the_part_it_asks_for(preview, workspace):
    (workspace / "film.mp4").write_bytes(bytes(range(200)))
    answer = preview.get("/film.mp4", headers={"Range": "bytes=10-19"})
    assert (answer.status_code, answer.content) == (206, bytes(range(10, 20)))
    assert answer.headers["content-range"] == "bytes 10-19/200"
    assert preview.get("/film.mp4", headers={"Range": "bytes=-5"}).content == bytes(range(195, 200))
    assert preview.get("/film.mp4", headers={"Range": "bytes=900-"}).status_code == 200


@pytest.mark.parametrize(("html", "after"), [
    (b"<html><head lang=x><title>", b"<head lang=x>"),
    (b"<HTML><HEAD><title>", b"<HEAD>"),
    (b"<!-- <head> --><head>x", b"--><head>"),
    (b"<html lang=en><header>x", b"<html lang=en>"),
    (b"<!doctype html>x", b"<!doctype html>"),
    (b"x", b""),
])
def test_the_script_goes_where_it_changes_nothing_else(html, after):
    assert after + b'<script src="/__dialup/live.js?v=7"></script>' in with_script(html, "7")


def test_a_page_in_utf_16_is_left_alone():
    page = "<html>".encode("utf-16")
    assert with_script(page, "7") == page


def follow(preview: httpx.Client, do: list[Callable[[], object]]) -> list[dict]:
    """The message after each of these changes."""
    async def run() -> list[dict]:
        url = str(preview.base_url).replace("http", "ws").rstrip("/") + "/__dialup/live"
        page = await websocket_connect(url)
        heard = [json.loads(await page.read_message() or "{}")]
        for change in do:
            change()
            async with asyncio.timeout(20):
                heard.append(json.loads(await page.read_message() or "{}"))
        page.close()
        while await page.read_message() is not None:  # until the other side has closed as well
            pass
        return heard

    return asyncio.run(run())


def test_a_saved_style_sheet_is_swapped_and_all_else_reloads(preview, workspace):
    hello, style, page, new = follow(preview, [
        lambda: (workspace / "style.css").write_text("body { color: blue }"),
        lambda: (workspace / "index.html").write_text("two"),
        (workspace / "new").mkdir])
    assert style["css"] == ["/style.css"]
    assert "css" not in hello
    assert "css" not in page
    assert "css" not in new
    assert len({message["version"] for message in (hello, style, page)}) == 3


def test_an_editor_that_renames_over_the_file_is_noticed(preview, workspace):
    def save() -> None:
        (workspace / ".~style.css").write_text("body { color: green }")
        (workspace / ".~style.css").rename(workspace / "style.css")

    assert follow(preview, [save])[1]["css"] == ["/style.css"]


def test_a_folder_made_later_is_watched_too(preview, workspace):
    heard = follow(preview, [(workspace / "css").mkdir, lambda: (workspace / "css" / "a.css").write_text("x")])
    assert heard[2]["css"] == ["/css/a.css"]


def test_a_page_of_another_origin_hears_nothing(preview):
    answer = preview.get("/__dialup/live", headers={
        "Origin": "http://evil.example", "Connection": "Upgrade", "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw=="})
    assert answer.status_code == 403
