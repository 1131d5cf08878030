"""Remembered answers of creations, so that a repeated request creates nothing twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Delete, Update, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from dialup_ext.errors import Conflict
from dialup_ext.store.engine import Store
from dialup_ext.store.tables import idempotency_keys

KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class RememberedAnswers:
    """`Idempotency-Key` values per account, with a digest of the request they came with.

        answer = begin(…)           before the work; an answer means: it was done, give that
        finish(…) or forget(…)      after it, when it succeeded or was refused

    A key that was begun and never finished was interrupted, by a crash: whether the work was
    done nobody knows, so it is never done again under that key.
    """

    store: Store

    def begin(self, account_id: str, key: str, request_hash: str, at: datetime) -> tuple[int, Any] | None:
        """Claim the key durably: None for the one who is to do the work, else status and answer.

        Of any number at once one gets None. Raises `Conflict`: `key_reused` for another request
        under the same key, `in_progress` while the first is not finished, or never will be.
        Keys are forgotten a day after they were begun.
        """
        table = idempotency_keys.c
        try:
            with self.store.begin() as connection:
                connection.execute(delete(idempotency_keys).where(table.created_at < at - KEPT))
                connection.execute(insert(idempotency_keys).values(
                    user_id=account_id, key=key, request_hash=request_hash, created_at=at))
        except IntegrityError:
            return self._recall(account_id, key, request_hash)
        return None

    def finish(self, account_id: str, key: str, status: int, answer: Any) -> None:
        """Keep the answer to what was begun. Does nothing when the key was forgotten meanwhile."""
        self._change(account_id, key, update(idempotency_keys).values(status=status, answer=answer))

    def forget(self, account_id: str, key: str) -> None:
        """What was begun was refused and changed nothing: the key may be used again. Idempotent."""
        self._change(account_id, key, delete(idempotency_keys))

    def _recall(self, account_id: str, key: str, request_hash: str) -> tuple[int, Any]:
        table = idempotency_keys.c
        with self.store.read() as connection:
            row = connection.execute(
                select(idempotency_keys).where(table.user_id == account_id, table.key == key)).first()
        if row is not None and row.request_hash != request_hash:
            raise Conflict("This Idempotency-Key was used for another request.", code="key_reused",
                           hint="Use a new key for every new request.")
        if row is None or row.status is None:
            raise Conflict("A request with this Idempotency-Key was begun and is not finished.",
                           code="in_progress", retry_after=2,
                           hint="Try again in a moment. If it stays so, look whether it was done, and use a "
                                "new key if not.")
        return row.status, row.answer

    def _change(self, account_id: str, key: str, statement: Update | Delete) -> None:
        table = idempotency_keys.c
        with self.store.begin() as connection:
            connection.execute(statement.where(table.user_id == account_id, table.key == key,
                                               table.status.is_(None)))
