"""Guests at the door: a link opens one preview, while it is good, and nothing else of anybody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from dialup_ext.domain.site import Kind
from dialup_ext.testing.clock import StoppedClock

PREVIEW = "blog-dev.dialup.localhost:8080"
OTHER = "diary-dev.dialup.localhost:8080"
ORIGIN = f"http://{PREVIEW}"
NAVIGATE = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Accept": "text/html"}


@pytest.fixture
def diary(running: Any, site: Any) -> Any:
    """Another site of Bob's, whose preview runs too."""
    diary = running.hub.context.sites.create(running.account("bob"), "diary", Kind.STATIC, None,
                                             running.hub.context.clock.now())
    awaken(running, diary)
    return diary


def awaken(running: Any, site: Any) -> None:
    """As if its owner had opened the preview."""
    editing = running.hub.context.editing
    session = editing.open(site.owner_id, "preview", site.id, key=f"preview-{site.name}-1", secret=None,
                           at=running.hub.context.clock.now())
    editing.change(session.id, state="running")


def share(running: Any, hours: int = 24) -> dict[str, Any]:
    with running.browser("bob") as browser:
        answer = browser.post("/dialup/api/v1/sites/blog/preview/links", json={"hours": hours})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


def open_link(running: Any, url: str, host: str = PREVIEW) -> httpx.Response:
    path = "/" + url.partition("localhost:8080/")[2]
    answer: httpx.Response = running.client("edge").get(path, headers={"Host": host, **NAVIGATE})
    return answer


def guest_of(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    text = answer.headers["Set-Cookie"]
    assert text.startswith("__Host-dialup-guest=")
    return str(text.partition("=")[2].partition(";")[0])


def ask(running: Any, guest: str = "", host: str = PREVIEW, method: str = "GET", session: str = "",
        **headers: str) -> httpx.Response:
    """What Caddy asks for a request to `host`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer: httpx.Response = running.client("edge").get("/_auth", headers={
        "X-Forwarded-Host": host, "X-Forwarded-Method": method, "X-Forwarded-Uri": "/",
        "Cookie": f"__Host-dialup={session}; __Host-dialup-guest={guest}", **named})
    return answer


@pytest.fixture
def guest(running: Any, site: Any, diary: Any) -> str:
    awaken(running, site)
    return guest_of(open_link(running, share(running)["url"]))


def test_a_link_becomes_a_cookie_of_this_host_and_leaves_its_token_behind(running: Any, site: Any) -> None:
    made = share(running, 2)
    assert made["url"].startswith(f"{ORIGIN}/_dialup/share?token=")
    token = made["url"].partition("token=")[2]
    answer = open_link(running, made["url"])
    assert answer.headers["Location"] == "/"
    assert (answer.headers["Referrer-Policy"], answer.headers["Cache-Control"]) == ("no-referrer", "no-store")
    cookie = answer.headers["Set-Cookie"]
    assert token not in cookie
    assert "; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=" in cookie
    assert "Domain" not in cookie


def test_a_guest_sees_the_preview_as_nobody_in_particular(running: Any, guest: str) -> None:
    answer = ask(running, guest)
    assert answer.status_code == 200
    assert (answer.headers["X-Dialup-User"], answer.headers["X-Dialup-Lab"]) == ("", "")
    assert answer.headers["X-Dialup-Frame"] == "'none'"


def test_a_guests_websocket_and_form_need_the_previews_own_origin(running: Any, guest: str) -> None:
    socket = {"Upgrade": "websocket", "Connection": "Upgrade"}
    assert ask(running, guest, **socket, Origin=ORIGIN).status_code == 200
    assert ask(running, guest, **socket, Origin="http://blog.dialup.localhost:8080").status_code == 403
    assert ask(running, guest, method="POST", Origin=ORIGIN).status_code == 200
    assert ask(running, guest, method="POST").status_code == 403


@pytest.mark.parametrize("host", [OTHER, "bob.editor.dialup.localhost:8080", "alice.editor.dialup.localhost:8080",
                                  "nobody-dev.dialup.localhost:8080", "admin.dialup.localhost:8080"])
def test_a_guest_sees_nothing_else(running: Any, guest: str, host: str) -> None:
    assert ask(running, guest, host).status_code in (401, 403)
    assert ask(running, host=host, session=guest).status_code == 401, "and it is no session"


def test_a_guest_is_nobody_at_the_portal(running: Any, guest: str) -> None:
    for name in ("__Host-dialup", "__Host-dialup-guest"):
        with running.client(Cookie=f"{name}={guest}") as client:
            assert client.get("/dialup/api/v1/me").status_code == 401
            assert client.get("/dialup/api/v1/sites/blog/env").status_code == 401
    with running.client(Authorization=f"Bearer {guest}") as client:
        assert client.get("/dialup/api/v1/me").status_code == 401


def test_the_database_cannot_be_turned_into_a_link(running: Any, site: Any) -> None:
    token = share(running)["url"].partition("token=")[2]
    running.hub.store.close()
    files = [path for path in running.settings.data.rglob("*") if path.is_file()]
    assert not [path for path in files if token.encode() in path.read_bytes()]


def test_a_token_is_good_at_its_own_host_only(running: Any, site: Any, diary: Any) -> None:
    url = share(running)["url"]
    assert open_link(running, url, OTHER).status_code == 403
    assert open_link(running, url, "bob.editor.dialup.localhost:8080").status_code == 404
    assert open_link(running, url, "blog.dialup.localhost:8080").status_code == 404


def test_a_revoked_link_ends_at_once_for_those_who_came_by_it(running: Any, site: Any, guest: str) -> None:
    made = share(running)
    other = guest_of(open_link(running, made["url"]))
    with running.browser("bob") as browser:
        assert browser.delete(f"/dialup/api/v1/sites/blog/preview/links/{made['id']}").status_code == 204
    over = ask(running, other, **NAVIGATE)
    assert over.status_code == 403
    assert "This link has ended" in over.text
    assert "__Host-dialup-guest=;" in over.headers["Set-Cookie"]
    assert ask(running, other).json()["code"] == "link_over"
    assert "This link has ended" in open_link(running, made["url"]).text
    assert ask(running, guest).status_code == 200, "another link goes on"


def test_a_link_ends_in_time_and_says_so_kindly(running: Any, site: Any, guest: str) -> None:
    made = share(running, 1)
    mine = guest_of(open_link(running, made["url"]))
    later = running.hub.context.clock.now() + timedelta(hours=1, seconds=1)
    object.__setattr__(running.hub.sharing._links, "clock", StoppedClock(later))
    assert "This link has ended" in ask(running, mine, **NAVIGATE).text
    assert "This link has ended" in open_link(running, made["url"]).text
    assert ask(running, guest).status_code == 200
    with running.browser("bob") as browser:
        found = browser.get("/dialup/api/v1/sites/blog/preview/links").json()["links"]
    assert made["id"] not in [link["id"] for link in found]


def test_disabling_an_account_ends_its_links(running: Any, guest: str) -> None:
    running.identity.disable_account("bob")
    assert ask(running, guest).status_code == 403


def test_a_sleeping_preview_is_not_started_for_a_guest(running: Any, site: Any) -> None:
    mine = guest_of(open_link(running, share(running)["url"]))
    answer = ask(running, mine, **NAVIGATE)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "15")
    assert "This preview is asleep" in answer.text
    assert ask(running, mine).json()["code"] == "preview_asleep"
    assert running.hub.context.editing.find(site.owner_id, "preview", site.id) is None


def test_an_owner_who_opens_the_link_stays_the_owner(running: Any, guest: str) -> None:
    from dialup_ext.domain.login import Origin

    host = PREVIEW.partition(":")[0]
    code = running.identity.issue_ticket(running.account("bob"), host)
    session = running.identity.redeem(code, host, None, Origin())[0].token
    assert ask(running, guest, session=session).headers["X-Dialup-User"] == "bob"


def test_somebody_elses_login_neither_helps_nor_harms_a_guest(running: Any, guest: str) -> None:
    from dialup_ext.domain.login import Origin

    host = PREVIEW.partition(":")[0]
    code = running.identity.issue_ticket(running.account("alice"), host)
    session = running.identity.redeem(code, host, None, Origin())[0].token
    assert ask(running, guest, session=session).headers["X-Dialup-User"] == ""
    assert ask(running, session=session).status_code == 404


def test_the_log_of_a_silent_preview_is_its_owners(running: Any, site: Any, guest: str) -> None:
    def silent(user: str) -> str:
        return str(running.client("gate").get("/", headers={
            "Host": PREVIEW, "Accept": "text/html", "X-Dialup-User": user}).text)

    running.hub.hosts.silence = lambda host: ("bob", "TypeError: oops", ("printed by it",))
    assert "printed by it" in silent("bob")
    for text in (silent(""), silent("alice")):
        assert "The preview is not answering" in text
        assert "printed by it" not in text
        assert "oops" not in text


@pytest.mark.parametrize("hours", [0, 721, -1, "many", 1.5])
def test_hours_have_bounds(running: Any, site: Any, hours: object) -> None:
    with running.browser("bob") as browser:
        assert browser.post("/dialup/api/v1/sites/blog/preview/links", json={"hours": hours}).status_code == 400


def test_links_have_a_number(running: Any, site: Any) -> None:
    for _ in range(20):
        share(running)
    with running.browser("bob") as browser:
        answer = browser.post("/dialup/api/v1/sites/blog/preview/links", json={})
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_links")
