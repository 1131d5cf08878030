"""Releases in the database."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, exists, func, insert, not_, or_, select, update
from sqlalchemy.engine import Connection

from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Kind
from dialup_ext.errors import NotFound
from dialup_ext.store.engine import Store, new_id
from dialup_ext.store.tables import deployments, releases, user_sites


@dataclass(frozen=True, slots=True)
class ReleaseRecords:
    """Every method is one transaction."""

    store: Store

    def create(self, site_id: str, digest: str, *, kind: Kind, root: str, why: str, file_count: int,
               size_bytes: int, by: str, at: datetime, builder: str = "", runs: bool = False,
               start: Sequence[str] = (), config: Mapping[str, Any] | None = None) -> Release:
        """The release of this content: the one that is there, or a new one with the next number."""
        with self.store.begin() as connection:
            _lock_site(connection, site_id)
            found = connection.execute(
                select(releases).where(releases.c.site_id == site_id, releases.c.digest == digest)).first()
            if found is not None:
                return _release(found)
            # the counter lives with the site, so a number is never used twice, even after pruning
            number = _next_number(connection, site_id)
            release_id = new_id()
            connection.execute(insert(releases).values(
                id=release_id, site_id=site_id, number=number, kind=kind.value, digest=digest, root=root,
                why=why, builder=builder, runs=runs, start=list(start), config=dict(config or {}),
                file_count=file_count, size_bytes=size_bytes, created_at=at, created_by=by))
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

    def set_built(self, release_id: str, built: str) -> None:
        """Remember the manifest of what its build made: from now on it is never built again."""
        with self.store.begin() as connection:
            connection.execute(update(releases).where(releases.c.id == release_id).values(built=built))

    def prune(self, doomed: Mapping[str, builtins.list[str]]) -> builtins.list[str]:
        """Delete releases (`doomed`: site id to release ids); returns the ids of those that went.

        Whatever the caller saw before: what is live, and what a deployment is under way of, is
        not among them. One transaction; their deployments go with them.
        """
        wanted = [release_id for ids in doomed.values() for release_id in ids]
        needed = or_(
            exists().where(user_sites.c.live_release_id == releases.c.id),
            exists().where(deployments.c.release_id == releases.c.id, deployments.c.unfinished.is_not(None)))
        with self.store.begin() as connection:
            # whoever opens a deployment locks the site first, so none comes in between
            sites = select(user_sites.c.id).where(user_sites.c.id.in_(doomed)).order_by(user_sites.c.id)
            connection.execute(sites.with_for_update()).all()
            query = select(releases.c.id).where(releases.c.id.in_(wanted), not_(needed))
            going = list(connection.execute(query).scalars())
            connection.execute(delete(releases).where(releases.c.id.in_(going)))
        return going

    def note_storage(self, storage: Mapping[str, int]) -> None:
        """Note the bytes each site's releases take (`storage`: site id to bytes)."""
        with self.store.begin() as connection:
            for site_id, size in storage.items():
                connection.execute(update(user_sites).where(user_sites.c.id == site_id)
                                   .values(storage_used_bytes=size))


def _lock_site(connection: Connection, site_id: str) -> None:
    """Nobody else numbers, deploys or prunes this site's releases until the end."""
    site = select(user_sites.c.id).where(user_sites.c.id == site_id).with_for_update()
    if connection.execute(site).first() is None:
        raise NotFound("The site was removed a moment ago.", code="site_not_found",
                       hint="Check your list of sites.")


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
        builder=row.builder, built=row.built, runs=row.runs, start=tuple(row.start), config=row.config,
    )
