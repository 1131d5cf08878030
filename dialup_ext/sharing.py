"""Showing previews to people without an account: the owner's verbs, and the door's question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialup_ext.actions.preview_links import PreviewLinks
from dialup_ext.domain.access import Principal
from dialup_ext.domain.preview_link import PreviewLink
from dialup_ext.domain.views import PreviewLinkView

if TYPE_CHECKING:
    from dialup_ext.hub import Hub


class Sharing:
    """The hub's verbs for links to previews."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        context = hub.context
        self._links = PreviewLinks(context.preview_links, context.settings, context.clock)

    def make(self, me: Principal, ref: str, hours: int) -> PreviewLinkView:
        """A link that shows this preview, and nothing else, for `hours`. Its URL is told this once."""
        self._hub.check_may_change()
        link, url = self._links.make(self._hub.load_site(me, ref), hours)
        return PreviewLinkView(link.id, link.created_at, link.expires_at, url)

    def list(self, me: Principal, ref: str) -> list[PreviewLinkView]:
        """Those that are good now."""
        return [PreviewLinkView(link.id, link.created_at, link.expires_at)
                for link in self._links.list(self._hub.load_site(me, ref))]

    def revoke(self, me: Principal, ref: str, link_id: str) -> None:
        """Make one worthless at once."""
        self._links.revoke(self._hub.load_site(me, ref), link_id)

    def admit(self, token: str, site_name: str) -> tuple[str, PreviewLink] | None:
        """For the door: a guest's cookie for a token, and the link it is of."""
        return self._links.admit(token, site_name)

    def guest(self, cookie: str, site_name: str) -> PreviewLink | None:
        """For the door: the link a guest came by, while it is good."""
        return self._links.guest(cookie, site_name)
