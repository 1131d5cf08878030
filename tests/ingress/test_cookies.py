"""What a neighbour plants for the whole domain changes nothing: not who one is, and not what works."""

from __future__ import annotations

from typing import Any

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.web import Application, HTTPError, RequestHandler

LAB = "alice.editor.dialup.localhost"
PREVIEW = "blog-dev.dialup.localhost"
REAL = "2|6f1c2e3a|0123456789abcdef0123456789abcdef|1700000000"
EVIL = "2|00000000|ffffffffffffffffffffffffffffffff|1700000000"
PLANTED = [
    "__host-dialup=E; __Host-dialup=ours", "__HOST-DIALUP=E; __Host-dialup=ours",
    "x=__Host-dialup=E; __Host-dialup=ours", "a__Host-dialup=E;__Host-dialup=ours;b=1",
    "a,__Host-dialup=E; __Host-dialup=ours", "__Host-dialup=E E; __Host-dialup=ours",
    "__Host-dialup=; __Host-dialup=ours", "__Host-dialup={http.request.host}; __Host-dialup=ours",
    "__Host-dialup-state=E E; __Host-dialup=ours",
]


@pytest.fixture
def edge(world: Any) -> Any:
    """A door that is open to whoever has our cookie."""
    server = world.on_socket("edge")
    server.routes["/_auth"] = lambda handler: (
        (200, [("X-Dialup-User", "alice"), ("X-Dialup-Frame", "http://lab")], b"ok")
        if handler.headers["Cookie"] == "__Host-dialup=ours; __Host-dialup-guest=" else (401, [], b"who?"))
    return server


def cookies_of(answer: Any) -> list[str]:
    return [value for name, value in answer.echo["headers"] if name == "cookie"]


@pytest.mark.parametrize("planted", PLANTED)
def test_no_planted_cookie_stands_for_ours_at_the_portal(world: Any, planted: str) -> None:
    world.on_socket("hub")

    assert cookies_of(world.ask("admin.dialup.localhost", headers={"Cookie": planted})) == [
        "__Host-dialup=ours; _xsrf="]


@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize("host", [LAB, PREVIEW])
def test_no_planted_cookie_stands_for_ours_at_the_door(world: Any, edge: Any, host: str, planted: str) -> None:
    world.publish(host, None, world.server("inside").address)

    entered = world.ask(host, "/_dialup/enter", headers={
        "Cookie": f"__host-dialup-state=E; {planted}; __Host-dialup-state=mine"})

    assert world.ask(host, headers={"Cookie": planted}).status == 200
    assert cookies_of(entered) == ["__Host-dialup=ours; __Host-dialup-state=mine"]


def test_a_lab_gets_its_xsrf_cookie_once_and_no_other(world: Any, edge: Any) -> None:
    world.publish(LAB, None, world.server("lab").address)
    planted = f"theme=dark; _XSRF=E; __Host-dialup=ours; _xsrf={REAL}; _xsrf={EVIL}; x=1"

    seen = world.ask(LAB, "/api/contents/a", "POST", b"{}", headers={"Cookie": planted})

    assert cookies_of(seen) == [f"_xsrf={REAL}"]
    assert seen.echo["body"] == "{}"


@pytest.mark.parametrize("cookies", [f"_xsrf={REAL}", f"_xsrf=evil; _xsrf={REAL}", f"_xsrf={EVIL}; _xsrf={REAL}",
                                     f"_xsrf={REAL}; _xsrf={EVIL}", "bomb=1"])
@pytest.mark.parametrize("header", [REAL, EVIL, "evil"])
def test_saving_in_a_lab_works_whatever_a_neighbour_planted(world: Any, edge: Any, cookies: str,
                                                            header: str) -> None:
    """The page may read another `_xsrf` than the lab is sent (by its path); Tornado itself judges."""
    world.publish(LAB, None, world.server("lab").address)

    seen = world.ask(LAB, "/api/contents/a", "POST", b"{}", headers={
        "Cookie": f"{cookies}; __Host-dialup=ours", "X-XSRFToken": header})

    assert refused_by_tornado(seen) is None


@pytest.mark.parametrize(("body", "refused"), [(REAL, False), ("", True), (EVIL, True)])
def test_without_the_header_the_lab_still_judges_by_its_own_cookie(world: Any, edge: Any, body: str,
                                                                   refused: bool) -> None:
    world.publish(LAB, None, world.server("lab").address)

    seen = world.ask(LAB, "/x", "POST", b"{}", headers={"Cookie": f"_xsrf={REAL}; __Host-dialup=ours"})

    assert (refused_by_tornado(seen, body) is not None) is refused


def refused_by_tornado(answer: Any, argument: str = "") -> HTTPError | None:
    """What Tornado's own check says about the request that reached the lab."""
    headers = HTTPHeaders()
    for name, value in answer.echo["headers"]:
        headers.add(name, value)
    request = HTTPServerRequest(headers=headers, connection=Connection(),  # type: ignore[arg-type]
                                start_line=RequestStartLine("POST", "/x", "HTTP/1.1"))
    request.arguments = {"_xsrf": [argument.encode()]} if argument else {}
    try:
        RequestHandler(Application(), request).check_xsrf_cookie()
    except HTTPError as error:
        return error
    return None


class Connection:
    """A connection nobody writes to: only the judgement is of interest."""

    context = None

    def set_close_callback(self, callback: Any) -> None:
        """Never closed."""


@pytest.mark.parametrize("size", [9_000, 100_000, 400_000, 900_000])
@pytest.mark.parametrize("host", [LAB, PREVIEW, "bombed.dialup.localhost"])
@pytest.mark.parametrize("behind", ["running", "gate"])
def test_a_cookie_bomb_closes_nobodys_door(world: Any, edge: Any, host: str, size: int, behind: str) -> None:
    server = world.server("inside") if behind == "running" else world.gate()
    world.publish(host, None, server.address if behind == "running" else "gate")
    bomb = "; ".join(f"b{number}={'x' * 3990}" for number in range(size // 4000 + 1))

    answer = world.ask(host, headers={"Cookie": f"{bomb}; __Host-dialup=ours"})

    assert answer.status == (200 if behind == "running" else 503)
    assert cookies_of(answer) == (["_xsrf="] if host == LAB and behind == "running" else [])


def test_the_handover_survives_a_cookie_bomb_as_well(world: Any, edge: Any) -> None:
    for host in (LAB, PREVIEW):
        answer = world.ask(host, "/_dialup/enter", headers={"Cookie": f"b={'x' * 900_000}; __Host-dialup-state=s"})

        assert cookies_of(answer) == ["__Host-dialup=; __Host-dialup-state=s"]


def test_a_site_keeps_its_own_cookies(world: Any) -> None:
    host = world.publish("keeps", None, world.server("app").address)
    own = f"basket={'x' * 4000}; theme=dark"

    assert cookies_of(world.ask(host, headers={"Cookie": own})) == [own]


@pytest.mark.parametrize("value", ['"*"', '"cookies"', '"cache", "storage"'])
@pytest.mark.parametrize("host", [LAB, PREVIEW, "clears.dialup.localhost"])
def test_what_people_write_cannot_clear_the_cookies_of_the_domain(world: Any, edge: Any, host: str,
                                                                  value: str) -> None:
    app = world.server("app")
    app.answer_headers = [("Clear-Site-Data", value), ("clear-site-data", value)]
    world.publish(host, None, app.address)

    answer = world.ask(host, headers={"Cookie": "__Host-dialup=ours"})

    assert answer.status == 200 and "Clear-Site-Data" not in answer.headers


def test_the_gate_may_clear_what_a_removed_site_left_behind(world: Any) -> None:
    world.gate().answer_headers = [("Clear-Site-Data", '"cache", "storage"')]
    host = world.publish("removed", None, "gate")

    assert world.ask(host).headers["Clear-Site-Data"] == '"cache", "storage"'


@pytest.mark.parametrize("host", [LAB, PREVIEW, "switches.dialup.localhost"])
@pytest.mark.parametrize("status", ["101 Switching Protocols", "103 Early Hints"])
def test_an_early_answer_plants_nothing_either(world: Any, edge: Any, host: str, status: str) -> None:
    def switch(handler: Any) -> tuple[int, list[tuple[str, str]], bytes]:
        upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\n" if status.startswith("101") else b""
        handler.wfile.write(b"HTTP/1.1 " + status.encode() + b"\r\n" + upgrade
                            + b"Set-Cookie: _xsrf=evil; Domain=dialup.localhost\r\nSet-Cookie: b=2\r\n"
                            b'Clear-Site-Data: "*"\r\nX-Kept: yes\r\n\r\n')
        handler.close_connection = True
        return 200, [], b"end"

    app = world.server("app")
    app.routes["/ws"] = switch
    world.publish(host, None, app.address)

    asked = "Connection: Upgrade\r\nUpgrade: websocket" if status.startswith("101") else "Connection: close"
    said = world.raw(f"GET /ws HTTP/1.1\r\nHost: {host}\r\n{asked}\r\n"
                     "Cookie: __Host-dialup=ours\r\n\r\n".encode())

    assert said.startswith(b"HTTP/1.1 " + status[:3].encode()) and b"X-Kept: yes" in said
    assert b"evil" not in said and b"b=2" not in said and b"Clear-Site-Data" not in said
