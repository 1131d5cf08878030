"""One-time links and API keys."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from dialup_ext.actions.identity_keys import new_key, parse_key
from dialup_ext.domain.access import SCOPES
from dialup_ext.domain.login import Origin
from dialup_ext.errors import BadInput, DialupError, Forbidden, NotFound, NotLoggedIn, TooMany

HOST = "admin.dialup.localhost"


@pytest.fixture
def alice(identity: Any) -> Any:
    return identity.add_account("alice")


def token_of(link: str) -> str:
    assert link.startswith("http://admin.dialup.localhost:8080/login?link=")
    return link.partition("link=")[2]


def test_of_fifty_at_once_exactly_one_gets_in(identity: Any, alice: Any) -> None:
    token = token_of(identity.make_login_link("alice"))

    def use(_: int) -> bool:
        try:
            return bool(identity.use_link(token, Origin()))
        except Forbidden:
            return False

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(use, range(50))) == 1
    assert len(identity.sessions(alice)) == 1


def test_of_fifty_redemptions_of_a_code_exactly_one_wins(identity: Any, alice: Any) -> None:
    host = "alice.editor.dialup.localhost"
    code = identity.issue_ticket(alice, host)

    def redeem(_: int) -> bool:
        try:
            return bool(identity.redeem(code, host, None, Origin()))
        except Forbidden:
            return False

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(redeem, range(50))) == 1


def test_looking_at_a_link_does_not_use_it_up(identity: Any, alice: Any) -> None:
    token = token_of(identity.make_login_link("alice"))
    assert identity.peek_link(token).name == identity.peek_link(token).name == "alice"
    assert identity.use_link(token, Origin())
    assert identity.peek_link(token) is None


def test_a_link_is_good_for_its_time(identity: Any, alice: Any, clock: Any) -> None:
    token = token_of(identity.make_login_link("alice", hours=2))
    clock.pass_time(hours=2, seconds=1)
    assert identity.peek_link(token) is None
    with pytest.raises(Forbidden):
        identity.use_link(token, Origin())
    with pytest.raises(Forbidden):
        identity.use_link("made up", Origin())


def test_a_key_proves_its_account_with_its_scopes(identity: Any, alice: Any, clock: Any) -> None:
    key, text = identity.create_key(alice, "  laptop ", ["deploy", "sites:read"])
    assert (key.name, key.scopes) == ("laptop", ("sites:read", "deploy"))
    principal = identity.key_principal(text, "192.0.2.1")
    assert (principal.account, principal.key_id) == (alice, key.id)
    assert principal.has("deploy") and not principal.has("sites:write")
    assert not principal.is_browser and not principal.may_administer and not principal.may_read_everything
    listed = identity.keys(alice.id)[0]
    assert (listed.used_at, listed.used_from) == (clock.now(), "192.0.2.1")
    assert listed.expires_at is not None and (listed.expires_at - clock.now()).days == 90


def test_a_key_is_worth_nothing_when_expired_revoked_or_changed(identity: Any, alice: Any, clock: Any) -> None:
    key, text = identity.create_key(alice, "a", days=1)
    for other in ("", "dlp_", text[:-1] + ("x" if text[-1] != "x" else "y"), text.swapcase(), text + "0", new_key()[2]):
        with pytest.raises(NotLoggedIn):
            identity.key_principal(other, "")
    identity.revoke_key(alice.id, key.id)
    with pytest.raises(NotLoggedIn):
        identity.key_principal(text, "")
    _, late = identity.create_key(alice, "b", days=1)
    clock.pass_time(days=1, seconds=1)
    with pytest.raises(NotLoggedIn):
        identity.key_principal(late, "")


def test_only_its_owner_revokes_a_key(identity: Any, alice: Any) -> None:
    key, text = identity.create_key(alice, "a")
    bob = identity.add_account("bob")
    with pytest.raises(NotFound):
        identity.revoke_key(bob.id, key.id)
    assert identity.key_principal(text, "")


def test_ten_keys_are_enough_even_at_once(identity: Any, alice: Any) -> None:
    def create(number: int) -> bool:
        try:
            return bool(identity.create_key(alice, f"key {number}"))
        except TooMany:
            return False

    with ThreadPoolExecutor(15) as pool:
        assert sum(pool.map(create, range(15))) == 10


@pytest.mark.parametrize(("name", "scopes", "days"), [
    ("", None, None), ("x" * 81, None, None), ("a", [], None), ("a", ["admin"], None), ("a", ["*"], None),
    ("a", None, 0), ("a", None, 367)])
def test_a_key_that_makes_no_sense_is_refused(identity: Any, alice: Any, name: str, scopes: Any, days: Any) -> None:
    with pytest.raises(BadInput):
        identity.create_key(alice, name, scopes, days=days)
    assert identity.keys(alice.id) == []


def test_without_scopes_a_key_gets_them_all(identity: Any, alice: Any) -> None:
    assert identity.create_key(alice, "a")[0].scopes == tuple(SCOPES)


def test_a_key_for_one_site_does_not_reach_another(identity: Any, alice: Any) -> None:
    _, text = identity.create_key(alice, "ci", sites=["site-1"])
    principal = identity.key_principal(text, "")
    principal.check_site("site-1")
    with pytest.raises(DialupError):
        principal.check_site("site-2")


def test_a_mistyped_key_is_known_without_a_look_up() -> None:
    public_id, secret, text = new_key()
    assert parse_key(text) == (public_id, secret)
    assert len(text) == 4 + 8 + 1 + 43 + 6
    for place in range(len(text)):
        changed = text[:place] + ("a" if text[place] != "a" else "b") + text[place + 1:]
        assert parse_key(changed) is None
