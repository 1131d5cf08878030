"""The portal as a person without JavaScript meets it, and once in a real browser."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert, update
from tornado.httpserver import HTTPServer

from dialup_ext.domain.login import Origin
from dialup_ext.handlers import render, words
from dialup_ext.store.tables import deployments, releases, user_sites

ORIGIN = "http://admin.dialup.localhost:8080"
PASSWORD = "seven green bicycles"
PAGES = ("/dashboard", "/sites", "/keys", "/settings", "/lab")


def token_in(answer: Any) -> str:
    found = re.fullmatch(r"__Host-dialup=([\w-]{43}); Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=(\d+)",
                         answer.headers["Set-Cookie"])
    assert found, answer.headers["Set-Cookie"]
    return found[1]


@pytest.fixture
def stranger(running: Any) -> Any:
    return running.client(Origin=ORIGIN, Accept="text/html", Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document")


def test_strangers_are_led_to_the_login_and_back(running: Any, stranger: Any) -> None:
    assert stranger.get("/").headers["Location"] == "/login"
    for path in (*PAGES, "/sites/blog", "/editor/blog"):
        answer = stranger.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/login?next={path}")
    assert 'name="next" value="/keys"' in stranger.get("/login?next=/keys").text
    assert 'name="next" value="/"' in stranger.get("/login?next=//evil").text


def test_the_right_password_leads_on(running: Any, stranger: Any) -> None:
    running.identity.set_password(running.account("alice"), PASSWORD)
    wrong = stranger.post("/login", data={"name": "alice", "password": "no", "next": "/keys"})
    assert wrong.status_code == 401 and "is not right" in wrong.text
    assert 'value="alice"' in wrong.text and "Set-Cookie" not in wrong.headers
    right = stranger.post("/login", data={"name": "alice", "password": PASSWORD, "next": "/keys"})
    assert (right.status_code, right.headers["Location"]) == (303, "/keys")
    stranger.headers["Cookie"] = f"__Host-dialup={token_in(right)}"
    for path in PAGES:
        assert stranger.get(path).status_code == 200, path


def test_logging_in_again_ends_the_session_that_was_there(running: Any, stranger: Any) -> None:
    running.identity.set_password(running.account("alice"), PASSWORD)
    planted = running.session("bob")
    stranger.headers["Cookie"] = f"__Host-dialup={planted}"
    fresh = token_in(stranger.post("/login", data={"name": "alice", "password": PASSWORD}))
    assert fresh != planted
    assert running.identity.session_principal(planted, "admin.dialup.localhost") is None


def test_too_many_wrong_passwords_are_told_when_to_come_back(running: Any, stranger: Any) -> None:
    for _ in range(10):
        assert stranger.post("/login", data={"name": "alice", "password": "no"}).status_code == 401
    answer = stranger.post("/login", data={"name": "alice", "password": "no"})
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 200
    assert "too many wrong passwords" in answer.text


def test_a_claimed_address_counts_only_where_caddy_stands(running: Any) -> None:
    with running.client("labs/bob", X_Forwarded_For="203.0.113.1") as lab:
        assert lab.post("/login", data={"name": "alice", "password": "no"}).status_code == 403


def test_a_form_larger_than_any_form_is_refused_unread(running: Any, stranger: Any) -> None:
    assert stranger.post("/login", data={"name": "x" * 9000, "password": "y"}).status_code == 413


def test_looking_at_a_link_shows_a_button_and_pressing_it_logs_in_once(running: Any, stranger: Any) -> None:
    path = running.identity.make_login_link("alice").removeprefix(ORIGIN)
    for _ in range(2):
        shown = stranger.get(path)
        assert shown.status_code == 200 and "Log in as alice" in shown.text and "Set-Cookie" not in shown.headers
        assert shown.headers["Referrer-Policy"] == "same-origin", "with none, browsers send Origin: null"
    form = {"link": path.partition("link=")[2]}
    assert token_in(stranger.post("/login", data=form))
    assert stranger.post("/login", data=form).status_code == 403
    assert stranger.get(path).status_code == 410


def test_logging_out_ends_the_session_and_takes_the_cookie(running: Any) -> None:
    browser = running.browser("alice")
    answer = browser.post("/logout")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert answer.headers["Set-Cookie"].startswith("__Host-dialup=; ") and "Max-Age=0" in answer.headers["Set-Cookie"]
    assert browser.get("/dashboard").status_code == 303
    assert browser.get("/logout").status_code == 405, "a link cannot log out"


def test_arriving_from_elsewhere_bounces_once_so_that_the_strict_cookie_comes(running: Any, stranger: Any) -> None:
    path = f"/handover?host=alice.editor.dialup.localhost&state={'s' * 43}&next=%2Flab"
    first = stranger.get(path)
    assert first.status_code == 200
    assert f'http-equiv="refresh" content="0;url={path.replace("&", "&amp;")}&amp;again=1"' in first.text
    second = stranger.get(f"{path}&again=1")
    assert second.status_code == 303 and second.headers["Location"].startswith("/login?next=%2Fhandover%3Fhost")
    with running.browser("alice") as alice:
        onward = alice.get(f"{path}&again=1")
        assert re.search(r'url=http://alice\.editor\.dialup\.localhost:8080/_dialup/enter\?code=[\w-]{43}&amp;state=s+"',
                         onward.text), "a page leads on, since form-action stops redirects of forms"


def test_the_hand_over_is_for_ones_own_places_only(running: Any, site: Any) -> None:
    hosts = ("bob.editor.dialup.localhost", "blog-dev.dialup.localhost", "blog.dialup.localhost", "evil.example", "")
    with running.browser("alice") as alice:
        for host in hosts:
            assert alice.get(f"/handover?host={host}&state={'s' * 43}").status_code == 404, host
        for state in ("", "short", "x" * 100, "a b"):
            assert alice.get("/handover", params={"host": "alice.editor.dialup.localhost", "state": state}).status_code == 400
    running.identity.change_account("alice", can_use_editor=False)
    with running.browser("alice") as alice:
        assert alice.get(f"/handover?host=alice.editor.dialup.localhost&state={'s' * 43}").status_code == 403
        assert alice.get("/lab").status_code == alice.post("/lab").status_code == 403


def test_empty_lists_say_what_to_do(running: Any) -> None:
    with running.browser("alice") as alice:
        assert "New site" in alice.get("/dashboard").text
        assert "No keys" in alice.get("/keys").text
        assert "Set a password" in alice.get("/dashboard").text


def test_a_site_has_a_page_and_can_be_stopped_and_started(running: Any, site: Any) -> None:
    with running.browser("bob") as bob:
        assert "http://blog.dialup.localhost:8080/" in bob.get("/dashboard").text
        page = bob.get("/sites/blog")
        assert "Not deployed yet" in page.text and 'href="/editor/blog"' in page.text
        assert bob.get("/editor/blog").headers["Location"] == "/lab?site=blog"
        refused = bob.post("/sites/blog/stop")
        assert refused.status_code == 409 and "is not live" in refused.text
        assert "/sites/blog/stop" not in page.text, "nothing to stop, no button"
        go_live(running, site)
        assert "Release 12" in bob.get("/sites").text
        assert 'action="/sites/blog/stop"' in bob.get("/sites/blog").text
        assert bob.post("/sites/blog/stop").headers["Location"] == "/sites/blog?done=stop"
        assert "The site is stopped" in bob.get("/sites/blog?done=stop").text
        assert 'action="/sites/blog/start"' in bob.get("/sites/blog").text
        assert bob.post("/sites/blog/rollback", data={"release": "x"}).status_code == 400


def go_live(running: Any, site: Any) -> None:
    """Rows of a release that is live, without the work."""
    now, ids = running.hub.context.clock.now(), {"release": "r" * 26, "deployment": "d" * 26}
    with running.hub.store.begin() as connection:
        connection.execute(insert(releases).values(
            id=ids["release"], site_id=site.id, number=12, kind="static", digest="x", file_count=1, size_bytes=1,
            created_at=now, created_by="bob"))
        connection.execute(insert(deployments).values(
            id=ids["deployment"], site_id=site.id, release_id=ids["release"], action="deploy", deploy_status="live",
            created_at=now, created_by="bob", changed_at=now, deployed_at=now))
        connection.execute(update(user_sites).where(user_sites.c.id == site.id).values(
            live_release_id=ids["release"], live_deployment_id=ids["deployment"], last_deployed=now))


def test_names_and_texts_are_shown_not_run(running: Any, site: Any) -> None:
    evil = "<script>alert(1)</script>"
    with running.browser("bob") as bob:
        made = bob.post("/keys", data={"name": evil, "scope": "deploy", "days": "30"})
        assert made.status_code == 201 and evil not in made.text and "&lt;script&gt;" in made.text
        running.hub.context.sites.change(site.id, error_message=evil)
        assert evil not in bob.get("/sites/blog").text
        assert evil not in bob.get("/sites/blog", params={"done": evil}).text
        assert evil not in bob.get(f"/login?next=/{evil}").text


def test_a_key_is_shown_once_and_can_be_revoked(running: Any) -> None:
    with running.browser("alice") as alice:
        made = alice.post("/keys", data={"name": "laptop", "scope": ["deploy", "sites:read"], "days": "30"})
        key = re.search(r"dlp_[a-z0-9]{8}_[\w-]{49}", made.text)
        assert key and running.identity.key_principal(key[0], "").scopes == {"deploy", "sites:read"}
        page = alice.get("/keys").text
        assert key[0] not in page and "laptop" in page
        assert alice.post("/keys", data={"name": "laptop", "days": "30"}).status_code == 400
        assert alice.post("/keys", data={"name": "", "scope": "deploy", "days": "x"}).status_code == 400
        with running.browser("bob") as bob:
            assert bob.post(f"/keys/{running.identity.keys(running.account('alice').id)[0].id}/revoke").status_code == 404
        revoke = re.search(r'action="(/keys/[a-z0-9]+/revoke)"', page)
        assert revoke and alice.post(revoke[1]).headers["Location"] == "/keys?done=revoked"
        assert "No keys" in alice.get("/keys").text


def test_a_password_is_set_and_the_login_goes_on_under_a_new_session(running: Any) -> None:
    alice, other = running.browser("alice"), running.browser("alice")
    differ = alice.post("/settings/password", data={"new": PASSWORD, "again": PASSWORD + "x"})
    assert differ.status_code == 400 and "not the same" in differ.text
    assert alice.post("/settings/password", data={"new": "short", "again": "short"}).status_code == 400
    done = alice.post("/settings/password", data={"new": PASSWORD, "again": PASSWORD})
    assert (done.status_code, done.headers["Location"]) == (303, "/settings?done=password")
    alice.headers["Cookie"] = f"__Host-dialup={token_in(done)}"
    assert alice.get("/settings").status_code == 200
    assert other.get("/settings").status_code == 303
    wrong = alice.post("/settings/password", data={"old": "no", "new": PASSWORD + "2", "again": PASSWORD + "2"})
    assert wrong.status_code == 403 and "present password is not right" in wrong.text


def test_other_logins_are_seen_and_ended(running: Any) -> None:
    alice, phone, bob = running.browser("alice"), running.browser("alice"), running.browser("bob")
    ends = re.findall(r'action="(/settings/sessions/[a-z0-9]+/end)"', alice.get("/settings").text)
    assert len(ends) == 1, "the present one has no button"
    assert bob.post(ends[0]).status_code == 404
    assert alice.post(ends[0]).headers["Location"] == "/settings?done=session"
    assert phone.get("/settings").status_code == 303
    running.session("alice")
    assert alice.post("/settings/sessions/end").headers["Location"] == "/settings?done=sessions"
    assert len(running.identity.sessions(running.account("alice"))) == 1
    assert alice.get("/settings").status_code == 200


def test_the_labs_page_starts_nothing_by_itself_and_shows_why_it_failed(running: Any) -> None:
    editing, now = running.hub.context.editing, running.hub.context.clock.now()
    with running.browser("alice") as alice:
        assert "Start my lab" in alice.get("/lab?site=blog").text
        assert editing.list() == []
        session = editing.open(running.account("alice").id, "lab", None, key="k", secret="s", at=now)
        starting = alice.get("/lab?site=blog").text
        assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in starting and "<progress" in starting
        editing.change(session.id, state="failed", message="It did not answer within 60 s.")
        failed = alice.get("/lab").text
        assert "It did not answer within 60 s." in failed and "Try again" in failed
        editing.change(session.id, state="running", message=None)
        assert "url=http://alice.editor.dialup.localhost:8080/lab?site=blog" in alice.get("/lab?site=blog").text
        direct = alice.get("/lab", headers={"Sec-Fetch-Site": "none"})
        assert direct.headers["Location"] == "http://alice.editor.dialup.localhost:8080/lab"
        assert alice.get("/lab?site=../x").status_code == 200


def test_static_files_are_kept_for_ever_under_their_digest(running: Any, stranger: Any) -> None:
    url = render.static_url("portal.css")
    assert "immutable" in stranger.get(url).headers["Cache-Control"]
    assert stranger.get(url.partition("?")[0]).headers["Cache-Control"] == "no-cache"
    for name in ("nope.css", "..", "%2e%2e%2fpage.py", "page.py", "../page.py"):
        assert stranger.get(f"/portal/static/{name}").status_code == 404


@pytest.mark.parametrize(("seconds", "text"), [(5, "5 s"), (61, "1 min"), (7200, "2 h"), (86400, "1 day"), (400000, "4 days")])
def test_spans_are_said_in_one_unit(seconds: float, text: str) -> None:
    assert words.span(seconds) == text


@pytest.fixture
def on_tcp(running: Any) -> Iterator[Any]:
    """The portal where a browser reaches it, and the origin it then has."""
    async def start() -> tuple[HTTPServer, int]:
        server = HTTPServer(running.portal)
        server.listen(0, "127.0.0.1")
        sockets = list(server._sockets.values())
        return server, sockets[0].getsockname()[1]

    server, port = asyncio.run_coroutine_threadsafe(start(), running.loop).result(10)
    running.servers.append(server)
    running.settings._values["port"] = port
    return running


@pytest.mark.browser
def test_a_person_comes_in_sets_a_password_and_makes_a_key(on_tcp: Any, chromium_path: str) -> None:
    from playwright.sync_api import sync_playwright

    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.goto(on_tcp.identity.make_login_link("alice"))
        page.get_by_role("button", name="Log in as alice").click()
        page.get_by_role("link", name="Set a password").click()
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_label("Once more").fill(PASSWORD)
        page.get_by_role("button", name="Set the password").click()
        page.get_by_text("Your new password is set").wait_for()
        page.get_by_role("link", name="Keys").click()
        page.get_by_label("What is it for?").fill("laptop")
        page.get_by_role("button", name="Make the key").click()
        assert on_tcp.identity.key_principal(page.get_by_label("The key", exact=True).input_value(), "")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing scrolls sideways"
        page.get_by_role("button", name="Log out").click()
        page.get_by_label("Name").fill("alice")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("heading", name="Hello, alice").wait_for()
        cookie = next(found for found in page.context.cookies() if found["name"] == "__Host-dialup")
        assert (cookie["sameSite"], cookie["httpOnly"], cookie["secure"]) == ("Strict", True, True)
        browser.close()
    assert problems == []


def test_origins_of_logins_are_remembered_for_the_list(running: Any) -> None:
    link = running.identity.make_login_link("alice").partition("link=")[2]
    running.identity.use_link(link, Origin("192.0.2.9", "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Firefox/153.0"))
    with running.browser("alice") as alice:
        page = alice.get("/settings").text
    assert "Firefox on Linux" in page and "192.0.2.9" in page


def test_a_full_queue_of_passwords_is_told_at_once(running: Any, stranger: Any) -> None:
    pool, gate = running.hub.context.workers.pools["hash"], threading.Event()
    waiting = [pool.submit(gate.wait, 30) for _ in range(22)]
    try:
        busy = stranger.post("/login", data={"name": "alice", "password": "no"})
        assert (busy.status_code, busy.headers["Retry-After"]) == (503, "5")
        assert "The server is busy" in busy.text and stranger.get("/login").status_code == 200
    finally:
        gate.set()
    assert all(future.result(10) for future in waiting)
    assert stranger.post("/login", data={"name": "alice", "password": "no"}).status_code == 401
