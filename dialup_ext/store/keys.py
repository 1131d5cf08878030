"""API keys in the database: their hashes, scopes and last use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, or_, select, update

from dialup_ext.domain.account import Account
from dialup_ext.domain.login import ApiKey
from dialup_ext.errors import NotFound, TooMany
from dialup_ext.store.accounts import account_of
from dialup_ext.store.engine import Store
from dialup_ext.store.tables import api_keys, users


@dataclass(frozen=True, slots=True)
class KeyRecords:
    """Every method is one transaction."""

    store: Store

    def create(self, key: ApiKey, secret_hash: str, *, limit: int, at: datetime) -> None:
        """Put down a key. Raises `TooMany` (`too_many_keys`) when `limit` good ones are there."""
        alive = or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > at)
        with self.store.begin() as connection:
            connection.execute(select(users.c.id).where(users.c.id == key.account_id).with_for_update())
            used = connection.execute(select(func.count()).select_from(api_keys).where(
                api_keys.c.user_id == key.account_id, alive)).scalar_one()
            if used >= limit:
                raise TooMany(f"You have {used} of {limit} keys.", code="too_many_keys",
                              hint="Revoke one you no longer use.")
            connection.execute(insert(api_keys).values(
                id=key.id, public_id=key.public_id, secret_hash=secret_hash, user_id=key.account_id,
                name=key.name, scopes=list(key.scopes), created_at=key.created_at,
                sites=None if key.sites is None else list(key.sites), expires_at=key.expires_at))

    def find(self, public_id: str) -> tuple[ApiKey, str, Account] | None:
        """The key, its secret's hash and its account, whatever their state."""
        query = select(users, *_prefixed()).join(users, users.c.id == api_keys.c.user_id).where(
            api_keys.c.public_id == public_id)
        with self.store.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else (_key(row), row.secret_hash, account_of(row))

    def list(self, account_id: str) -> list[ApiKey]:
        """An account's keys, the newest first, expired ones too."""
        query = select(*_prefixed()).where(api_keys.c.user_id == account_id).order_by(
            api_keys.c.created_at.desc())
        with self.store.read() as connection:
            return [_key(row) for row in connection.execute(query)]

    def touch(self, key_id: str, at: datetime, address: str) -> None:
        """Note when and from where it was used."""
        with self.store.begin() as connection:
            connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(
                used_at=at, used_from=address[:64]))

    def remove(self, account_id: str, key_id: str) -> None:
        """Revoke one of the account's keys. Raises `NotFound` for anybody else's."""
        with self.store.begin() as connection:
            done = connection.execute(delete(api_keys).where(
                api_keys.c.id == key_id, api_keys.c.user_id == account_id))
        if not done.rowcount:
            raise NotFound("There is no such key.", code="key_not_found", hint="It may be revoked already.")

    def remove_all(self, account_id: str) -> None:
        with self.store.begin() as connection:
            connection.execute(delete(api_keys).where(api_keys.c.user_id == account_id))


def _prefixed() -> tuple[Any, ...]:
    table = api_keys.c
    return (table.id.label("key_id"), table.public_id, table.secret_hash, table.user_id, table.scopes,
            table.name.label("key_name"), table.sites, table.created_at.label("made_at"),
            table.expires_at, table.used_at, table.used_from)


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(id=row.key_id, public_id=row.public_id, account_id=row.user_id, name=row.key_name,
                  scopes=tuple(row.scopes), sites=None if row.sites is None else tuple(row.sites),
                  created_at=row.made_at, expires_at=row.expires_at, used_at=row.used_at,
                  used_from=row.used_from or "")
