"""Finding things by name and by id: one person's name never stands for another's id."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dialup_ext.domain.account import Quota, Role
from dialup_ext.domain.names import check_name
from dialup_ext.domain.site import Kind
from dialup_ext.errors import BadInput, NotFound
from dialup_ext.store.accounts import AccountRecords
from dialup_ext.store.engine import new_id
from dialup_ext.store.sites import SiteRecords
from dialup_ext.testing.hub import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "home")
    yield bench
    bench.close()


def test_a_site_named_like_another_sites_id_is_never_taken_for_it(bench: Bench) -> None:
    ana, bob = bench.account("ana"), bench.account("bob")
    sites = SiteRecords(bench.store)
    blog = sites.create(ana, "blog", Kind.STATIC, None, bench.clock.now())
    posing = sites.create(bob, blog.id, Kind.STATIC, None, bench.clock.now())

    assert sites.get(blog.id).name == "blog"
    assert sites.get(posing.id).owner == "bob"
    assert sites.load(blog.id, None).id == posing.id, "a name before an id"
    assert sites.load(blog.id, ana.id).id == blog.id


def test_get_knows_no_names(bench: Bench) -> None:
    ana = bench.account("ana")
    sites, accounts = SiteRecords(bench.store), AccountRecords(bench.store)
    sites.create(ana, "blog", Kind.STATIC, None, bench.clock.now())

    assert accounts.get("ana") is None and accounts.get(ana.id) == ana
    with pytest.raises(NotFound) as refusal:
        sites.get("blog")
    assert refusal.value.code == "site_not_found"


def test_an_account_named_like_another_ones_id_is_found_by_its_name(bench: Bench) -> None:
    ana = bench.account("ana")
    accounts = AccountRecords(bench.store)
    posing = accounts.create(ana.id, role=Role.USER, email=None, quota=Quota(), at=bench.clock.now())

    assert accounts.find(ana.id) == posing and accounts.get(ana.id) == ana


def test_nobody_may_take_a_name_that_looks_like_an_id() -> None:
    like_an_id = "a" + new_id()[1:]
    with pytest.raises(BadInput) as refusal:
        check_name(like_an_id)
    assert refusal.value.code == "bad_name" and f"my-{like_an_id}" in refusal.value.hint
