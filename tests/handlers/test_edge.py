"""The edge lets owners through to their labs and previews, and nobody else; the gate explains."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from dialup_ext.domain.login import Origin
from dialup_ext.handlers.next_path import safe_next

LAB = "alice.editor.dialup.localhost:8080"
PREVIEW = "blog-dev.dialup.localhost:8080"
ORIGIN = f"http://{LAB}"
PORTAL = "http://admin.dialup.localhost:8080"
NAVIGATE = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Accept": "text/html"}


def ask(running: Any, host: str = LAB, method: str = "GET", cookie: str = "", **headers: str) -> httpx.Response:
    """What Caddy asks for a request to `host`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {"X-Forwarded-Host": host, "X-Forwarded-Method": method, "X-Forwarded-Uri": "/lab/tree/x?y=1",
            "Cookie": f"__Host-dialup={cookie}", **named}
    return running.client("edge").get("/_auth", headers=sent)


def lab_session(running: Any, name: str = "alice", host: str = LAB) -> str:
    """A session at a lab's or preview's host, by a ticket."""
    plain = host.partition(":")[0]
    code = running.identity.issue_ticket(running.account(name), plain)
    token: str = running.identity.redeem(code, plain, None, Origin())[0].token
    return token


def test_the_owner_passes_with_one_constant_set_of_headers(running: Any) -> None:
    answer = ask(running, cookie=lab_session(running))
    assert answer.status_code == 200
    assert answer.headers["X-Dialup-User"] == "alice"
    assert answer.headers["X-Dialup-Frame"] == f"{ORIGIN} {PORTAL}"
    assert answer.headers["X-Dialup-Lab"] == ""


def test_a_labs_secret_is_handed_over_for_its_own_host_only(running: Any, site: Any) -> None:
    now = running.hub.context.clock.now()
    running.hub.context.editing.open(running.account("bob").id, "lab", None, key="k", secret="bobs-secret", at=now)
    bobs_lab = "bob.editor.dialup.localhost:8080"
    assert ask(running, bobs_lab, cookie=lab_session(running, "bob", bobs_lab)).headers["X-Dialup-Lab"] == "bobs-secret"
    assert ask(running, PREVIEW, cookie=lab_session(running, "bob", PREVIEW)).headers["X-Dialup-Lab"] == ""
    for answer in (ask(running, bobs_lab), ask(running, bobs_lab, cookie=lab_session(running))):
        assert "bobs-secret" not in str(answer.headers) + answer.text


def test_a_session_of_one_host_opens_no_other(running: Any, site: Any) -> None:
    portal = running.session("alice")
    lab = lab_session(running)
    assert ask(running, cookie=portal).status_code == 401
    with running.client(Cookie=f"__Host-dialup={lab}") as client:
        assert client.get("/dialup/api/v1/me").status_code == 401
    assert ask(running, "bob.editor.dialup.localhost:8080", cookie=lab).status_code == 401
    assert ask(running, PREVIEW, cookie=lab).status_code == 401


def test_what_is_not_yours_is_not_there(running: Any, site: Any) -> None:
    alices = lab_session(running, "alice", PREVIEW)
    assert ask(running, PREVIEW, cookie=alices).status_code == 404
    assert ask(running, PREVIEW, cookie=lab_session(running, "bob", PREVIEW)).status_code == 200
    for host in ("nobody.editor.dialup.localhost", "nope-dev.dialup.localhost", "blog.dialup.localhost",
                 "x.alice.editor.dialup.localhost", "editor.dialup.localhost", "admin.dialup.localhost", "evil", ""):
        # as at a host that is somebody's: strangers do not learn who has an account here
        assert ask(running, host, cookie=alices).status_code == 401, host


@pytest.mark.parametrize("host", ["ALICE.editor.dialup.localhost:8080", "alice.editor.dialup.localhost.:8080",
                                  "alice.editor.dialup.localhost"])
def test_a_host_is_read_as_browsers_mean_it(running: Any, host: str) -> None:
    assert ask(running, host, cookie=lab_session(running)).status_code == 200


@pytest.mark.parametrize("origin", [None, "null", PORTAL, "http://blog.dialup.localhost:8080", f"{ORIGIN}.evil",
                                    "http://alice.editor.dialup.localhost", f"{ORIGIN}@x", "https://" + LAB,
                                    "http://bob.editor.dialup.localhost:8080"])
@pytest.mark.parametrize("shape", ["POST", "DELETE", "websocket"])
def test_only_the_labs_own_pages_may_change_it(running: Any, origin: str | None, shape: str) -> None:
    cookie = lab_session(running)
    headers = {"Origin": origin} if origin else {}
    if shape == "websocket":
        headers |= {"Upgrade": "websocket", "Connection": "Upgrade"}
    method = "GET" if shape == "websocket" else shape
    assert ask(running, method=method, cookie=cookie, **headers).status_code == 403
    headers["Origin"] = ORIGIN
    assert ask(running, method=method, cookie=cookie, **headers).status_code == 200
    assert ask(running, method=method, cookie=cookie, **headers, Sec_Fetch_Site="same-site").status_code == 403


def test_without_a_method_from_caddy_nothing_counts_as_reading(running: Any) -> None:
    assert ask(running, method="", cookie=lab_session(running)).status_code == 403


def test_siblings_may_lead_people_here_but_not_load_anything(running: Any, site: Any) -> None:
    lab, preview = lab_session(running), lab_session(running, "bob", PREVIEW)
    for place in ("same-site", "cross-site"):
        away = {"Sec_Fetch_Site": place}
        assert ask(running, cookie=lab, **away, Sec_Fetch_Mode="no-cors", Sec_Fetch_Dest="script").status_code == 403
        assert ask(running, cookie=lab, **away, Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="iframe").status_code == 403
        assert ask(running, cookie=lab, **away, Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document").status_code == 200
        assert ask(running, PREVIEW, cookie=preview, **away, Sec_Fetch_Mode="navigate",
                   Sec_Fetch_Dest="iframe").status_code == 200


def test_a_person_is_led_through_the_portal_and_a_program_is_told(running: Any) -> None:
    answer = ask(running, **NAVIGATE)
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert answer.headers["Location"].startswith(f"{PORTAL}/handover?")
    assert query["host"] == ["alice.editor.dialup.localhost"] and query["next"] == ["/lab/tree/x?y=1"]
    assert answer.headers["Set-Cookie"] == (f"__Host-dialup-state={query['state'][0]}; Path=/; Secure; HttpOnly; "
                                            "SameSite=Lax; Max-Age=600")
    for headers in ({"Sec_Fetch_Mode": "cors"}, {"Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "iframe"},
                    {"Accept": "*/*"}):
        refused = ask(running, **headers)
        assert refused.status_code == 401 and "Location" not in refused.headers


def test_the_whole_hand_over_ends_in_a_session_of_the_labs_own(running: Any) -> None:
    led = ask(running, **NAVIGATE)
    state = led.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    with running.browser("alice") as portal:
        path = led.headers["Location"].removeprefix(PORTAL)
        onward = portal.get(path, headers={"Sec-Fetch-Site": "same-site"})
    assert onward.status_code == 303
    target = urlsplit(onward.headers["Location"])
    assert f"{target.scheme}://{target.netloc}" == ORIGIN
    entered = enter(running, f"{target.path}?{target.query}", state)
    assert (entered.status_code, entered.headers["Location"]) == (303, "/lab/tree/x?y=1")
    session, cleared = entered.headers.get_list("Set-Cookie")
    assert session.endswith("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=604800")
    assert cleared.startswith("__Host-dialup-state=;") and "Max-Age=0" in cleared
    assert (entered.headers["Referrer-Policy"], entered.headers["Cache-Control"]) == ("no-referrer", "no-store")
    token = session.partition("=")[2].partition(";")[0]
    assert ask(running, cookie=token).status_code == 200
    assert enter(running, f"{target.path}?{target.query}", state).status_code == 403, "a code works once"


def enter(running: Any, path: str, state: str = "", host: str = LAB) -> httpx.Response:
    answer: httpx.Response = running.client("edge").get(path, headers={
        "Host": host, "Cookie": f"__Host-dialup=; __Host-dialup-state={state}"})
    return answer


def test_a_code_of_another_host_another_browser_or_without_state_is_refused(running: Any) -> None:
    principal = running.identity.session_principal(running.session("alice"), "admin.dialup.localhost")
    state, other = "s" * 43, "t" * 43

    def path(given: str) -> str:
        code = running.identity.issue_code(principal, "alice.editor.dialup.localhost", state, "/lab")
        return f"/_dialup/enter?code={code}&state={given}"

    assert enter(running, path(state), state, host="bob.editor.dialup.localhost:8080").status_code == 403
    assert enter(running, path(state), other).status_code == 403
    assert enter(running, path(other), other).status_code == 403
    assert enter(running, path(state)).status_code == 403
    assert enter(running, path(state).partition("&")[0]).status_code == 403
    assert enter(running, path(state), state).status_code == 303


def test_a_preview_ticket_works_once_and_in_a_frame(running: Any, site: Any) -> None:
    code = running.identity.issue_ticket(running.account("bob"), "blog-dev.dialup.localhost")
    first = enter(running, f"/_dialup/enter?code={code}", host=PREVIEW)
    assert first.status_code == 303
    assert first.headers.get_list("Set-Cookie")[0].endswith("SameSite=None; Max-Age=604800; Partitioned")
    assert enter(running, f"/_dialup/enter?code={code}", host=PREVIEW).status_code == 403


def test_logging_out_at_the_portal_closes_the_lab_at_once(running: Any) -> None:
    token = running.session("alice")
    principal = running.identity.session_principal(token, "admin.dialup.localhost")
    code = running.identity.issue_code(principal, "alice.editor.dialup.localhost", "s" * 43, "/lab")
    opened, _ = running.identity.redeem(code, "alice.editor.dialup.localhost", "s" * 43, Origin())
    assert ask(running, cookie=opened.token).status_code == 200
    with running.client(Cookie=f"__Host-dialup={token}", Origin=PORTAL) as browser:
        assert browser.post("/logout").status_code == 303
    assert ask(running, cookie=opened.token).status_code == 401


def test_disabling_an_account_closes_its_lab_at_once(running: Any) -> None:
    token = lab_session(running)
    running.identity.disable_account("alice")
    assert ask(running, cookie=token).status_code == 401


def test_an_account_without_an_editor_does_not_enter_a_lab(running: Any) -> None:
    running.identity.change_account("alice", can_use_editor=False)
    assert ask(running, cookie=lab_session(running)).status_code == 403


def test_the_question_cannot_be_asked_from_outside(running: Any) -> None:
    with running.client() as portal:
        for path in ("/_auth", "/%5fauth", "/_auth/", "/_dialup/../_auth", "/_dialup/enter"):
            assert portal.get(path).status_code == 404
    with running.client("edge") as edge:
        assert edge.get("/_dialup/anything").status_code == 404
        assert edge.post("/_dialup/enter").status_code == 405


@pytest.mark.parametrize("path", ["//evil", "/\\evil", "/%5cevil", "/\tevil", "https://evil", "evil", "", "/ /evil", "/.//evil",
                                  "/a\\b", "/a\nb", "/\x00", "/@evil", "/é", "/a" * 2000, None])
def test_nobody_is_led_to_another_host(path: str | None) -> None:
    assert safe_next(path) == "/"


@pytest.mark.parametrize("path", ["/", "/lab", "/lab/tree/a%20b?reset=1", "/?x=1", "/_x", "/a//b"])
def test_paths_of_the_same_host_are_kept(path: str) -> None:
    assert safe_next(path) == path


def test_the_gate_says_why_there_is_nothing_to_see(running: Any, site: Any) -> None:
    def visit(name: str, accept: str = "text/html") -> httpx.Response:
        answer: httpx.Response = running.client("gate").get(
            "/any/path", headers={"Host": f"{name}.dialup.localhost:8080", "Accept": accept})
        return answer

    assert visit("blog").status_code == 404 and "not been published" in visit("blog").text
    running.hub.context.sites.change(site.id, stopped=True)
    stopped = visit("blog")
    assert (stopped.status_code, stopped.headers["Retry-After"]) == (503, "3600")
    assert "stopped it" in stopped.text and "prefers-color-scheme:dark" in stopped.text
    assert "http://" not in stopped.text.replace("http://www.w3.org", ""), "nothing is loaded from anywhere"
    assert visit("blog", "*/*").json()["code"] == "site_stopped"
    running.hub.context.sites.remove(site, running.hub.context.clock.now())
    gone = visit("blog")
    assert (gone.status_code, gone.headers["Clear-Site-Data"]) == (410, '"cache", "storage"')
    assert visit("never").status_code == 404
    assert running.client("gate").post("/x", headers={"Host": "never.dialup.localhost"}).status_code == 404
