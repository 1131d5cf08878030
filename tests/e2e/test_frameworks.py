"""Next and Astro as programs, in containers: from npm, previewed with hot reload, built, deployed and visited.

One installation and one account for all of it, so that packages are fetched once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import websocket

from dialup_ext.templates import unpack
from dialup_ext.testing.drivers import installed
from dialup_ext.testing.installation import Answer, Installation, Person, wait_until

pytestmark = pytest.mark.timeout(540)

SHOWS_IN = 120.0
"""Seconds a development server may take for its first page; it compiles it then."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed("docker", tmp_path_factory.mktemp("frameworks") / "home", "node", drain_seconds="0.5",
                   health_timeout="30", nodejs_dev_cpu="1.5", nodejs_dev_memory_mb="768", next_cpu="1",
                   astro_cpu="1", storage_walls="off") as installation:
        yield installation


@pytest.fixture(scope="module")
def eva(hub: Installation) -> Person:
    return hub.account("eva")


class Preview:
    """A running preview as its owner's browser has it: by a cookie of its own origin."""

    def __init__(self, person: Person, site: str) -> None:
        self.installation, self.host = person.installation, f"{site}-dev"
        person.call("POST", f"/sites/{site}/preview")
        wait_until(lambda: person.call("GET", f"/sites/{site}/preview").json["state"] in ("running", "failed"), 240)
        shown = person.call("GET", f"/sites/{site}/preview").json
        assert shown["state"] == "running", (shown, person.call("GET", f"/sites/{site}/preview/log").text[-3000:])
        ticket = urlsplit(person.call("POST", f"/sites/{site}/preview/ticket").json["url"])
        entered = self.installation.get(ticket.hostname or "", f"{ticket.path}?{ticket.query}",
                                        **{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"})
        cookie = re.search(r"__Host-dialup=([\w-]{43})", entered.headers.get("set-cookie", ""))
        assert cookie, entered.text
        self.cookie = f"__Host-dialup={cookie[1]}"
        settings = self.installation.settings
        self.origin = settings.origin(f"{self.host}.{settings.domain}")

    def get(self, path: str = "/") -> Answer:
        return self.installation.request("GET", self.host, path, headers={"Cookie": self.cookie}, timeout=SHOWS_IN)

    def listen(self, path: str, protocol: str | None = None, origin: str = "") -> websocket.WebSocket:
        """A websocket through the public address, as the preview's page opens it."""
        address = urlsplit(self.origin)
        return websocket.create_connection(
            f"ws://127.0.0.1:{self.installation.port}{path}", host=address.netloc, origin=origin or self.origin,
            cookie=self.cookie, subprotocols=[protocol] if protocol else None, timeout=SHOWS_IN)


def heard(socket: websocket.WebSocket, sign: Callable[[str], bool]) -> bool:
    """True once a message came that bears `sign`; the socket's own time limit ends the wait."""
    while message := socket.recv():
        if sign(message if isinstance(message, str) else message.decode("utf-8", "replace")):
            return True
    return False


def workspace_of(person: Person, site: str, template: str) -> Path:
    person.call("POST", "/sites", {"name": site, "template": template})
    return unpack(template, person.installation.home / "homes" / person.name / site)


def log_of(person: Person, deployment: dict) -> str:
    return "\n".join(person.call("GET", f"/deployments/{deployment['id']}/log").json["lines"])


def test_the_next_template_is_previewed_with_hot_reload_built_and_visited(hub: Installation, eva: Person,
                                                                         name: str) -> None:
    folder = workspace_of(eva, name, "next")
    preview = Preview(eva, name)
    assert "Tonight it is" in preview.get().text
    with pytest.raises(websocket.WebSocketBadStatusException):
        preview.listen("/_next/hmr?id=x", origin="http://evil.example")
    with closing(preview.listen("/_next/hmr?id=tests")) as socket:
        page = folder / "app/page.js"
        page.write_text(page.read_text().replace("The rest of the week", "Other evenings"))
        assert heard(socket, lambda text: "page.js" in text or '"built"' in text or "serverComponentChanges" in text)
    wait_until(lambda: "Other evenings" in preview.get().text, SHOWS_IN)
    eva.call("DELETE", f"/sites/{name}/preview")

    first = eva.deploy(name, folder)
    assert "into a program, which is started with `node server.js`" in log_of(eva, first)
    assert "Other evenings" in hub.get(name).text
    assert hub.get(name, "/api/tonight").json["minutes"] > 0
    assert "Red lentil dal" in hub.get(name, "/dishes/red-lentil-dal").text
    assert hub.get(name, "/dishes/gruel").status == 404
    style = re.search(r'href="(/_next/static/[^"]+\.css)"', hub.get(name).text)
    assert style and "--paper" in hub.get(name, style[1]).text
    site = eva.call("GET", f"/sites/{name}").json
    assert (site["kind"], site["runs"]) == ("next", True)

    dishes = folder / "lib/dishes.js"
    dishes.write_text(dishes.read_text().replace("Red lentil dal", "Green lentil dal"))
    second = eva.deploy(name, folder)
    assert "dependencies are installed already" in log_of(eva, second)
    assert "Green lentil dal" in hub.get(name, "/dishes/red-lentil-dal").text
    back = eva.call("POST", f"/sites/{name}/rollback", {}).json
    wait_until(lambda: eva.call("GET", f"/deployments/{back['id']}").json["status"] == "live", 60)
    assert "Red lentil dal" in hub.get(name, "/dishes/red-lentil-dal").text
    assert "building" not in log_of(eva, back)


def test_an_astro_site_runs_after_hot_reload_in_its_preview_or_by_astros_own_server(
        hub: Installation, eva: Person, name: str) -> None:
    folder = workspace_of(eva, name, "astro")
    preview = Preview(eva, name)
    token = re.search(r'wsToken = "([\w-]+)"', preview.get("/@vite/client").text)
    assert token and "Small hours" in preview.get().text
    with closing(preview.listen(f"/?token={token[1]}", "vite-hmr")) as socket:
        page = folder / "src/pages/index.astro"
        page.write_text(page.read_text() + "\n<p>A line at the end.</p>\n")
        assert heard(socket, lambda text: '"update"' in text or "full-reload" in text)
    wait_until(lambda: "A line at the end" in preview.get().text, SHOWS_IN)
    eva.call("DELETE", f"/sites/{name}/preview")

    (folder / "dialup.toml").write_text('start = "astro preview"\nhealth = "/notes/bread-again/"\n')
    eva.deploy(name, folder)
    assert "A line at the end" in hub.get(name).text
    site = eva.call("GET", f"/sites/{name}").json
    assert (site["kind"], site["runs"]) == ("astro", True)

    (folder / "dialup.toml").unlink()
    package = json.loads((folder / "package.json").read_text())
    package["dependencies"]["@astrojs/node"] = "^11.1.6"
    (folder / "package.json").write_text(json.dumps(package))
    (folder / "package-lock.json").unlink()
    (folder / "astro.config.mjs").write_text(
        "import { defineConfig } from 'astro/config';\nimport node from '@astrojs/node';\n"
        "export default defineConfig({ adapter: node({ mode: 'standalone' }) });\n")
    (folder / "src/pages/ask.astro").write_text(
        "---\nexport const prerender = false;\nconst who = Astro.url.searchParams.get('who');\n---\n<p>hello {who}</p>\n")
    deployed = eva.deploy(name, folder)
    assert "started with `node ./dist/server/entry.mjs`" in log_of(eva, deployed)
    assert "<p>hello Ines</p>" in hub.get(name, "/ask?who=Ines").text
    assert "A line at the end" in hub.get(name).text
