"""The guestbook: a real Node server, and people in real browsers."""

from __future__ import annotations

import signal

import pytest

pytestmark = pytest.mark.browser


def pin(page, name, text):
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Your note").fill(text)
    page.get_by_role("button", name="Pin it").click()


def connected(page):
    page.locator("#status[data-state=live]").wait_for()


def test_it_serves_its_files_and_nothing_else(start, ask):
    site = start()
    assert ask(site.url + "/healthz")[::2] == (200, b"ok\n")
    status, headers, body = ask(site.url + "/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b"Leave a note" in body
    assert ask(site.url + "/missing")[0] == 404
    for path in ("/../server.js", "/..%2fserver.js", "/.gitignore", "/%2e%2e/package.json", "/lib/", "/%00", "/%zz"):
        assert ask(site.url + path)[0] == 404, path
    assert ask(site.url + "/", "DELETE")[0] == 405
    assert ask(site.url + "/style.css", "HEAD")[2] == b""


def test_everyone_sees_a_note_at_once_also_behind_a_host_name(start, behind_caddy, chromium, page):
    address = behind_caddy(start().port)
    other = chromium.new_page()
    for reader in (page, other):
        reader.goto(address)
        connected(reader)
    page.get_by_text("2 people are here").wait_for()

    pin(other, "Ines", "<b>Hello</b> from the train")

    page.get_by_text("<b>Hello</b> from the train").wait_for()
    page.locator("#heart").click()
    other.get_by_text("1 heart so far").wait_for()
    other.close()
    page.get_by_text("You are the only one here").wait_for()


def test_asked_to_stop_it_says_goodbye_and_leaves(start, page):
    site = start()
    page.goto(site.url)
    connected(page)
    site.process.send_signal(signal.SIGTERM)
    assert site.process.wait(10) == 0
    page.get_by_text("Trying again").wait_for()


def test_a_saved_style_slips_in_and_a_saved_page_reloads(start, behind_caddy, page):
    site = start(dev=True)
    page.goto(behind_caddy(site.port))
    connected(page)
    page.evaluate("window.sameDocument = true")

    sheet = site.folder / "public" / "style.css"
    sheet.write_text(sheet.read_text() + "\nbody { background: rgb(1, 2, 3); }")
    page.wait_for_function("getComputedStyle(document.body).backgroundColor === 'rgb(1, 2, 3)'")
    assert page.evaluate("window.sameDocument") is True

    html = site.folder / "public" / "index.html"
    fresh = html.with_suffix(".tmp")
    fresh.write_text(html.read_text().replace("Leave a note", "Sing a song"))
    fresh.replace(html)  # as many editors save
    page.get_by_role("heading", name="Sing a song").wait_for()


def test_a_changed_server_restarts_and_the_page_follows(start, page):
    site = start(dev=True)
    page.goto(site.url)
    connected(page)
    page.evaluate("window.sameDocument = true")

    code = site.folder / "lib" / "guestbook.js"
    code.write_text(code.read_text().replace("#notes = [];", '#notes = [{ id: 0, name: "New server", '
                                             'text: "Here I am", colour: "sea", at: new Date().toISOString() }];'))

    page.get_by_text("Here I am").wait_for()
    assert page.evaluate("window.sameDocument") is None


def test_a_flood_of_messages_reaches_nobody(start, page):
    page.goto(start().url)
    connected(page)
    page.evaluate("""async () => {
      const socket = new WebSocket(location.origin.replace('http', 'ws') + '/live');
      await new Promise((done) => (socket.onopen = done));
      for (let i = 0; i < 500; i++) socket.send('{"type":"heart"}');
      await new Promise((done) => setTimeout(done, 0));
      socket.send('no json at all');
    }""")
    page.wait_for_function("Number(document.querySelector('#hearts').value) >= 12")
    assert int(page.locator("#hearts").inner_text()) < 100
