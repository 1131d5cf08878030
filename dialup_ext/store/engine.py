"""Opening the database: one engine, short write transactions, migrations at start."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from dialup_ext.crashpoint import crashpoint
from dialup_ext.errors import DialupError, NoSpace, Unavailable

POOL: dict[str, Any] = {"pool_size": 8, "max_overflow": 52, "pool_timeout": 10.0}
"""Connections for every thread of the hub, 55 in its pools; who finds none is told to try again."""

HEAD = "0002"
"""The newest migration; a test compares it with the scripts."""


def new_id() -> str:
    """A random 128-bit id as 26 characters of lower-case base 32: safe in URLs and file names."""
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    number = secrets.randbits(128)
    return "".join(alphabet[(number >> shift) & 31] for shift in range(0, 130, 5))


class Store:
    """The database of one installation. Thread-safe; every use is one short transaction."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = _engine(url)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A write transaction: commits at the end, rolls back on an exception.

        On SQLite it takes the write lock at once (`BEGIN IMMEDIATE`), so it never fails half-way
        for want of it. Committed means durable (`synchronous=FULL`).
        """
        writing = self._engine.execution_options(dialup_write=True)
        with _told(), writing.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction: one consistent snapshot."""
        with _told(), self._engine.connect() as connection, connection.begin():
            yield connection

    def prepare(self) -> None:
        """Check the file, bring the tables to the newest migration. Called at every start.

        Raises `Unavailable` (`database_damaged`, `database_newer`) and changes nothing then.
        """
        with self.read() as connection:
            if self._engine.dialect.name == "sqlite":
                verdict = connection.execute(text("PRAGMA quick_check(1)")).scalar()
                if verdict != "ok":
                    raise _damaged(str(verdict))
            version = _version(connection)
        if version != HEAD:
            self._migrate(version)

    def ping(self) -> None:
        """Raise when the database does not answer."""
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        self._engine.dispose()

    def _migrate(self, version: str | None) -> None:
        # alembic costs 0.3 s to import: only when there is something to do
        from alembic import command
        from alembic.config import Config
        from alembic.script import ScriptDirectory

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if version is not None and version not in known:
            raise Unavailable(f"The database was made by a newer dialup (schema {version}).",
                              code="database_newer", hint="Install that version, or restore a backup.")
        with self.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            crashpoint("C16")


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, **POOL)
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(url, connect_args={"timeout": 5.0, "isolation_level": None}, **POOL)

    @event.listens_for(engine, "connect")
    def pragmas(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("dialup_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


@contextmanager
def _told() -> Iterator[None]:
    """Say what a failing database means to a person."""
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable("The database is busy; nothing was changed.", hint="Try again in a moment.",
                          code="database_unavailable", retry_after=1) from error
    except DatabaseError as error:
        words = _in_words(error)
        if words is None:
            raise
        raise words from error


def _in_words(error: DatabaseError) -> DialupError | None:
    """None for mistakes of our own: a wrong statement, a constraint whose meaning the caller knows."""
    cause = str(error.orig)
    if "disk is full" in cause or "No space left" in cause:
        return NoSpace("The server's disk is full; nothing was changed.",
                       hint="Free some space, or ask your admin to.")
    if "not a database" in cause or "malformed" in cause:
        return _damaged(cause)
    if not isinstance(error, OperationalError):
        return None
    return Unavailable("The database is not answering; nothing was changed.",
                       hint="Try again in a moment.", code="database_unavailable")


def _damaged(why: str) -> Unavailable:
    return Unavailable(f"The database is damaged: {why}.", code="database_damaged",
                       hint="Stop dialup and restore a backup; running sites go on.")
