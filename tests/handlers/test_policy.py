"""Every route has a policy, every policy is enforced, every error has one shape."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import pytest
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

from dialup_ext.handlers.base import DialupHandler
from dialup_ext.handlers.policy import Policy, check_policies, policy_for, verbs_of

BAD_ORIGINS = (None, "null", "http://x.dialup.localhost:8080", "http://dialup.localhost:8080",
               "https://admin.dialup.localhost:8080", "http://admin.dialup.localhost",
               "http://admin.dialup.localhost:8080.evil", "http://admin.dialup.localhost:8080@x",
               "http://ADMIN.dialup.localhost:8080", "http://alice.editor.dialup.localhost:8080")
ORIGIN = "http://admin.dialup.localhost:8080"


class Declared(DialupHandler):
    policy = Policy.ACCOUNT

    async def get(self) -> None: ...


class Undeclared(DialupHandler):
    async def get(self) -> None: ...


class HalfDeclared(DialupHandler):
    policy: ClassVar[Any] = {"GET": Policy.PUBLIC}

    async def get(self) -> None: ...

    async def post(self) -> None: ...


class Foreign(RequestHandler):
    policy = Policy.PUBLIC

    def get(self) -> None: ...


class UndeclaredSocket(DialupHandler, WebSocketHandler):
    pass


@pytest.mark.parametrize("handler", [Undeclared, HalfDeclared, Foreign, UndeclaredSocket])
def test_a_handler_without_a_policy_stops_the_start(handler: type[RequestHandler]) -> None:
    with pytest.raises(RuntimeError, match=handler.__name__):
        check_policies([("/a", Declared), ("/b", handler)])


def test_handlers_that_declare_theirs_pass() -> None:
    check_policies([("/a", Declared)])


def test_every_route_of_the_hub_declares_who_may_use_it(running: Any) -> None:
    routes = [rule.target for rule in running.portal.wildcard_router.rules]
    assert len(routes) > 40
    for handler in routes:
        for verb in verbs_of(handler):
            assert policy_for(handler, verb) is not None, (handler, verb)


def closed_routes(running: Any) -> list[tuple[str, str, Policy]]:
    """`(verb, path, policy)` of everything that is not public, with plausible arguments."""
    found = []
    for rule in running.portal.wildcard_router.rules:
        path = example(rule.matcher.regex.pattern)
        found += [(verb, path, policy_for(rule.target, verb)) for verb in verbs_of(rule.target)]
    return [(verb, path, policy) for verb, path, policy in found if policy and policy is not Policy.PUBLIC]


def example(pattern: str) -> str:
    """A path that a route's pattern matches."""
    text, before = pattern.removesuffix("$"), ""
    while text != before:
        before = text
        text = re.sub(r"\((?:\?P<\w+>|\?:)?([^()]*)\)\??", _fill, text, count=1)
    path = text.replace("\\.", ".")
    assert re.fullmatch(pattern, path), (pattern, path)
    return path


def _fill(group: re.Match[str]) -> str:
    inside = group[1]
    return inside.partition("|")[0] if "|" in inside else "blog" if "[" in inside else inside


def test_a_stranger_gets_nowhere(running: Any) -> None:
    with running.client(Origin=ORIGIN) as client:
        routes = closed_routes(running)
        assert len(routes) > 30
        for verb, path, _ in routes:
            answer = client.request(verb, path)
            assert answer.status_code == 401, (verb, path, answer.status_code)
            assert answer.json()["code"] == "not_logged_in"


def test_who_is_refused_before_the_body_is_read_is_told_that_the_connection_ends(running: Any) -> None:
    with running.client(Origin=ORIGIN) as client:
        for path in ("/dialup/api/v1/sites/blog/uploads", "/dialup/api/v1/uploads/blog/files"):
            answer = client.post(path, content=b"x" * 100)
            assert (answer.status_code, answer.headers.get("connection")) == (401, "close")
        assert "connection" not in client.post("/dialup/api/v1/sites", content=b"{}").headers


def test_a_lab_and_a_key_never_reach_what_is_for_the_portal(running: Any) -> None:
    _, key = running.identity.create_key(running.account("olga"), "all")
    clients = [running.client("labs/olga"), running.client(Authorization=f"Bearer {key}")]
    for verb, path, policy in closed_routes(running):
        if policy in (Policy.PORTAL, Policy.ADMIN):
            for client in clients:
                assert client.request(verb, path).status_code == 403, (verb, path)


def test_an_admins_lab_sees_the_server_but_a_key_and_a_user_do_not(running: Any) -> None:
    _, key = running.identity.create_key(running.account("olga"), "all")
    expected = [(running.client("labs/olga"), 200), (running.browser("olga"), 200),
                (running.client(Authorization=f"Bearer {key}"), 403), (running.browser("alice"), 403),
                (running.client("labs/alice"), 403)]
    for client, status in expected:
        with client:
            assert client.get("/dialup/api/v1/overview").status_code == status


def test_a_key_needs_the_scope(running: Any) -> None:
    _, key = running.identity.create_key(running.account("alice"), "reader", ["sites:read"])
    with running.client(Authorization=f"Bearer {key}") as client:
        assert client.get("/dialup/api/v1/sites").status_code == 200
        answer = client.post("/dialup/api/v1/sites", json={"name": "notes"})
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
        assert client.get("/dialup/api/v1/me").status_code == 403


@pytest.mark.parametrize("origin", BAD_ORIGINS)
def test_only_our_exact_origin_may_change_something(running: Any, origin: str | None) -> None:
    headers = {"Cookie": f"__Host-dialup={running.session('alice')}"}
    if origin is not None:
        headers["Origin"] = origin
    with running.client(**headers) as client:
        for verb, path in (("POST", "/dialup/api/v1/sites"), ("POST", "/logout"), ("POST", "/login"),
                           ("DELETE", "/dialup/api/v1/sites/blog"), ("POST", "/keys"),
                           ("POST", "/settings/password")):
            answer = client.request(verb, path)
            assert (answer.status_code, answer.json()["code"]) == (403, "wrong_origin"), (verb, path)


@pytest.mark.parametrize("place", ["same-site", "cross-site"])
def test_another_site_cannot_load_answers_or_post_with_a_forged_origin(running: Any, place: str) -> None:
    with running.client(Cookie=f"__Host-dialup={running.session('alice')}", Origin=ORIGIN,
                        Sec_Fetch_Site=place, Sec_Fetch_Mode="no-cors", Sec_Fetch_Dest="script") as client:
        assert client.get("/dialup/api/v1/sites").status_code == 403
        assert client.post("/logout").status_code == 403
    with running.client(Cookie=f"__Host-dialup={running.session('alice')}", Sec_Fetch_Site=place,
                        Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document") as client:
        assert client.get("/dashboard").status_code == 200


def test_a_key_needs_no_origin_and_its_cookies_are_ignored(running: Any) -> None:
    _, key = running.identity.create_key(running.account("alice"), "all")
    with running.client(Authorization=f"Bearer {key}", Cookie="__Host-dialup=x; __Host-dialup=y") as client:
        answer = client.post("/dialup/api/v1/sites", json={"name": "notes"})
        assert (answer.status_code, answer.json()["owner"]) == (201, "alice")


@pytest.mark.parametrize("cookie", ["__Host-dialup={0}; __Host-dialup={0}", "__Host-dialup={0}; \xa0__Host-dialup=evil",
                                    "__Host-dialup={0}; a=\x85"])
def test_confusing_cookies_are_refused_and_cleared(running: Any, cookie: str) -> None:
    with running.client() as client:
        header = cookie.format(running.session("alice")).encode("latin-1")
        answer = client.get("/dialup/api/v1/me", headers=[(b"Cookie", header)])
        assert (answer.status_code, answer.json()["code"]) == (400, "confusing_cookies")
        assert answer.headers["Clear-Site-Data"] == '"cookies"'


def test_a_session_counts_only_from_its_own_cookie(running: Any) -> None:
    token = running.session("alice")
    for headers in ({"Cookie": f"dialup={token}"}, {"Cookie": f"__host-dialup={token}"}, {"Cookie": "__Host-dialup="},
                    {"X-Dialup-User": "alice"}, {"Remote-User": "alice"}, {"X-Forwarded-User": "alice"}):
        with running.client(**headers) as client:
            assert client.get("/dialup/api/v1/me").status_code == 401, headers
            assert client.get(f"/dialup/api/v1/me?token={token}").status_code == 401


def test_a_key_in_the_url_or_under_another_scheme_proves_nothing(running: Any) -> None:
    _, key = running.identity.create_key(running.account("alice"), "all")
    with running.client() as client:
        assert client.get(f"/dialup/api/v1/me?token={key}").status_code == 401
        for scheme in ("token", "Basic", ""):
            answer = client.get("/dialup/api/v1/me", headers={"Authorization": f"{scheme} {key}".strip()})
            assert (answer.status_code, answer.json()["code"]) == (401, "bad_key")
        assert client.get("/dialup/api/v1/me", headers={"Authorization": f"bearer {key}"}).status_code == 200


def test_the_lab_socket_is_its_account_whatever_is_claimed(running: Any) -> None:
    _, key = running.identity.create_key(running.account("bob"), "all")
    with running.client("labs/alice", Authorization=f"Bearer {key}",
                        Cookie=f"__Host-dialup={running.session('bob')}", X_Dialup_User="bob") as client:
        assert client.get("/dialup/api/v1/me").json()["account"]["name"] == "alice"
        assert client.get("/dialup/api/v1/keys").status_code == 403
        assert client.get("/dashboard").status_code == 403


def test_a_disabled_account_is_out_at_once_by_every_door(running: Any) -> None:
    _, key = running.identity.create_key(running.account("alice"), "all")
    clients = [running.browser("alice"), running.client("labs/alice"), running.client(Authorization=f"Bearer {key}")]
    assert [client.get("/dialup/api/v1/me").status_code for client in clients] == [200, 200, 200]
    running.identity.disable_account("alice")
    assert [client.get("/dialup/api/v1/me").status_code for client in clients] == [401, 401, 401]
    running.identity.enable_account("alice")
    assert [client.get("/dialup/api/v1/me").status_code for client in clients] == [401, 200, 401]


def test_somebody_elses_things_are_not_there(running: Any, site: Any) -> None:
    with running.browser("alice") as alice, running.browser("bob") as bob:
        for path in ("/sites/blog", f"/sites/{site.id}", "/editor/blog", "/dialup/api/v1/sites/blog",
                     f"/dialup/api/v1/sites/{site.id}", "/dialup/api/v1/sites/blog/deployments"):
            mine, theirs, nobodys = (bob.get(path), alice.get(path), alice.get(path.replace("blog", "nope")))
            assert mine.status_code in (200, 303), path
            assert theirs.status_code == 404, path
            assert nobodys.status_code == 404 or site.id in path
        for verb in ("stop", "start", "restart"):
            assert alice.post(f"/sites/blog/{verb}").status_code == 404
        assert alice.post("/sites/blog/rollback", data={"release": "1"}).status_code == 404


def test_every_answer_carries_the_security_headers(running: Any) -> None:
    with running.browser("alice") as client, running.client() as stranger:
        answers = [client.get("/dashboard"), client.get("/nothing"), client.get("/dialup/api/v1/me"),
                   stranger.get("/dialup/api/v1/me"), stranger.get("/login"), stranger.post("/login"),
                   stranger.request("PROPFIND", "/login")]
    for answer in answers:
        headers = answer.headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], answer.url
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Referrer-Policy"] in ("same-origin", "no-referrer")
        assert headers["Cache-Control"] == "no-store"
        assert not [name for name in headers if name.lower().startswith("access-control")]


def test_every_error_has_the_one_shape(running: Any) -> None:
    with running.browser("alice") as client:
        client.headers["Accept"] = "application/json"
        for answer in (client.get("/nothing"), client.put("/dialup/api/v1/me"), client.get("/dialup/api/v1/sites/no"),
                       client.post("/dialup/api/v1/sites", content=b"{"),
                       client.post("/dialup/api/v1/sites", json={"name": "a", "role": "admin"}),
                       client.post("/dialup/api/v1/sites", json={})):
            assert 400 <= answer.status_code < 500
            assert set(answer.json()) == {"message", "reason", "code", "hint"}, answer.text
            assert answer.json()["message"] and "Traceback" not in answer.text


def test_our_own_mistake_is_told_without_its_inside(running: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ValueError("secret inside")

    monkeypatch.setattr(running.hub, "sites", broken)
    with running.browser("alice") as client:
        answer = client.get("/dialup/api/v1/sites")
        assert (answer.status_code, answer.json()["code"]) == (500, "internal")
        assert "secret" not in answer.text and "reference" in answer.json()["hint"]
        assert "Something went wrong" in client.get("/sites").text


def test_jupyters_own_routes_are_not_there(running: Any) -> None:
    with running.browser("olga") as client:
        for path in ("/api/terminals", "/api/kernels", "/api/contents", "/api/sessions", "/files/x",
                     "/nbconvert/html/x", "/lab/tree", "/voila/render/x", "/proxy/1", "/metrics", "/static/x"):
            assert client.get(path).status_code == 404, path
            assert client.post(path).status_code == 404, path


def test_the_editor_host_leads_to_the_portal(running: Any) -> None:
    with running.client(Host="editor.dialup.localhost:8080") as client:
        answer = client.get("/anything")
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{ORIGIN}/editor")


def test_another_host_knows_no_session(running: Any) -> None:
    with running.client(Host="blog.dialup.localhost:8080", Cookie=f"__Host-dialup={running.session('alice')}") as client:
        assert client.get("/dialup/api/v1/me").status_code == 401
