"""A site's life between deployments: stop, start, restart, as its owner asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialup_ext.actions import sites
from dialup_ext.domain.access import Principal
from dialup_ext.domain.views import SiteView

if TYPE_CHECKING:
    from dialup_ext.hub import Hub


class Life:
    """The hub's verbs for what runs. Like the hub's own, each works on the principal's things only."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._context = hub.context

    def stop(self, me: Principal, ref: str) -> SiteView:
        """Visitors see a page that says so; nothing of it runs. Idempotent."""
        self._hub.check_may_change()
        return self._hub.views.site(sites.stop_site(self._context, self._hub.load_site(me, ref)))

    def start(self, me: Principal, ref: str) -> SiteView:
        """Bring a stopped site back. Idempotent when it is up."""
        self._hub.check_may_change()
        site = sites.start_site(self._context, self._hub.load_site(me, ref), me.account.name)
        return self._hub.views.site(site)

    def restart(self, me: Principal, ref: str) -> SiteView:
        """Start its live release anew and switch over; visitors notice nothing."""
        self._hub.check_may_change()
        site = sites.restart_site(self._context, self._hub.load_site(me, ref), me.account.name)
        return self._hub.views.site(site)
