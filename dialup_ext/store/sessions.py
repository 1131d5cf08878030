"""Logins in the database. A session is good at one host only and known by its hash only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, or_, select, update

from dialup_ext.domain.account import Account
from dialup_ext.domain.login import LoginSession, Origin
from dialup_ext.store.accounts import account_of
from dialup_ext.store.engine import Store, new_id
from dialup_ext.store.tables import sessions, users


@dataclass(frozen=True, slots=True)
class SessionRecords:
    """Every method is one transaction."""

    store: Store

    def open(self, token_hash: str, account_id: str, host: str, *, at: datetime, expires_at: datetime,
             origin: Origin, parent_id: str | None = None) -> LoginSession:
        """Put down a login. Rows past their end are swept on the way."""
        session = LoginSession(id=new_id(), account_id=account_id, host=host, created_at=at, used_at=at,
                               expires_at=expires_at, address=origin.address[:64], agent=origin.agent[:200],
                               parent_id=parent_id)
        with self.store.begin() as connection:
            connection.execute(delete(sessions).where(sessions.c.expires_at <= at))
            connection.execute(insert(sessions).values(
                token_hash=token_hash, id=session.id, user_id=account_id, host=host, created_at=at,
                used_at=at, expires_at=expires_at, address=session.address, agent=session.agent,
                parent_id=parent_id))
        return session

    def find(self, token_hash: str, host: str, *, at: datetime,
             idle: timedelta) -> tuple[LoginSession, Account] | None:
        """The session and its account, if it is of this host, in time, and the account active."""
        query = select(users, *_prefixed()).join(users, users.c.id == sessions.c.user_id).where(
            sessions.c.token_hash == token_hash, sessions.c.host == host, sessions.c.expires_at > at,
            sessions.c.used_at > at - idle, users.c.is_active)
        with self.store.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else (_session(row), account_of(row))

    def touch(self, session_id: str, at: datetime) -> None:
        """Note that it was used."""
        with self.store.begin() as connection:
            connection.execute(update(sessions).where(sessions.c.id == session_id).values(used_at=at))

    def list(self, account_id: str, *, at: datetime, idle: timedelta) -> list[LoginSession]:
        """An account's sessions that still open something, the latest used first."""
        query = select(*_prefixed()).where(
            sessions.c.user_id == account_id, sessions.c.expires_at > at, sessions.c.used_at > at - idle
        ).order_by(sessions.c.used_at.desc())
        with self.store.read() as connection:
            return [_session(row) for row in connection.execute(query)]

    def end(self, account_id: str, session_id: str) -> bool:
        """Delete one of the account's sessions and what was handed over from it."""
        with self.store.begin() as connection:
            done = connection.execute(delete(sessions).where(
                sessions.c.user_id == account_id,
                or_(sessions.c.id == session_id, sessions.c.parent_id == session_id)))
            return bool(done.rowcount)

    def end_all(self, account_id: str, *, but: str | None = None) -> int:
        """Delete all of an account's sessions, but for one and what hangs on it; returns how many."""
        query = delete(sessions).where(sessions.c.user_id == account_id)
        if but is not None:
            query = query.where(sessions.c.id != but,
                                or_(sessions.c.parent_id.is_(None), sessions.c.parent_id != but))
        with self.store.begin() as connection:
            return int(connection.execute(query).rowcount)


def _prefixed() -> tuple[Any, ...]:
    """Columns under names of their own, since `users` has an `id` and a `created_at` too."""
    table = sessions.c
    return (table.id.label("session_id"), table.user_id, table.host, table.used_at, table.expires_at,
            table.created_at.label("opened_at"), table.address, table.agent, table.parent_id)


def _session(row: Row[Any]) -> LoginSession:
    return LoginSession(id=row.session_id, account_id=row.user_id, host=row.host, created_at=row.opened_at,
                        used_at=row.used_at, expires_at=row.expires_at, address=row.address or "",
                        agent=row.agent or "", parent_id=row.parent_id)
