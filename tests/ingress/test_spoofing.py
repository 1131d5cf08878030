"""Nobody can claim to be somebody else, and sites cannot plant cookies on their neighbours."""

from __future__ import annotations

from typing import Any

import pytest

SPOOFS = [
    "X-Dialup-User", "x-dialup-lab", "X-DIALUP-FRAME", "X_Dialup_User", "X-Dialup_User", "X.Dialup.User",
    "X-Dialup-Anything", "Dialup-User", "Remote-User", "Remote_User", "X-Forwarded-User", "X_Forwarded_For",
    "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Method", "X-Forwarded-Uri",
    "X-Forwarded-Prefix", "Forwarded", "X-Real-IP",
]


@pytest.mark.parametrize("header", SPOOFS)
@pytest.mark.parametrize("kind", ["site", "gate", "portal"])
def test_headers_that_claim_an_identity_never_get_through(world: Any, kind: str, header: str) -> None:
    if kind == "portal":
        world.on_socket("hub")
        host = world.settings.portal_host
    elif kind == "gate":
        world.gate()
        host = world.publish("spoofed-gate", None, "gate")
    else:
        host = world.publish("spoofed", None, world.server("app").address)

    seen = world.ask(host, "/", more=[(header, "mallory"), (header, "mallory2")]).echo

    assert "mallory" not in str(seen)


def test_the_visitors_address_and_host_come_from_caddy_alone(world: Any) -> None:
    host = world.publish("from-caddy", None, world.server("app").address)

    seen = world.ask(host, more=[("X-Forwarded-For", "9.9.9.9"), ("X-Forwarded-Host", "evil")]).echo

    assert [pair for pair in seen["headers"] if pair[0].startswith("x-forwarded")] == [
        ["x-forwarded-for", "127.0.0.1"], ["x-forwarded-host", host], ["x-forwarded-proto", "http"]]


def test_the_portal_sees_its_own_two_cookies_and_no_others(world: Any) -> None:
    world.on_socket("hub")
    tossed = b"\xa0__Host-dialup=evil; theme=dark; __Host-dialup=real; _xsrf=tok; other=1"

    said = world.raw(b"GET / HTTP/1.1\r\nHost: admin.dialup.localhost\r\nConnection: close\r\nCookie: "
                     + tossed + b"\r\n\r\n")

    assert b'["cookie", "__Host-dialup=real; _xsrf=tok"]' in said
    assert b"evil" not in said


@pytest.mark.parametrize("size", [8_000, 100_000, 900_000])
def test_a_cookie_bomb_does_not_lock_anybody_out_of_the_portal(world: Any, size: int) -> None:
    world.on_socket("hub")

    answer = world.ask("admin.dialup.localhost", headers={"Cookie": f"__Host-dialup=me; bomb={'x' * size}"})

    assert answer.status == 200
    assert ["cookie", "__Host-dialup=me; _xsrf="] in answer.echo["headers"]


def test_the_bare_editor_address_belongs_to_the_hub(world: Any) -> None:
    world.on_socket("hub")

    assert world.ask("editor.dialup.localhost", "/").echo["name"] == "hub"


def test_the_portal_keeps_the_key_in_the_authorization_header(world: Any) -> None:
    world.on_socket("hub")

    seen = world.ask("admin.dialup.localhost", headers={"Authorization": "Bearer dlp_x"}).echo

    assert ["authorization", "Bearer dlp_x"] in seen["headers"]


def test_the_hubs_absence_is_told_to_people_and_to_programs(world: Any) -> None:
    (world.settings.run / "hub.sock").unlink(missing_ok=True)

    page = world.ask("admin.dialup.localhost", headers={"Accept": "text/html,*/*"})
    program = world.ask("admin.dialup.localhost", "/dialup/api/v1/me", headers={"Accept": "application/json"})

    assert page.status == program.status == 503
    assert "Back in a moment" in page.text
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert program.echo["code"] == "hub_away" and program.echo["hint"]


@pytest.mark.parametrize("cookie", [
    "a=1; Domain=dialup.localhost; Path=/", "a=1; domain=.dialup.localhost", "a=1;DOMAIN = dialup.localhost",
    "a=1; Path=/; Domain=dialup.localhost; Domain=localhost",
])
def test_a_site_cannot_set_cookies_for_its_neighbours(world: Any, cookie: str) -> None:
    app = world.server("app")
    app.answer_headers = [("Set-Cookie", cookie), ("Set-Cookie", "fine=1; Path=/; HttpOnly")]
    host = world.publish("cookies", None, app.address)

    first, second = world.ask(host).cookies

    assert first.startswith("a=1") and "domain" not in first.lower()
    assert second == "fine=1; Path=/; HttpOnly"


@pytest.mark.parametrize("cookie", ["__Host-dialup=evil; Path=/; Secure", "__host-DIALUP=evil",
                                    "\xa0__Host-dialup=evil", "__Host-dialup-state=evil", " =__Host-dialup=evil"])
def test_a_site_cannot_set_a_cookie_named_like_ours(world: Any, cookie: str) -> None:
    app = world.server("app")
    app.answer_headers = [("Set-Cookie", cookie)]
    host = world.publish("named-like-ours", None, app.address)

    assert "evil" not in str(world.ask(host).cookies)
