"""Guests of a preview at the real edge: one preview, while their link is good, and nothing else of anybody."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner

from dialup_ext.cli.deploy import main
from dialup_ext.testing.installation import Answer, Installation, Person, wait_until

PAGE = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Accept": "text/html"}


@dataclass
class Scene:
    """Ana's previews `open` and `other`, and her site `shut` whose preview does not run; Ben has a site, too."""

    dialup: Installation
    ana: Person
    ben: Person

    def host(self, site: str) -> str:
        return f"{site}-dev.{self.dialup.settings.domain}"

    def share(self, site: str, person: Person | None = None) -> dict[str, Any]:
        answer = (person or self.ana).call("POST", f"/sites/{site}/preview/links", {"hours": 1})
        assert answer.status == 201, answer.text
        return dict(answer.json)

    def follow(self, url: str, host: str) -> Answer:
        return self.dialup.get(host, url.partition(str(self.dialup.port))[2], **PAGE)

    def guest(self, site: str) -> str:
        entered = self.follow(self.share(site)["url"], self.host(site))
        found = re.search(r"__Host-dialup-guest=([\w-]{43})", entered.headers.get("set-cookie", ""))
        assert entered.status == 303, entered.text
        assert found
        assert (entered.headers["location"], entered.headers["referrer-policy"]) == ("/", "no-referrer")
        return found[1]

    def ask(self, guest: str, host: str, path: str = "/", method: str = "GET", **headers: str) -> Answer:
        return self.dialup.request(method, host, path, headers={"Cookie": f"__Host-dialup-guest={guest}", **headers})

    def shake_hands(self, guest: str, site: str, origin: str) -> int:
        """The status of the handshake of the preview's live reload."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.dialup.port, timeout=20)) as connection:
            connection.request("GET", "/__dialup/live", headers={
                "Host": f"{self.host(site)}:{self.dialup.port}", "Upgrade": "websocket", "Connection": "Upgrade",
                "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw==", "Origin": origin,
                "Cookie": f"__Host-dialup-guest={guest}"})
            return connection.getresponse().status


@pytest.fixture(scope="module", params=["process", "docker"])
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    dialup: Installation = request.getfixturevalue("docked" if request.param == "docker" else "dialup")
    ana, ben = dialup.account(f"gana-{request.param}"), dialup.account(f"gben-{request.param}")
    names = {"open": ana, "other": ana, "shut": ana, "bens": ben}
    for name, owner in names.items():
        assert owner.call("POST", "/sites", {"name": f"{name}{request.param}"}).status == 201
        workspace = dialup.home / "homes" / owner.name / f"{name}{request.param}"
        workspace.mkdir(parents=True)
        (workspace / "index.html").write_text(f"<h1>draft of {name}</h1>")
    for name in ("open", "other"):
        path = f"/sites/{name}{request.param}/preview"
        begun = ana.call("POST", path)
        assert begun.status == 202, begun.text
        wait_until(lambda path=path: ana.call("GET", path).json["state"] != "starting", 80)  # type: ignore[misc]
        shown = ana.call("GET", path).json
        assert shown["state"] == "running", shown
    yield Scene(dialup, ana, ben)
    for name, owner in names.items():
        owner.call("DELETE", f"/sites/{name}{request.param}")


@pytest.fixture
def kind(scene: Scene) -> str:
    return str(scene.dialup.options["driver"])


def test_a_guest_sees_the_preview_with_its_live_reload(scene: Scene, kind: str) -> None:
    guest, host = scene.guest(f"open{kind}"), scene.host(f"open{kind}")
    assert "draft of open" in scene.ask(guest, host).text
    assert scene.shake_hands(guest, f"open{kind}", scene.dialup.settings.origin(host)) == 101
    assert scene.shake_hands(guest, f"open{kind}", "http://evil.example") == 403
    assert scene.ask(guest, host).headers["content-security-policy"].strip().endswith("frame-ancestors 'none'")


def test_a_guest_sees_nothing_else_of_anybody(scene: Scene, kind: str) -> None:
    guest, domain = scene.guest(f"open{kind}"), scene.dialup.settings.domain
    for host in (scene.host(f"other{kind}"), scene.host(f"bens{kind}"), f"{scene.ana.name}.editor.{domain}",
                 f"{scene.ben.name}.editor.{domain}"):
        for path in ("/", "/lab", "/api/contents", "/_dialup/enter?code=x"):
            answer = scene.ask(guest, host, path)
            assert answer.status in (401, 403), (host, path, answer.text)
            assert "draft" not in answer.text
    for path in ("/me", "/sites", f"/sites/open{kind}", f"/sites/open{kind}/env", f"/sites/open{kind}/preview/links"):
        for cookie in ("__Host-dialup", "__Host-dialup-guest"):
            answer = scene.dialup.get("admin", f"/dialup/api/v1{path}", Cookie=f"{cookie}={guest}")
            assert answer.status == 401, path


def test_a_token_opens_its_own_preview_only_and_no_other_account_makes_one(scene: Scene, kind: str) -> None:
    made = scene.share(f"open{kind}")
    for host in (scene.host(f"other{kind}"), scene.host(f"bens{kind}")):
        assert "This link has ended" in scene.follow(made["url"], host).text
    for verb, path in (("GET", ""), ("POST", ""), ("DELETE", f"/{made['id']}")):
        answer = scene.ben.call(verb, f"/sites/open{kind}/preview/links{path}", {} if verb == "POST" else None)
        assert answer.status == 404, verb
    assert scene.ben.call("DELETE", f"/sites/bens{kind}/preview/links/{made['id']}").status == 404
    assert scene.follow(made["url"], scene.host(f"open{kind}")).status == 303


def test_revoking_ends_it_at_once_and_others_go_on(scene: Scene, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    site, host = f"open{kind}", scene.host(f"open{kind}")
    made, other = scene.share(site), scene.guest(site)
    found = re.search(r"guest=([\w-]{43})", scene.follow(made["url"], host).headers["set-cookie"])
    assert found
    assert scene.ask(found[1], host).status == 200
    monkeypatch.setenv("DIALUP_SERVER", scene.ana.portal)
    monkeypatch.setenv("DIALUP_KEY", scene.ana.key)
    assert made["id"] in CliRunner().invoke(main, ["preview", "links", site]).stdout
    assert CliRunner().invoke(main, ["preview", "unshare", site, made["id"]]).exit_code == 0
    over = scene.ask(found[1], host, **PAGE)
    assert (over.status, "This link has ended" in over.text) == (403, True)
    assert scene.shake_hands(found[1], site, scene.dialup.settings.origin(host)) == 403
    assert "This link has ended" in scene.follow(made["url"], host).text
    assert scene.ask(other, host).status == 200
    assert CliRunner().invoke(main, ["preview", "unshare", site]).exit_code == 0
    assert scene.ask(other, host).status == 403


def test_the_command_makes_a_link_and_still_opens_previews(scene: Scene, kind: str,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIALUP_SERVER", scene.ana.portal)
    monkeypatch.setenv("DIALUP_KEY", scene.ana.key)
    shared = CliRunner().invoke(main, ["preview", "share", f"other{kind}", "--hours", "2"])
    url = re.search(r"http://\S+/_dialup/share\?token=\S+", shared.stdout)
    assert url, shared.output
    assert scene.follow(url[0], scene.host(f"other{kind}")).status == 303
    assert "is running" in CliRunner().invoke(main, ["preview", f"other{kind}"]).stdout
    assert CliRunner().invoke(main, ["preview", "share", f"other{kind}", "--hours", "0"]).exit_code == 2


def test_a_guest_starts_nothing(scene: Scene, kind: str) -> None:
    guest, host = scene.guest(f"shut{kind}"), scene.host(f"shut{kind}")
    answer = scene.ask(guest, host, **PAGE)
    assert (answer.status, "This preview is asleep" in answer.text) == (503, True)
    assert scene.ana.call("GET", f"/sites/shut{kind}/preview").json["state"] == "stopped"


def test_no_token_is_written_into_a_log(scene: Scene, kind: str) -> None:
    url = scene.share(f"open{kind}")["url"]
    scene.follow(url, scene.host(f"open{kind}"))
    token = url.partition("token=")[2].encode()
    written = [path for place in ("logs", "data", "container-logs")
               for path in (scene.dialup.home / place).rglob("*") if path.is_file()]
    assert any(path.name == "access-sites.log" for path in written)
    assert not [path for path in written if token in path.read_bytes()]
    assert token.decode() not in scene.dialup.printed()
