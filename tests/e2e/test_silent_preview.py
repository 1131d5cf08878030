"""A Node preview that falls over says why, where the preview is, and goes on when the file is mended."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from dialup_ext.testing.installation import Answer, Installation, Person, wait_until

GOOD = """import http from 'node:http'
http.createServer((request, response) => {
  if (request.url === '/crash') throw new TypeError('the guests <left>')
  response.end('all is well')
}).listen(process.env.PORT)
"""
BROKEN = "throw new RangeError('broken before it listened')\n"


def preview_of(person: Person, site: str, source: str) -> tuple[Path, Callable[..., Answer]]:
    """A running preview with `node --watch`: the file to edit, and its owner's way to ask it."""
    installation = person.installation
    folder = installation.home / "homes" / person.name / site
    folder.mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps(
        {"name": "t", "type": "module", "scripts": {"dev": "node --watch server.js", "start": "node server.js"}}))
    (folder / "server.js").write_text(source)
    person.call("POST", "/sites", {"name": site, "template": "node"})
    person.call("POST", f"/sites/{site}/preview")
    wait_until(lambda: person.call("GET", f"/sites/{site}/preview").json["state"] == "running", 60,
               lambda: person.call("GET", f"/sites/{site}/preview").text)
    ticket = urlsplit(person.call("POST", f"/sites/{site}/preview/ticket").json["url"])
    entered = installation.get(ticket.hostname or "", f"{ticket.path}?{ticket.query}",
                               **{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"})
    cookie = re.search(r"__Host-dialup=([\w-]{43})", entered.headers.get("set-cookie", ""))
    assert cookie, entered.text

    def ask(path: str = "/", accept: str = "text/html") -> Answer:
        return installation.get(f"{site}-dev", path, Accept=accept, Cookie=f"__Host-dialup={cookie[1]}")

    return folder / "server.js", ask


def test_a_preview_that_falls_over_shows_its_trace_and_comes_back_when_mended(
        dialup: Installation, ana: Person, name: str) -> None:
    file, ask = preview_of(ana, name, GOOD)
    assert ask().text == "all is well"

    ask("/crash")
    silent = wait_until(lambda: (answer := ask()).status == 503 and "TypeError" in answer.text and answer)

    assert "Its program stopped: TypeError: the guests &lt;left&gt;" in silent.text
    assert "server.js:3" in silent.text and 'http-equiv="refresh"' in silent.text
    assert f"http://{ana.name}.editor.dialup.localhost" in silent.headers["content-security-policy"]
    assert ask(accept="*/*").json["code"] == "preview_not_answering"
    assert dialup.get(f"{name}-dev").status in (302, 401), "nobody else reads it"

    file.write_text(GOOD.replace("throw", "void"))
    wait_until(lambda: ask().text == "all is well")


def test_a_preview_broken_from_the_start_is_shown_at_once_with_its_trace(
        dialup: Installation, ana: Person, name: str) -> None:
    file, ask = preview_of(ana, name, BROKEN)

    assert "Its program stopped: RangeError: broken before it listened" in ask().text

    file.write_text(GOOD)
    wait_until(lambda: ask().text == "all is well")
