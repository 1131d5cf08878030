"""Remembered answers of creations, so that a repeated request creates nothing twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select

from dialup_ext.errors import Conflict
from dialup_ext.store.engine import Store
from dialup_ext.store.tables import idempotency_keys

KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class RememberedAnswers:
    """`Idempotency-Key` values per account, with a digest of the request they came with."""

    store: Store

    def recall(self, account_id: str, key: str, request_hash: str) -> tuple[int, Any] | None:
        """The answer given before, or None. The same key with another request is a `Conflict`."""
        table = idempotency_keys.c
        with self.store.read() as connection:
            row = connection.execute(
                select(idempotency_keys).where(table.user_id == account_id, table.key == key)).first()
        if row is None:
            return None
        if row.request_hash != request_hash:
            raise Conflict("This Idempotency-Key was used for another request.", code="key_reused",
                           hint="Use a new key for every new request.")
        return row.status, row.answer

    def remember(self, account_id: str, key: str, request_hash: str, status: int, answer: Any,
                 at: datetime) -> None:
        """Keep an answer for a day."""
        table = idempotency_keys.c
        with self.store.begin() as connection:
            connection.execute(delete(idempotency_keys).where(table.created_at < at - KEPT))
            connection.execute(delete(idempotency_keys).where(table.user_id == account_id, table.key == key))
            connection.execute(insert(idempotency_keys).values(
                user_id=account_id, key=key, request_hash=request_hash, status=status, answer=answer,
                created_at=at))
