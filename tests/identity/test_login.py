"""Passwords, their limits, sessions and their ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dialup_ext.actions.identity_limits import network_of
from dialup_ext.domain.account import Role
from dialup_ext.domain.login import Origin
from dialup_ext.errors import BadInput, Forbidden, NotLoggedIn, TooMany

HOST = "admin.dialup.localhost"
PASSWORD = "seven green bicycles"
HOME, ELSEWHERE = Origin("192.0.2.1", "Firefox"), Origin("198.51.100.9")


@pytest.fixture
def alice(identity: Any) -> Any:
    account = identity.add_account("alice")
    identity.set_password(account, PASSWORD)
    return account


def wrong(identity: Any, name: str = "alice", origin: Origin = HOME) -> Any:
    with pytest.raises(NotLoggedIn) as caught:
        identity.log_in(name, "not the password", origin)
    return caught.value


def test_the_right_password_opens_a_session_at_the_portal_only(identity: Any, alice: Any) -> None:
    opened = identity.log_in("  Alice ", PASSWORD, HOME)
    assert len(opened.token) == 43 and opened.lifetime == 604800
    principal = identity.session_principal(opened.token, HOST)
    assert (principal.account.name, principal.session_id) == ("alice", opened.session.id)
    assert identity.session_principal(opened.token, "alice.editor.dialup.localhost") is None
    assert identity.session_principal(opened.token[:-1] + "x", HOST) is None


def test_unknown_disabled_and_passwordless_accounts_are_told_the_same(identity: Any, alice: Any) -> None:
    identity.add_account("bob")
    identity.add_account("carl")
    identity.set_password(identity.account("carl"), PASSWORD)
    identity.disable_account("carl")
    refusals = [wrong(identity, name) for name in ("alice", "bob", "nobody", "carl", alice.id, "")]
    messages = {(error.status, error.code, error.message, error.hint) for error in refusals}
    assert len(messages) == 1
    with pytest.raises(NotLoggedIn):
        identity.log_in("carl", PASSWORD, ELSEWHERE)


@pytest.mark.parametrize("password", ["short", "a" * 1025, "aaaaaaaaaaaaaa", "123456789012", "password1234",
                                      "alice alice 2030", "Alice123456789"])
def test_a_password_that_would_be_guessed_is_refused(identity: Any, alice: Any, password: str) -> None:
    with pytest.raises(BadInput) as caught:
        identity.set_password(alice, password)
    assert caught.value.code == "bad_password"


@pytest.mark.parametrize("password", ["zwölf Boxkämpfer", "🦊🦊🐢🐘 parade", "x1y2z3" * 170])
def test_any_long_enough_password_works(identity: Any, alice: Any, password: str) -> None:
    identity.set_password(alice, password)
    assert identity.log_in("alice", password, HOME)


def test_a_new_session_comes_with_every_login_and_the_old_one_ends(identity: Any, alice: Any) -> None:
    first = identity.log_in("alice", PASSWORD, HOME)
    second = identity.log_in("alice", PASSWORD, HOME, replaces=first.token)
    assert first.token != second.token
    assert identity.session_principal(first.token, HOST) is None
    assert identity.session_principal(second.token, HOST) is not None


def test_a_new_password_ends_every_session_and_goes_on_under_a_new_one(identity: Any, alice: Any) -> None:
    here, there = identity.log_in("alice", PASSWORD, HOME), identity.log_in("alice", PASSWORD, ELSEWHERE)
    principal = identity.session_principal(here.token, HOST)
    with pytest.raises(Forbidden):
        identity.change_password(principal, "guess", "nine blue umbrellas", HOME)
    new = identity.change_password(principal, PASSWORD, "nine blue umbrellas", HOME)
    assert identity.session_principal(here.token, HOST) is None
    assert identity.session_principal(there.token, HOST) is None
    assert identity.session_principal(new.token, HOST) is not None


def test_a_session_ends_when_unused_and_after_its_lifetime(identity: Any, alice: Any, clock: Any) -> None:
    idle, used = identity.log_in("alice", PASSWORD, HOME), identity.log_in("alice", PASSWORD, HOME)
    for _ in range(13):
        clock.pass_time(hours=12)
        assert identity.session_principal(used.token, HOST) is not None
    assert identity.session_principal(idle.token, HOST) is None
    clock.pass_time(hours=12)
    assert identity.session_principal(used.token, HOST) is None


def test_an_admins_session_ends_sooner(identity: Any, clock: Any) -> None:
    identity.add_account("olga", role=Role.ADMIN)
    opened = identity.use_link(identity.make_login_link("olga").partition("link=")[2], HOME)
    assert opened.lifetime == 43200
    clock.pass_time(hours=11)
    assert identity.session_principal(opened.token, HOST) is not None
    clock.pass_time(hours=1)
    assert identity.session_principal(opened.token, HOST) is None


def test_sessions_are_listed_and_ended_one_by_one_or_all(identity: Any, alice: Any) -> None:
    identity.add_account("bob")
    tokens = [identity.log_in("alice", PASSWORD, HOME).token for _ in range(3)]
    listed = identity.sessions(alice)
    assert {(s.address, s.agent) for s in listed} == {("192.0.2.1", "Firefox")}
    assert not identity.end_session(identity.account("bob"), listed[0].id), "not Bob's to end"
    assert identity.end_session(alice, identity.session_principal(tokens[0], HOST).session_id)
    keep = identity.session_principal(tokens[1], HOST).session_id
    assert identity.end_sessions(alice, but=keep) == 1
    assert [identity.session_principal(token, HOST) is not None for token in tokens] == [False, True, False]


def test_a_session_handed_over_ends_with_the_one_it_came_from(identity: Any, alice: Any) -> None:
    opened = identity.log_in("alice", PASSWORD, HOME)
    lab = "alice.editor.dialup.localhost"
    code = identity.issue_code(identity.session_principal(opened.token, HOST), lab, "s" * 43, "/lab")
    handed, handover = identity.redeem(code, lab, "s" * 43, HOME)
    assert handover.next_path == "/lab"
    assert identity.session_principal(handed.token, lab) is not None
    identity.end_session(alice, opened.session.id)
    assert identity.session_principal(handed.token, lab) is None


def test_a_code_is_good_for_a_minute(identity: Any, alice: Any, clock: Any) -> None:
    code = identity.issue_ticket(alice, "blog-dev.dialup.localhost")
    clock.pass_time(seconds=61)
    with pytest.raises(Forbidden):
        identity.redeem(code, "blog-dev.dialup.localhost", None, HOME)


def test_the_eleventh_wrong_password_must_wait(identity: Any, alice: Any, clock: Any) -> None:
    for _ in range(10):
        wrong(identity)
    with pytest.raises(TooMany) as caught:
        identity.log_in("alice", PASSWORD, HOME)
    assert caught.value.retry_after == 300
    clock.jump(days=400)
    with pytest.raises(TooMany):
        identity.log_in("alice", PASSWORD, HOME)
    clock.pass_time(seconds=301)
    assert identity.log_in("alice", PASSWORD, HOME)


def test_an_attack_on_an_account_does_not_lock_its_owner_out(identity: Any, alice: Any) -> None:
    for _ in range(10):
        wrong(identity, origin=ELSEWHERE)
    assert identity.log_in("alice", PASSWORD, HOME)


def test_an_address_may_not_try_one_name_after_another(identity: Any, alice: Any) -> None:
    for number in range(10):
        wrong(identity, f"person{number}", ELSEWHERE)
    with pytest.raises(TooMany):
        identity.log_in("alice", PASSWORD, ELSEWHERE)
    assert identity.log_in("alice", PASSWORD, HOME)


def test_a_distributed_attack_is_slowed_but_not_for_those_who_were_here(identity: Any, alice: Any) -> None:
    identity.log_in("alice", PASSWORD, HOME)
    limits = identity._limits
    for number in range(100):
        limits.begin(f"n{number}", f"203.0.113.{number}")
    with pytest.raises(TooMany):
        identity.log_in("alice", PASSWORD, ELSEWHERE)
    assert identity.log_in("alice", PASSWORD, HOME)


def test_right_passwords_are_not_counted(identity: Any, alice: Any) -> None:
    for _ in range(12):
        identity.log_in("alice", PASSWORD, HOME)


@pytest.mark.parametrize(("address", "network"), [
    ("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3::9", "2001:db8:1:2::/64"), ("::ffff:192.0.2.7", "192.0.2.7"),
    ("", ""), ("junk", "junk")])
def test_addresses_are_counted_by_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_no_secret_is_stored_as_it_is(identity: Any, alice: Any) -> None:
    opened = identity.log_in("alice", PASSWORD, HOME)
    link = identity.make_login_link("alice").partition("link=")[2]
    _, key = identity.create_key(alice, "laptop")
    code = identity.issue_ticket(alice, "blog-dev.dialup.localhost")
    stored = b"".join(path.read_bytes() for path in identity.settings.data.glob("database.sqlite*"))
    for secret in (PASSWORD, opened.token, link, key, key[13:56], code):
        assert secret.encode() not in stored
    assert b"$argon2id$v=19$m=19456,t=2,p=1$" in stored


def test_a_clock_that_goes_back_a_little_logs_nobody_out(identity: Any, alice: Any, clock: Any) -> None:
    opened = identity.log_in("alice", PASSWORD, HOME)
    clock.wall -= timedelta(minutes=10)
    assert identity.session_principal(opened.token, HOST) is not None
