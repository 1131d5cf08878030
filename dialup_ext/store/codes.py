"""Hand-over codes in the database: good once, for a minute, at one host, in one browser."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from dialup_ext.domain.login import Handover
from dialup_ext.store.engine import Store
from dialup_ext.store.tables import handover_codes


@dataclass(frozen=True, slots=True)
class CodeRecords:
    """Every method is one transaction."""

    store: Store

    def create(self, code_hash: str, account_id: str, host: str, *, state_hash: str | None, next_path: str,
               session_id: str | None, at: datetime, expires_at: datetime) -> None:
        """Put down a code; without `state_hash` it is a ticket that any browser may redeem."""
        with self.store.begin() as connection:
            connection.execute(delete(handover_codes).where(handover_codes.c.expires_at <= at))
            connection.execute(insert(handover_codes).values(
                code_hash=code_hash, user_id=account_id, host=host, state_hash=state_hash,
                next_path=next_path, session_id=session_id, expires_at=expires_at))

    def redeem(self, code_hash: str, host: str, *, state_hash: str | None, at: datetime) -> Handover | None:
        """Use the code up. None when it is unknown, late, of another host or another browser.

        A wrong attempt uses it up as well, so that a stolen code cannot be tried twice.
        """
        table = handover_codes.c
        with self.store.begin() as connection:
            row = connection.execute(select(handover_codes).where(table.code_hash == code_hash)).first()
            done = connection.execute(delete(handover_codes).where(table.code_hash == code_hash))
        if row is None or not done.rowcount or row.host != host or row.expires_at <= at:
            return None
        if row.state_hash is not None and not hmac.compare_digest(row.state_hash, state_hash or ""):
            return None
        return Handover(account_id=row.user_id, next_path=row.next_path, session_id=row.session_id)

    def remove_all(self, account_id: str) -> None:
        with self.store.begin() as connection:
            connection.execute(delete(handover_codes).where(handover_codes.c.user_id == account_id))
