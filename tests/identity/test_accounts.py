"""Accounts: names, limits of admins, shutting out."""

from __future__ import annotations

from typing import Any

import pytest

from dialup_ext.domain.account import Quota, Role
from dialup_ext.domain.login import Origin
from dialup_ext.errors import BadInput, Conflict, NotFound

HOST = "admin.dialup.localhost"


def test_an_account_is_found_by_name_and_by_id(identity: Any) -> None:
    alice = identity.add_account("alice", email="alice@example.org", quota=Quota(max_sites=7))
    assert identity.account("alice") == identity.account(alice.id) == alice
    assert (alice.quota.max_sites, alice.has_password, alice.is_active) == (7, False, True)
    assert identity.find_account("nobody") is None
    with pytest.raises(NotFound):
        identity.account("nobody")


@pytest.mark.parametrize("name", ["admin", "adm1n", "A", "x" * 40, "blog-dev", "a b", "../x", ""])
def test_a_name_that_cannot_be_a_host_is_refused(identity: Any, name: str) -> None:
    with pytest.raises(BadInput):
        identity.add_account(name)


def test_a_name_belongs_to_one_person(identity: Any) -> None:
    identity.add_account("alice")
    with pytest.raises(Conflict):
        identity.add_account("alice")


def test_the_last_admin_cannot_be_shut_out(identity: Any) -> None:
    identity.add_account("olga", role=Role.ADMIN)
    with pytest.raises(Conflict):
        identity.disable_account("olga")
    identity.add_account("otto", role=Role.ADMIN)
    assert not identity.disable_account("olga").is_active
    assert not identity.disable_account("olga").is_active, "twice is the same"


def test_a_new_role_ends_every_login(identity: Any) -> None:
    alice = identity.add_account("alice")
    token = identity.use_link(identity.make_login_link("alice").partition("link=")[2], Origin()).token
    assert identity.session_principal(token, HOST) is not None
    assert identity.change_account(alice.name, role=Role.ADMIN).is_admin
    assert identity.session_principal(token, HOST) is None


def test_a_disabled_account_gets_no_link_and_its_old_one_is_dead(identity: Any) -> None:
    identity.add_account("alice")
    token = identity.make_login_link("alice").partition("link=")[2]
    identity.disable_account("alice")
    identity.enable_account("alice")
    assert identity.peek_link(token) is None
    identity.disable_account("alice")
    with pytest.raises(Conflict):
        identity.make_login_link("alice")
