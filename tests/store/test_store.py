"""The database: what two at once cannot both do, what a damaged or newer one says."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.engine import Dialect

from dialup_ext.domain.deployment import Status
from dialup_ext.domain.site import Kind
from dialup_ext.errors import Conflict, DialupError, TooMany, Unavailable
from dialup_ext.store.engine import Store, new_id
from dialup_ext.store.sites import SiteRecords
from dialup_ext.testing.hub import Bench

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "home")
    yield bench
    bench.close()


def test_the_migrations_make_exactly_the_tables(bench: Bench) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from dialup_ext.store.tables import metadata

    with bench.store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_pragmas_that_keep_promises_are_on(bench: Bench) -> None:
    with bench.store.read() as connection:
        values = {name: connection.execute(text(f"PRAGMA {name}")).scalar()
                  for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")}

    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


def test_of_twenty_at_once_who_want_one_name_one_gets_it(bench: Bench) -> None:
    people = [bench.account(f"person{number}") for number in range(20)]

    outcomes = at_once([partial(SiteRecords(bench.store).create, person, "wanted", Kind.STATIC, None, NOW)
                        for person in people])

    assert sum(not isinstance(outcome, DialupError) for outcome in outcomes) == 1
    assert {outcome.code for outcome in outcomes if isinstance(outcome, Conflict)} == {"name_taken"}


def test_a_quota_holds_against_twenty_at_once(bench: Bench) -> None:
    ana = bench.account("ana", max_sites=3)

    outcomes = at_once([partial(SiteRecords(bench.store).create, ana, f"site{n}", Kind.STATIC, None, NOW)
                        for n in range(20)])

    assert sum(isinstance(outcome, TooMany) for outcome in outcomes) == 17
    assert len(SiteRecords(bench.store).list(ana.id)) == 3


def test_a_failure_inside_a_transaction_leaves_nothing(bench: Bench) -> None:
    with pytest.raises(RuntimeError), bench.store.begin() as connection:
        connection.execute(text("INSERT INTO settings (name, value) VALUES ('x', '1')"))
        raise RuntimeError

    with bench.store.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM settings WHERE name = 'x'")).scalar() == 0


def test_a_newer_database_is_refused_and_left_as_it_is(bench: Bench) -> None:
    with bench.store.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(Unavailable) as refusal:
        Store(bench.settings.resolved_database_url).prepare()
    assert refusal.value.code == "database_newer" and refusal.value.hint


def test_a_damaged_database_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "database.sqlite"
    store = Store(f"sqlite:///{path}")
    store.prepare()
    store.close()
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    content = bytearray(path.read_bytes())
    content[4096 * 2 : 4096 * 6] = b"\xff" * (4096 * 4)
    path.write_bytes(bytes(content))

    with pytest.raises(Unavailable) as refusal:
        Store(f"sqlite:///{path}").prepare()
    assert refusal.value.hint


def test_a_file_that_is_no_database_is_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "database.sqlite").write_bytes(b"this was overwritten by something else\n" * 200)

    with pytest.raises(Unavailable) as refusal:
        Store(f"sqlite:///{tmp_path / 'database.sqlite'}").prepare()
    assert refusal.value.code == "database_damaged" and refusal.value.hint


def test_forty_threads_may_read_at_once(bench: Bench) -> None:
    everybody = threading.Barrier(40, timeout=30)

    def read() -> None:
        with bench.store.read() as connection:
            connection.execute(text("SELECT 1"))
            everybody.wait()  # nobody gives a connection back before all have one

    assert at_once([read] * 40) == [None] * 40


def test_who_gets_no_connection_is_told_to_try_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dialup_ext.store.engine.POOL", {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.01})
    store = Store(f"sqlite:///{tmp_path / 'database.sqlite'}")

    with store.read(), pytest.raises(Unavailable) as refusal, store.read():
        pass
    assert refusal.value.code == "database_unavailable" and refusal.value.retry_after
    store.close()


@pytest.mark.parametrize("dialect", [postgresql.dialect(), mysql.dialect()])
def test_what_counts_or_moves_locks_a_row_first_where_a_transaction_does_not_lock_all(
        bench: Bench, dialect: Dialect) -> None:
    ana = bench.account()
    statements: list[str] = []

    def note(_connection: Any, clause: Any, *_: Any) -> None:
        statements.append(str(clause.compile(dialect=dialect)) if hasattr(clause, "compile") else str(clause))

    event.listen(bench.store._engine, "before_execute", note)
    first: dict[str, str] = {}
    site = SiteRecords(bench.store).create(ana, "blog", Kind.STATIC, None, NOW)
    first["site"] = statements[0]
    statements.clear()
    release = bench.context.releases.create(site.id, "0" * 64, kind=Kind.STATIC, root="", why="", file_count=1,
                                            size_bytes=1, by="ana", at=NOW)
    first["number"] = statements[0]
    statements.clear()
    deployment = bench.context.deployments.open(release, "deploy", "ana", NOW, most=20)
    first["open"] = statements[0]
    statements.clear()
    bench.context.deployments.move(deployment.id, Status.BUILDING, NOW)
    first["move"] = statements[0]
    statements.clear()
    bench.context.releases.prune({site.id: [release.id]})
    first["prune"] = statements[0]

    assert {name: "FOR UPDATE" in statement for name, statement in first.items()} == dict.fromkeys(first, True)


def test_a_moment_without_a_time_zone_cannot_be_stored(bench: Bench) -> None:
    ana = bench.account()
    with pytest.raises(Exception, match="time zone"):
        SiteRecords(bench.store).create(ana, "blog", Kind.STATIC, None, datetime(2026, 1, 1))  # noqa: DTZ001


def test_ids_are_random_128_bits() -> None:
    found = {new_id() for _ in range(1000)}
    assert len(found) == 1000 and {len(one) for one in found} == {26}


def at_once(calls: list[Callable[[], object]]) -> list[object]:
    """What each call gave or raised, all begun at the same moment."""
    outcomes: list[object] = []
    gate = threading.Barrier(len(calls))

    def attempt(call: Callable[[], object]) -> None:
        gate.wait()
        try:
            outcomes.append(call())
        except DialupError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=attempt, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
