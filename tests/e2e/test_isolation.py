"""Two accounts: whatever is the other's does not exist. Every route has a row, or this fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dialup_ext.handlers.api import ROUTES
from dialup_ext.handlers.api.openapi import template
from dialup_ext.handlers.policy import Policy, policy_for, scope_for
from dialup_ext.testing.installation import Installation, Person


@pytest.fixture(scope="module", params=["process", "docker"])
def dialup(request: pytest.FixtureRequest, dialup: Installation) -> Installation:
    """The whole matrix on both drivers."""
    return request.getfixturevalue("docked") if request.param == "docker" else dialup


OWN_ONLY = {
    "/me", "/keys", "/templates", "/sites", "/lab", "/lab/events", "/events", "/usage", "/names/{name}",
    "/overview", "/health", "/health/{check}", "/openapi.json", "/keys/{key}",
}
"""Routes that name no thing of anybody: they show the caller's own or nobody's."""


def operations() -> Iterator[tuple[str, str]]:
    for pattern, handler in ROUTES:
        for verb in handler.contract:
            yield verb, template(pattern)


@pytest.fixture
def things(ana: Person, name: str, static_site: Callable[[str], Path]) -> dict[str, str]:
    """Ana's site, deployment and upload, for paths."""
    deployment = ana.deploy(name, static_site("ana's"))
    upload = ana.call("POST", f"/sites/{name}/uploads",
                      {"files": [{"path": "index.html", "size": 5, "sha256": "a" * 64}]}).json
    return {"site": name, "deployment": deployment["id"], "upload": upload["id"], "digest": "a" * 64,
            "variable": "TOKEN", "link": ana.call("POST", f"/sites/{name}/preview/links", {}).json["id"]}


@pytest.mark.parametrize(("verb", "path"), [
    (verb, path) for verb, path in operations() if path not in OWN_ONLY])
def test_other_peoples_things_are_404(ben: Person, ana: Person, things: dict[str, str], verb: str,
                                      path: str) -> None:
    if path == "/sites/{site}/{verb}":
        path = "/sites/{site}/stop"
    where = path.format(**things)
    body: Any = {"release": things["site"], "files": []} if verb == "POST" else None
    if path.endswith("/deployments"):
        body = {"release": ana.call("GET", f"/sites/{things['site']}/releases").json["releases"][0]["id"]}
    if path.endswith("/uploads"):
        body = {"files": [{"path": "index.html", "size": 0, "sha256": "b" * 64}]}
    if path.endswith(("/rollback", "/preview/links")) and verb == "POST":
        body = {}
    if verb == "PUT":
        body = {"value": "x"}

    answer = ben.call(verb, where, body)

    assert answer.status == 404, f"{verb} {where}: {answer.status} {answer.text}"
    assert ana.call("GET", f"/sites/{things['site']}").json["status"] == "active"


@pytest.mark.parametrize(("verb", "path"), list(operations()))
def test_nobody_gets_in_without_logging_in(dialup: Installation, verb: str, path: str) -> None:
    pattern, handler = next((p, h) for p, h in ROUTES if template(p) == path and verb in h.contract)
    where = "/dialup/api/v1" + path.format(site="x", verb="stop", deployment="x", upload="x", key="x",
                                           name="x", check="memory", digest="a" * 64, variable="A", link="x")

    answer = dialup.request(verb, "admin", where, headers={"Origin": dialup.settings.origin("admin.dialup.localhost")})

    if policy_for(handler, verb) is Policy.PUBLIC:
        assert answer.status in (200, 503), pattern
    else:
        assert answer.status == 401 and answer.json["code"] == "not_logged_in", pattern


@pytest.mark.parametrize(("verb", "path"), [
    (verb, template(pattern)) for pattern, handler in ROUTES for verb in handler.contract
    if policy_for(handler, verb) in (Policy.PORTAL, Policy.ADMIN_READ, Policy.ADMIN)])
def test_a_key_does_nothing_that_needs_a_person(dialup: Installation, verb: str, path: str) -> None:
    admin = dialup.account(f"boss{next(_numbers)}", admin=True)

    answer = admin.call(verb, path.format(key="x"), {"name": "more"} if verb == "POST" else None)

    assert answer.status == 403, answer.text


def test_a_key_without_a_scope_is_told_which_one_it_lacks(dialup: Installation, ana: Person) -> None:
    account = dialup.identity.account(ana.name)
    _, key = dialup.identity.create_key(account, "reader", ["sites:read"])
    reader = Person(dialup, ana.name, ana.id, key)

    assert reader.call("GET", "/sites").status == 200
    answer = reader.call("POST", "/sites", {"name": "whatever"})
    assert answer.status == 403 and "sites:write" in answer.json["message"]


def test_a_key_limited_to_one_site_sees_no_other(dialup: Installation, ana: Person, name: str) -> None:
    first = ana.call("POST", "/sites", {"name": name}).json
    ana.call("POST", "/sites", {"name": name + "b"})
    account = dialup.identity.account(ana.name)
    _, key = dialup.identity.create_key(account, "one", ["sites:read"], sites=[first["id"]])
    limited = Person(dialup, ana.name, ana.id, key)

    assert [site["name"] for site in limited.call("GET", "/sites").json["sites"]] == [name]
    assert limited.call("GET", f"/sites/{name}b").status == 404


def test_disabling_an_account_ends_its_key_at_once(dialup: Installation, ana: Person) -> None:
    assert ana.call("GET", "/me").status == 200

    dialup.identity.disable_account(ana.name)

    assert ana.call("GET", "/me").status == 401


def test_every_operation_is_in_the_document_and_the_other_way_round(dialup: Installation) -> None:
    document = dialup.get("admin", "/dialup/api/v1/openapi.json").json
    documented = {(verb.upper(), path) for path, verbs in document["paths"].items() for verb in verbs}

    assert documented == set(operations())
    for _, handler in ROUTES:
        for verb in handler.contract:
            assert policy_for(handler, verb) is not None
            if policy_for(handler, verb) is Policy.ACCOUNT:
                assert scope_for(handler, verb), f"{handler.__name__} {verb} names no scope for keys"


_numbers = iter(range(1, 1000))
