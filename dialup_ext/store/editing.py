"""Running labs and previews in the database: the brief's `editor_sessions`."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from dialup_ext.domain.editing import EditorSession
from dialup_ext.store.engine import Store, new_id
from dialup_ext.store.tables import editor_sessions, user_sites, users


@dataclass(frozen=True, slots=True)
class EditorRecords:
    """One row per lab or preview that runs, starts or failed to. Every method is one transaction."""

    store: Store

    def open(self, user_id: str, kind: str, site_id: str | None, *, key: str, secret: str | None,
             at: datetime, expires_at: datetime | None = None) -> EditorSession:
        """Put down that one is starting, in place of the one before."""
        session_id = new_id()
        with self.store.begin() as connection:
            connection.execute(delete(editor_sessions).where(*_which(user_id, kind, site_id)))
            connection.execute(insert(editor_sessions).values(
                id=session_id, user_id=user_id, site_id=site_id, kind=kind, instance_key=key, secret=secret,
                state="starting", created_at=at, expires_at=expires_at))
            return _session(connection.execute(_QUERY.where(editor_sessions.c.id == session_id)).one())

    def find(self, user_id: str, kind: str, site_id: str | None = None) -> EditorSession | None:
        with self.store.read() as connection:
            row = connection.execute(_QUERY.where(*_which(user_id, kind, site_id))).first()
        return None if row is None else _session(row)

    def previews(self, site_ids: builtins.list[str]) -> dict[str, EditorSession]:
        """The previews of these sites, by site id; those without one are left out."""
        query = _QUERY.where(editor_sessions.c.kind == "preview", editor_sessions.c.site_id.in_(site_ids))
        with self.store.read() as connection:
            return {row.site_id: _session(row) for row in connection.execute(query)}

    def list(self, kind: str | None = None) -> list[EditorSession]:
        query = _QUERY if kind is None else _QUERY.where(editor_sessions.c.kind == kind)
        with self.store.read() as connection:
            return [_session(row) for row in connection.execute(query)]

    def change(self, session_id: str, **values: Any) -> bool:
        """Set `state`, `message`, `expires_at`; False when the row is gone (it was stopped)."""
        with self.store.begin() as connection:
            done = connection.execute(
                update(editor_sessions).where(editor_sessions.c.id == session_id).values(**values))
            return bool(done.rowcount)

    def close(self, session_id: str) -> None:
        """Forget it. Idempotent."""
        with self.store.begin() as connection:
            connection.execute(delete(editor_sessions).where(editor_sessions.c.id == session_id))


_QUERY = (
    select(editor_sessions, users.c.name.label("account"), user_sites.c.name.label("site"))
    .join(users, users.c.id == editor_sessions.c.user_id)
    .join(user_sites, user_sites.c.id == editor_sessions.c.site_id, isouter=True)
)


def _which(user_id: str, kind: str, site_id: str | None) -> tuple[Any, ...]:
    site = editor_sessions.c.site_id == site_id if site_id else editor_sessions.c.site_id.is_(None)
    return (editor_sessions.c.user_id == user_id, editor_sessions.c.kind == kind, site)


def _session(row: Row[Any]) -> EditorSession:
    return EditorSession(id=row.id, account_id=row.user_id, account=row.account, site_id=row.site_id,
                         site=row.site, kind=row.kind, instance_key=row.instance_key, secret=row.secret,
                         state=row.state, message=row.message or "", created_at=row.created_at,
                         expires_at=row.expires_at)
