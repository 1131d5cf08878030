"""Labs and previews: nobody in without the hub's word, and nothing of ours handed through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

LAB = "alice.editor.dialup.localhost"
PREVIEW = "blog-dev.dialup.localhost"
SESSION = {"Cookie": "__Host-dialup=alices-session; a=1; _xsrf=q"}
FRAME = "http://alice.editor.dialup.localhost:8080"


def answer_auth(handler: Any) -> tuple[int, list[tuple[str, str]], bytes]:
    """A hub's door in small: one session, one owner, the host from Caddy's header."""
    if handler.headers.get("Cookie") != "__Host-dialup=alices-session; __Host-dialup-guest=":
        state = ("Set-Cookie", "__Host-dialup-state=s; Path=/; Secure; HttpOnly; SameSite=Lax")
        return 302, [("Location", "http://admin.dialup.localhost/handover"), state], b"log in"
    if handler.headers.get("Origin", "http://fine") == "http://evil":
        return 403, [("Content-Type", "text/plain")], b"origin"
    lab = handler.headers["X-Forwarded-Host"].lower().partition(":")[0] == LAB
    extra = [("X-Dialup-Lab", "alices-lab-secret")] if lab else [("X-Dialup-Frame", FRAME)]
    return 200, [("X-Dialup-User", "alice"), *extra], b"ok"


@pytest.fixture
def edge(world: Any) -> Iterator[Any]:
    server = world.on_socket("edge")
    server.routes["/_auth"] = answer_auth
    yield server


@pytest.fixture(params=[LAB, PREVIEW])
def guarded(request: Any, world: Any, edge: Any) -> str:
    """A lab or a preview with something running in it."""
    app = world.server("inside")
    app.answer_headers = [("Content-Security-Policy", "frame-ancestors *; img-src *"),
                          ("X-Frame-Options", "DENY"), ("Set-Cookie", "lab=1; Domain=dialup.localhost")]
    world.publish(request.param, None, app.address)
    return str(request.param)


def test_a_stranger_is_sent_to_log_in_and_reaches_nothing(world: Any, guarded: str) -> None:
    answer = world.ask(guarded, "/lab")

    assert (answer.status, answer.headers["Location"]) == (302, "http://admin.dialup.localhost/handover")
    assert answer.cookies == ["__Host-dialup-state=s; Path=/; Secure; HttpOnly; SameSite=Lax"]
    assert world.servers[-1].seen == []


def test_the_owner_gets_in_and_our_cookie_stays_outside(world: Any, guarded: str) -> None:
    answer = world.ask(guarded, "/lab?x=1", headers=SESSION)

    cookies = [value for name, value in answer.echo["headers"] if name == "cookie"]
    assert (answer.status, answer.echo["path"]) == (200, "/lab?x=1")
    assert [text.lstrip("; ") for text in cookies] == ["_xsrf=q" if guarded == LAB else "a=1; _xsrf=q"]
    assert answer.cookies == ["lab=1"]


def test_a_lab_is_told_who_is_there_and_with_its_own_secret(world: Any, edge: Any) -> None:
    world.publish(LAB, None, world.server("lab").address)

    seen = world.ask(LAB, headers={**SESSION, "X-Dialup-User": "mallory", "X_Dialup_Lab": "guess",
                                   "Authorization": "token guess", "Remote-User": "mallory"}).echo["headers"]

    assert [pair for pair in seen if "dialup" in pair[0]] == [
        ["x-dialup-lab", "alices-lab-secret"], ["x-dialup-user", "alice"]]
    assert not [pair for pair in seen if pair[0] in ("authorization", "remote-user")]


def test_a_preview_is_told_nothing_of_ours(world: Any, edge: Any) -> None:
    world.publish(PREVIEW, None, world.server("preview").address)

    seen = world.ask(PREVIEW, headers=SESSION).echo["headers"]

    assert not [pair for pair in seen if "dialup" in pair[0]]


def test_the_door_hears_method_address_origin_and_one_cookie(world: Any, edge: Any, guarded: str) -> None:
    heard: list[dict[str, str]] = []

    def listen(handler: Any) -> tuple[int, list[tuple[str, str]], bytes]:
        heard.append({name.lower(): value for name, value in handler.headers.items()})
        return answer_auth(handler)

    edge.routes["/_auth"] = listen
    world.ask(guarded, "/api?x=1", "POST", b"{}", headers={
        **SESSION, "Origin": "http://fine", "Sec-Fetch-Site": "same-origin",
        "X-Forwarded-Method": "GET", "X-Forwarded-Host": "evil", "X-Forwarded-Uri": "/evil"})

    assert heard[0]["x-forwarded-method"] == "POST"
    assert heard[0]["x-forwarded-uri"] == "/api?x=1"
    assert heard[0]["x-forwarded-host"] == guarded
    assert heard[0]["cookie"] == "__Host-dialup=alices-session; __Host-dialup-guest="
    assert (heard[0]["origin"], heard[0]["sec-fetch-site"]) == ("http://fine", "same-origin")


def test_what_the_door_refuses_is_refused(world: Any, guarded: str) -> None:
    answer = world.ask(guarded, "/api", "POST", b"{}", headers={**SESSION, "Origin": "http://evil"})

    assert (answer.status, answer.text) == (403, "origin")
    assert world.servers[-1].seen == []


def test_the_handover_goes_to_the_hub_with_our_two_cookies_only(world: Any, edge: Any, guarded: str) -> None:
    seen = world.ask(guarded, "/_dialup/enter?code=c", headers={
        "Cookie": "__Host-dialup=old; x=1; __Host-dialup-state=st"}).echo

    assert (seen["name"], seen["path"]) == ("edge", "/_dialup/enter?code=c")
    assert ["cookie", "__Host-dialup=old; __Host-dialup-state=st"] in seen["headers"]
    assert [LAB, PREVIEW].count(dict(seen["headers"])["host"]) == 1


@pytest.mark.parametrize("path", ["/_auth", "//_auth", "/_dialup/../_auth", "/%5fauth", "/_dialup/%2e%2e/_auth"])
def test_the_doors_answer_cannot_be_asked_for(world: Any, edge: Any, guarded: str, path: str) -> None:
    """It carries a lab's secret. The edge's own `/_auth` must only match that exact path."""
    answer = world.ask(guarded, path, headers=SESSION)

    assert "secret" not in str(answer.headers)
    assert ("GET", "/_auth") not in edge.seen[1:] or answer.echo["name"] == "inside"


def test_only_the_owners_lab_may_frame_a_preview(world: Any, edge: Any) -> None:
    app = world.server("preview")
    app.answer_headers = [("Content-Security-Policy", "frame-ancestors *; img-src *"),
                          ("X-Frame-Options", "DENY")]
    world.publish(PREVIEW, None, app.address)

    allowed, refused = world.ask(PREVIEW, headers=SESSION), world.ask(PREVIEW)

    policies = [text.strip() for text in allowed.headers.get_all("Content-Security-Policy")]
    assert sorted(policies) == [f"frame-ancestors {FRAME}", "img-src *"]
    assert "X-Frame-Options" not in allowed.headers
    assert refused.headers["Content-Security-Policy"].strip() == "frame-ancestors"


def test_a_silent_lab_is_told_from_an_absent_hub(world: Any, edge: Any) -> None:
    app = world.server("lab")
    world.publish(LAB, None, app.address)
    app.close()
    html = {**SESSION, "Accept": "text/html"}

    silent = world.ask(LAB, headers=html)
    edge.close()
    away = world.ask(LAB, headers=html)

    assert (silent.status, "Your lab is not answering" in silent.text) == (503, True)
    assert (away.status, "Back in a moment" in away.text) == (503, True)
    assert world.ask(LAB, headers=SESSION).echo["code"] == "hub_away"


def test_the_hub_explains_a_silent_preview_to_its_owner_alone(world: Any, edge: Any) -> None:
    app = world.server("preview")
    world.on_socket("gate")
    world.publish(PREVIEW, None, app.address)
    app.close()

    answer = world.ask(PREVIEW, "/x", headers=SESSION)

    assert (answer.echo["name"], answer.echo["path"]) == ("gate", "/x")
    assert ["host", PREVIEW] in answer.echo["headers"]
    assert world.ask(PREVIEW).status == 302


@pytest.mark.parametrize(("host", "words"), [(LAB, "This lab is not running"),
                                             (PREVIEW, "This preview is not running")])
def test_what_does_not_run_says_so_to_its_owner_alone(world: Any, edge: Any, host: str, words: str) -> None:
    answer = world.ask(host, headers={**SESSION, "Accept": "text/html"})

    assert (answer.status, words in answer.text) == (404, True)
    assert world.ask(host).status == 302


def test_a_lab_and_a_preview_can_lead_to_the_gate(world: Any, guarded: str) -> None:
    world.gate()
    world.publish(guarded, None, "gate")

    assert world.ask(guarded, headers=SESSION).echo["name"] == "gate"


def test_a_door_that_hangs_does_not_hang_the_visitor(world: Any, edge: Any, guarded: str) -> None:
    import threading

    held = threading.Event()

    def hang(_: Any) -> tuple[int, list[tuple[str, str]], bytes]:
        held.wait(30)
        return 200, [("X-Dialup-User", "alice")], b"late"

    edge.routes["/_auth"] = hang
    try:
        answer = world.ask(guarded, headers={**SESSION, "Accept": "text/html"})
    finally:
        held.set()

    assert (answer.status, "Back in a moment" in answer.text) == (503, True)
    assert world.servers[-1].seen == []


def test_files_beside_a_lab_or_preview_are_not_served(world: Any, edge: Any) -> None:
    """Only public sites serve files; the rest is the instance's own."""
    folder = world.folder("private", index_html="SECRET")
    for host in (LAB, PREVIEW):
        world.publish(host, folder, None)

        assert "SECRET" not in world.ask(host, "/index.html", headers=SESSION).text


def test_a_guest_comes_with_a_cookie_of_its_own_which_stays_outside(world: Any, edge: Any) -> None:
    world.publish(PREVIEW, None, world.server("preview").address)
    heard: list[str] = []

    def listen(handler: Any) -> tuple[int, list[tuple[str, str]], bytes]:
        heard.append(handler.headers["Cookie"])
        return 200, [("X-Dialup-User", ""), ("X-Dialup-Frame", "'none'"), ("X-Dialup-Lab", "")], b"ok"

    edge.routes["/_auth"] = listen
    answer = world.ask(PREVIEW, headers={"Cookie": "__Host-dialup-guest=link; theme=dark", "X-Dialup-User": "alice"})

    assert heard == ["__Host-dialup=; __Host-dialup-guest=link"]
    assert [text.lstrip("; ") for name, text in answer.echo["headers"] if name == "cookie"] == ["theme=dark"]
    assert answer.headers["Content-Security-Policy"].strip() == "frame-ancestors 'none'"


def test_the_gate_is_not_told_that_a_guest_is_the_owner(world: Any, edge: Any) -> None:
    app = world.server("preview")
    world.on_socket("gate")
    world.publish(PREVIEW, None, app.address)
    app.close()

    owner = world.ask(PREVIEW, headers={**SESSION, "X-Dialup-User": "mallory"})
    edge.routes["/_auth"] = lambda _: (200, [("X-Dialup-User", ""), ("X-Dialup-Frame", "'none'")], b"ok")
    guest = world.ask(PREVIEW, headers={"X-Dialup-User": "alice"})

    assert ["x-dialup-user", "alice"] in owner.echo["headers"]
    assert "alice" not in str(guest.echo["headers"])


@pytest.mark.parametrize(("host", "path", "asks", "arrives"), [
    (PREVIEW, "/_next/hmr", {"Upgrade": "websocket", "Connection": "Upgrade"}, False),
    (PREVIEW, "/", {"Upgrade": "websocket", "Connection": "Upgrade"}, False),
    (PREVIEW, "/__nextjs_original-stack-frames", {}, False), (PREVIEW, "/save", {}, True),
    (LAB, "/api/kernels", {"Upgrade": "websocket", "Connection": "Upgrade"}, True)])
def test_a_development_server_hears_no_origin_it_would_refuse(
        world: Any, edge: Any, host: str, path: str, asks: dict[str, str], arrives: bool) -> None:
    app = world.server("inside")
    app.routes[path] = lambda _handler: (200, [], b"")
    world.publish(host, None, app.address)

    answer = world.ask(host, path, headers={**SESSION, **asks, "Origin": f"http://{host}:8080"})

    assert answer.status == 200
    assert [value for name, value in answer.echo["headers"] if name == "origin"] == (
        [f"http://{host}:8080"] if arrives else [])
    assert world.ask(host, path, headers={**SESSION, **asks, "Origin": "http://evil"}).status == 403
