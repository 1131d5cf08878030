"""Labs and previews through the real edge: their owner gets in, everybody else meets a closed door."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest

from dialup_ext.domain.login import Origin
from dialup_ext.testing.installation import Answer, Installation, Person, wait_until


@dataclass(frozen=True)
class Visitor:
    """Somebody with a browser's cookies for one host, or without."""

    person: Person
    host: str
    cookie: str

    def ask(self, method: str = "GET", path: str = "/", host: str | None = None, **headers: str) -> Answer:
        sent = {"Cookie": f"__Host-dialup={self.cookie}"} if self.cookie else {}
        return self.person.installation.request(method, host or self.host, path, headers={**sent, **headers},
                                                body=b"{}" if method != "GET" else None)

    def shake_hands(self, origin: str | None, host: str | None = None) -> int:
        """The status of a websocket handshake with a kernel's or terminal's address."""
        installation = self.person.installation
        with closing(http.client.HTTPConnection("127.0.0.1", installation.port, timeout=20)) as connection:
            headers = {"Host": f"{host or self.host}:{installation.port}", "Upgrade": "websocket",
                       "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                       "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw==",
                       **({"Cookie": f"__Host-dialup={self.cookie}"} if self.cookie else {}),
                       **({"Origin": origin} if origin else {})}
            connection.request("GET", "/api/events/subscribe", headers=headers)
            return connection.getresponse().status


def enter(person: Person, host: str) -> Visitor:
    """Log in, and let the portal hand the login over to `host`, step by step as a browser is led."""
    installation = person.installation
    session = installation.identity._enter(installation.identity.account(person.name), Origin("127.0.0.1"), None)
    asked = installation.get(host, "/lab", **{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"})
    assert asked.status == 302, asked.text
    state = re.search(r"__Host-dialup-state=([^;]+)", asked.headers["set-cookie"])
    led = installation.get("admin", asked.headers["location"].partition(str(installation.port))[2],
                           Cookie=f"__Host-dialup={session.token}")
    code = re.search(r"/_dialup/enter\?[^\"' ]+", led.headers.get("location", "") + led.text)
    assert state and code, led.text
    entered = installation.get(host, code[0].replace("&amp;", "&"), Cookie=f"__Host-dialup-state={state[1]}")
    cookie = re.search(r"__Host-dialup=([\w-]{43})", entered.headers.get("set-cookie", ""))
    assert entered.status == 303 and cookie, entered.text
    return Visitor(person, host, cookie[1])


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Visitor, Visitor]]:
    """Ana and ben, each with a running lab and in it."""
    installation = Installation(tmp_path_factory.mktemp("labs") / "home")
    try:
        installation.start()
        yield in_own_lab(installation.account("ana")), in_own_lab(installation.account("ben"))
    finally:
        installation.stop()


def in_own_lab(person: Person) -> Visitor:
    person.call("POST", "/lab")
    wait_until(lambda: person.call("GET", "/lab").json["state"] == "running", 60,
               lambda: person.call("GET", "/lab").text)
    return enter(person, f"{person.name}.editor.dialup.localhost")


def test_the_owner_gets_into_their_own_lab(two: tuple[Visitor, Visitor]) -> None:
    ana, _ = two

    assert ana.ask(path="/lab").status == 200
    assert ana.ask(path="/api/me").json["identity"]["username"] == "ana"
    assert ana.ask(path="/dialup/api/v1/me").json["account"]["name"] == "ana"


@pytest.mark.parametrize("path", ["/lab", "/api/contents", "/api/kernels", "/api/terminals", "/files/x",
                                  "/dialup/api/v1/me", "/dialup/lab/v1/workspaces", "/dialup/dashboards/resources",
                                  "/dialup/preview/x/", "/voila/static/x", "/static/lab/x.js", "/api", "/metrics"])
def test_nobody_elses_login_opens_any_door_of_it(two: tuple[Visitor, Visitor], path: str) -> None:
    ana, ben = two

    assert ben.ask(path=path, host=ana.host).status in (401, 404), "ben's own lab session, at ana's"
    assert Visitor(ben.person, ana.host, "").ask(path=path).status == 401
    assert Visitor(ben.person, ana.host, "A" * 43).ask(path=path).status == 401


@pytest.mark.parametrize("verb", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("origin", ["", "null", "http://blog.dialup.localhost:{port}", "http://admin.dialup.localhost:{port}",
                                    "http://ben.editor.dialup.localhost:{port}", "http://ana.editor.dialup.localhost",
                                    "https://ana.editor.dialup.localhost:{port}",
                                    "http://ana.editor.dialup.localhost:{port}.evil",
                                    "http://ANA.editor.dialup.localhost:{port}@x"])
def test_only_the_labs_own_pages_may_change_anything(two: tuple[Visitor, Visitor], verb: str, origin: str) -> None:
    ana, _ = two
    port = ana.person.installation.port
    sent = {"Origin": origin.format(port=port)} if origin else {}

    assert ana.ask(verb, "/api/contents/x", **sent).status == 403


@pytest.mark.parametrize(("origin", "status"), [
    ("http://ana.editor.dialup.localhost:{port}", 101), (None, 403), ("null", 403),
    ("http://blog.dialup.localhost:{port}", 403), ("http://ben.editor.dialup.localhost:{port}", 403)])
def test_only_the_labs_own_pages_may_open_a_websocket(two: tuple[Visitor, Visitor], origin: str | None,
                                                      status: int) -> None:
    ana, ben = two
    port = ana.person.installation.port

    assert ana.shake_hands(origin and origin.format(port=port)) == status
    assert ben.shake_hands(f"http://{ana.host}:{port}", host=ana.host) in (401, 403, 404)


@pytest.mark.parametrize("header", ["X-Dialup-User", "X_Dialup_User", "X.Dialup.User", "x-dialup-user", "Remote-User",
                                    "X-Forwarded-User", "X-Dialup-Lab"])
def test_a_header_makes_nobody_somebody(two: tuple[Visitor, Visitor], header: str) -> None:
    ana, ben = two

    assert Visitor(ben.person, ana.host, "").ask(path="/api/me", **{header: "ana"}).status == 401
    assert ana.ask(path="/api/me", **{header: "ben"}).json["identity"]["username"] == "ana"


def test_a_labs_cookie_is_good_at_that_lab_only(two: tuple[Visitor, Visitor]) -> None:
    ana, _ = two
    installation = ana.person.installation

    for host in ("admin", "ben.editor.dialup.localhost"):
        assert ana.ask(path="/dialup/api/v1/me", host=host).status == 401
    assert installation.get("admin", "/dialup/api/v1/me", Cookie="__Host-dialup=" + "B" * 43).status == 401


def test_the_lab_itself_believes_nobody_who_comes_past_the_edge(two: tuple[Visitor, Visitor]) -> None:
    ana, _ = two
    targets = ana.person.installation.home / "ingress" / "live" / ana.host / "up"
    address = next(targets.iterdir()).name
    with closing(http.client.HTTPConnection(address, timeout=20)) as connection:
        connection.request("GET", "/api/contents", headers={"X-Dialup-User": "ana", "X-Dialup-Lab": "guess"})
        assert connection.getresponse().status in (401, 403)


def test_logging_out_everywhere_closes_the_lab_at_once(two: tuple[Visitor, Visitor]) -> None:
    ana, _ = two
    installation = ana.person.installation
    again = enter(ana.person, ana.host)
    assert again.ask(path="/api/me").status == 200

    installation.identity.end_sessions(installation.identity.account("ana"))

    assert again.ask(path="/api/me").status == 401


def test_disabling_an_account_ends_its_lab(two: tuple[Visitor, Visitor]) -> None:
    _, ben = two
    installation = ben.person.installation
    door = installation.settings.run / "labs" / "ben" / "hub.sock"
    assert door.exists()

    installation.identity.disable_account("ben")

    assert ben.ask(path="/api/me").status == 401
    wait_until(lambda: not any("lab-ben-" in entry.name for entry in (installation.home / "instances").iterdir()), 40)
    wait_until(lambda: not door.exists())
