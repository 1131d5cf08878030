"""One-time links in the database. Of any number of attempts at once, exactly one wins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from dialup_ext.domain.account import Account
from dialup_ext.store.accounts import account_of
from dialup_ext.store.engine import Store
from dialup_ext.store.tables import one_time_links, users


@dataclass(frozen=True, slots=True)
class LinkRecords:
    """Every method is one transaction. `purpose` keeps links for one thing from doing another."""

    store: Store

    def create(self, token_hash: str, account_id: str, purpose: str, *, at: datetime,
               expires_at: datetime) -> None:
        """Put down a link; those past their end are swept on the way."""
        with self.store.begin() as connection:
            connection.execute(delete(one_time_links).where(one_time_links.c.expires_at <= at))
            connection.execute(insert(one_time_links).values(
                token_hash=token_hash, user_id=account_id, purpose=purpose, created_at=at,
                expires_at=expires_at))

    def peek(self, token_hash: str, purpose: str, at: datetime) -> Account | None:
        """Whose link this is, while it can be used. Uses nothing up."""
        table = one_time_links.c
        query = select(users).join(one_time_links, table.user_id == users.c.id).where(
            table.token_hash == token_hash, table.purpose == purpose, table.used_at.is_(None),
            table.expires_at > at, users.c.is_active)
        with self.store.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else account_of(row)

    def use(self, token_hash: str, purpose: str, at: datetime) -> str | None:
        """Use the link up; its account's id for the one who did, None for everybody else."""
        table = one_time_links.c
        with self.store.begin() as connection:
            done = connection.execute(update(one_time_links).where(
                table.token_hash == token_hash, table.purpose == purpose, table.used_at.is_(None),
                table.expires_at > at).values(used_at=at))
            if not done.rowcount:
                return None
            found = connection.execute(select(table.user_id).where(table.token_hash == token_hash)).one()
            return str(found.user_id)

    def remove_all(self, account_id: str) -> None:
        with self.store.begin() as connection:
            connection.execute(delete(one_time_links).where(one_time_links.c.user_id == account_id))
