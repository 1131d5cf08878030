"""Accounts in the database: the brief's `users`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, insert, or_, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from dialup_ext.domain.account import Account, Quota, Role
from dialup_ext.errors import Conflict
from dialup_ext.store.engine import Store, new_id
from dialup_ext.store.tables import retired_names, user_sites, users


@dataclass(frozen=True, slots=True)
class AccountRecords:
    """Every method is one transaction. Password hashes never become part of an `Account`."""

    store: Store

    def create(self, name: str, *, role: Role, email: str | None, quota: Quota, at: datetime) -> Account:
        """Insert an account. Raises `Conflict` (`name_taken`): sites and people share one name space."""
        with self.store.begin() as connection:
            if _is_name_used(connection, name):
                raise _taken(name)
            try:
                connection.execute(insert(users).values(
                    id=new_id(), name=name, email=email, role=role.value, created_at=at,
                    max_sites=quota.max_sites, max_memory_mb=quota.max_memory_mb,
                    max_cpu_cores=quota.max_cpu_cores, max_storage_mb=quota.max_storage_mb,
                    max_builds=quota.max_builds))
            except IntegrityError as error:
                raise _taken(name) from error
            return account_of(connection.execute(select(users).where(users.c.name == name)).one())

    def get(self, account_id: str) -> Account | None:
        """The account of that id and never of that name, active or not."""
        with self.store.read() as connection:
            row = connection.execute(select(users).where(users.c.id == account_id)).first()
        return None if row is None else account_of(row)

    def find(self, ref: str) -> Account | None:
        """The account of that name, or else of that id, active or not."""
        query = select(users).where(or_(users.c.name == ref, users.c.id == ref))
        with self.store.read() as connection:
            row = connection.execute(query.order_by(case((users.c.name == ref, 0), else_=1))).first()
        return None if row is None else account_of(row)

    def list(self) -> list[Account]:
        """All accounts by name."""
        with self.store.read() as connection:
            return [account_of(row) for row in connection.execute(select(users).order_by(users.c.name))]

    def change(self, account_id: str, **values: Any) -> None:
        """Set columns (`is_active`, `role`, `email`, `max_sites`, …)."""
        with self.store.begin() as connection:
            connection.execute(update(users).where(users.c.id == account_id).values(**values))

    def password_hash(self, account_id: str) -> str | None:
        with self.store.read() as connection:
            found = connection.execute(select(users.c.password_hash).where(users.c.id == account_id)).first()
        return None if found is None else found.password_hash


def account_of(row: Row[Any]) -> Account:
    """A row with all columns of `users` as an account."""
    return Account(
        id=row.id, name=row.name, email=row.email, role=Role(row.role), created_at=row.created_at,
        quota=quota_of(row),
        can_create_sites=row.can_create_sites, can_use_editor=row.can_use_editor,
        is_active=row.is_active, has_password=row.password_hash is not None,
    )


def quota_of(row: Row[Any]) -> Quota:
    """The quota in a row with all columns of `users`."""
    return Quota(max_sites=row.max_sites, max_memory_mb=row.max_memory_mb, max_cpu_cores=row.max_cpu_cores,
                 max_storage_mb=row.max_storage_mb, max_builds=row.max_builds)


def _is_name_used(connection: Connection, name: str) -> bool:
    queries = (
        select(users.c.id).where(users.c.name == name),
        select(user_sites.c.id).where(user_sites.c.name == name),
        select(retired_names.c.name).where(retired_names.c.name == name),
    )
    return any(connection.execute(query).first() is not None for query in queries)


def _taken(name: str) -> Conflict:
    return Conflict(f"The name “{name}” is taken, by a person or a site.", code="name_taken",
                    hint="Choose another one.")
