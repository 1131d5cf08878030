"""Links that open a preview to whoever has them: by their hashes only."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from dialup_ext.domain.preview_link import MOST_LINKS, PreviewLink
from dialup_ext.errors import NotFound, TooMany
from dialup_ext.store.engine import Store, new_id
from dialup_ext.store.tables import preview_links, user_sites, users


@dataclass(frozen=True, slots=True)
class PreviewLinkRecords:
    """Every method is one transaction."""

    store: Store

    def create(self, site_id: str, token_hash: str, *, at: datetime, expires_at: datetime) -> PreviewLink:
        """Put one down; those past their end are swept on the way. Raises `TooMany` (`too_many_links`)."""
        link = PreviewLink(new_id(), site_id, at, expires_at)
        with self.store.begin() as connection:
            connection.execute(delete(preview_links).where(preview_links.c.expires_at <= at))
            # The site's row stands for its links: two at once count one after the other.
            connection.execute(select(user_sites.c.id).where(user_sites.c.id == site_id).with_for_update())
            used = len(connection.execute(select(preview_links.c.id).where(preview_links.c.site_id == site_id)).all())
            if used >= MOST_LINKS:
                raise TooMany(f"The preview has {used} of {MOST_LINKS} links.", code="too_many_links",
                              hint="Revoke one nobody needs any more.")
            connection.execute(insert(preview_links).values(
                id=link.id, site_id=site_id, token_hash=token_hash, created_at=at, expires_at=expires_at))
        return link

    def list(self, site_id: str, at: datetime) -> builtins.list[PreviewLink]:
        """A site's links that are good, the newest first."""
        query = select(preview_links).where(
            preview_links.c.site_id == site_id, preview_links.c.expires_at > at,
        ).order_by(preview_links.c.created_at.desc())
        with self.store.read() as connection:
            return [PreviewLink(row.id, row.site_id, row.created_at, row.expires_at)
                    for row in connection.execute(query)]

    def find(self, token_hash: str, site_name: str, at: datetime) -> PreviewLink | None:
        """The link of this site, while it is good and its owner's account is active."""
        query = select(preview_links).join(user_sites, user_sites.c.id == preview_links.c.site_id).join(
            users, users.c.id == user_sites.c.user_id).where(
            preview_links.c.token_hash == token_hash, preview_links.c.expires_at > at,
            user_sites.c.name == site_name, users.c.is_active)
        with self.store.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else PreviewLink(row.id, row.site_id, row.created_at, row.expires_at)

    def remove(self, site_id: str, link_id: str) -> None:
        """Revoke one of the site's links. Raises `NotFound` (`link_not_found`)."""
        with self.store.begin() as connection:
            done = connection.execute(delete(preview_links).where(
                preview_links.c.site_id == site_id, preview_links.c.id == link_id))
        if not done.rowcount:
            raise NotFound("There is no such link.", code="link_not_found",
                           hint="It may be over or revoked already.")
