"""Showing a preview to somebody without an account: a link, and the guest's cookie it is turned into.

The cookie is made of the link's token and cannot be turned back: a cookie that leaks opens the preview as
long as the link does, but makes no new guests. The database holds a hash of the cookie alone.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from dialup_ext.actions.identity_sessions import digest, new_token
from dialup_ext.domain.ports import Clock
from dialup_ext.domain.preview_link import LONGEST_HOURS, PreviewLink
from dialup_ext.domain.site import Site
from dialup_ext.errors import BadInput
from dialup_ext.settings import Settings

if TYPE_CHECKING:
    from dialup_ext.store.preview_links import PreviewLinkRecords

PATH = "/_dialup/share"


@dataclass(frozen=True, slots=True)
class PreviewLinks:
    """Every check reads the database: revoking works at once."""

    records: PreviewLinkRecords
    settings: Settings
    clock: Clock

    def make(self, site: Site, hours: int) -> tuple[PreviewLink, str]:
        """A link for `hours`, and its URL, which is never shown again."""
        if not 1 <= hours <= LONGEST_HOURS:
            raise BadInput(f"A link is good for 1 to {LONGEST_HOURS} hours, not {hours}.", code="bad_hours",
                           hint="Make a new one in time.")
        token, now = new_token(), self.clock.now()
        link = self.records.create(site.id, digest(guest_cookie(token)), at=now,
                                   expires_at=now + timedelta(hours=hours))
        origin = self.settings.origin(site.preview_host(self.settings.domain))
        return link, f"{origin}{PATH}?token={token}"

    def list(self, site: Site) -> list[PreviewLink]:
        """Those that are good now, the newest first."""
        return self.records.list(site.id, self.clock.now())

    def revoke(self, site: Site, link_id: str) -> None:
        """Make one worthless at once, and every guest who came by it a stranger."""
        self.records.remove(site.id, link_id)

    def admit(self, token: str, site_name: str) -> tuple[str, PreviewLink] | None:
        """The guest's cookie for a link's token; None when it opens nothing (any more) at this site."""
        cookie = guest_cookie(token)
        link = self.guest(cookie, site_name)
        return None if link is None else (cookie, link)

    def guest(self, cookie: str, site_name: str) -> PreviewLink | None:
        """The link a guest came by, while it is good; None for strangers."""
        return self.records.find(digest(cookie), site_name, self.clock.now())


def guest_cookie(token: str) -> str:
    """43 URL-safe characters, always the same for the same link."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"guest {token}".encode()).digest()).decode().rstrip("=")
