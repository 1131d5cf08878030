"""Releases in the database."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.engine import Connection

from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Kind
from dialup_ext.errors import NotFound
from dialup_ext.store.engine import Store, new_id
from dialup_ext.store.tables import releases, user_sites


@dataclass(frozen=True, slots=True)
class ReleaseRecords:
    """Every method is one transaction."""

    store: Store

    def create(self, site_id: str, digest: str, *, kind: Kind, root: str, why: str, file_count: int,
               size_bytes: int, by: str, at: datetime) -> Release:
        """The release of this content: the one that is there, or a new one with the next number."""
        with self.store.begin() as connection:
            found = connection.execute(
                select(releases).where(releases.c.site_id == site_id, releases.c.digest == digest)).first()
            if found is not None:
                return _release(found)
            # the counter lives with the site, so a number is never used twice, even after pruning
            number = _next_number(connection, site_id)
            release_id = new_id()
            connection.execute(insert(releases).values(
                id=release_id, site_id=site_id, number=number, kind=kind.value, digest=digest, root=root,
                why=why, file_count=file_count, size_bytes=size_bytes, created_at=at, created_by=by))
            return _release(connection.execute(select(releases).where(releases.c.id == release_id)).one())

    def load(self, release_id: str, site_id: str | None = None) -> Release:
        """The release of that id (of that site, if given). Raises `NotFound`."""
        query = select(releases).where(releases.c.id == release_id)
        if site_id is not None:
            query = query.where(releases.c.site_id == site_id)
        with self.store.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound("There is no such release of this site.", code="release_not_found",
                           hint="It may have been pruned; the list shows what is kept.")
        return _release(row)

    def list(self, site_id: str | None = None) -> list[Release]:
        """Newest first."""
        query = select(releases).order_by(releases.c.number.desc())
        if site_id is not None:
            query = query.where(releases.c.site_id == site_id)
        with self.store.read() as connection:
            return [_release(row) for row in connection.execute(query)]

    def set_layer(self, release_id: str, layer: str) -> None:
        """Remember which sealed dependency layer it runs with."""
        with self.store.begin() as connection:
            connection.execute(update(releases).where(releases.c.id == release_id).values(layer=layer))

    def prune(self, doomed: builtins.list[str], storage: Mapping[str, int]) -> None:
        """Delete rows, and note what each site's remaining releases take."""
        with self.store.begin() as connection:
            connection.execute(delete(releases).where(releases.c.id.in_(doomed)))
            for site_id, size in storage.items():
                connection.execute(update(user_sites).where(user_sites.c.id == site_id)
                                   .values(storage_used_bytes=size))


def _next_number(connection: Connection, site_id: str) -> int:
    row = connection.execute(
        select(user_sites.c.releases_made, func.max(releases.c.number))
        .join(releases, releases.c.site_id == user_sites.c.id, isouter=True)
        .where(user_sites.c.id == site_id).group_by(user_sites.c.releases_made)).one()
    number = max(row[0] or 0, row[1] or 0) + 1
    connection.execute(update(user_sites).where(user_sites.c.id == site_id).values(releases_made=number))
    return number


def _release(row: Row[Any]) -> Release:
    return Release(
        id=row.id, site_id=row.site_id, number=row.number, kind=Kind(row.kind), digest=row.digest,
        file_count=row.file_count, size_bytes=row.size_bytes, created_at=row.created_at,
        created_by=row.created_by, root=row.root, layer=row.layer, why=row.why,
    )
