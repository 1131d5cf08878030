"""A site's life between deployments: stop, start, restart, sleep, wake, data, as its owner asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dialup_ext.actions import sites
from dialup_ext.actions.wake import wake_site
from dialup_ext.domain.access import Principal
from dialup_ext.domain.deployment import StepCancelled, StepFailed
from dialup_ext.domain.site import Site
from dialup_ext.domain.views import SiteView
from dialup_ext.errors import BadInput, Unavailable

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

    def wake(self, me: Principal, ref: str) -> SiteView:
        """Start the instance of a site that sleeps, and answer when it answers. Idempotent when it is awake.

        Raises what admission refuses, and `Unavailable` (`not_answering`) when it does not come up.
        """
        self._hub.check_may_change()
        site = self._hub.load_site(me, ref)
        try:
            return self._hub.views.site(wake_site(self._context, site.id))
        except StepFailed as error:
            raise Unavailable(error.failure.message, code=error.failure.code, hint=error.failure.hint) from error
        except StepCancelled:
            raise Unavailable("The server is being restarted.", code="hub_away",
                              hint="Try again in a moment.") from None

    def change(self, me: Principal, ref: str, **wanted: Any) -> SiteView:
        """Set `sleep_after` (seconds, None: never) and `volume`; what is not named stays.

        A site that sleeps and shall not any more is woken. A volume is there from the next start on, so a site that
        runs is restarted. Raises `BadInput` (`sleep_too_short`, `sleep_needs_instance`, `volume_needs_instance`).
        """
        self._hub.check_may_change()
        site = self._hub.load_site(me, ref)
        self._check(site, wanted)
        news = {name: value for name, value in wanted.items() if getattr(site, name) != value}
        if news:
            self._context.sites.change(site.id, **news)
            self._context.tell(site.owner_id, "site", site.name)
        if site.asleep and news.get("sleep_after", 0) is None:
            return self.wake(me, ref)
        if "volume" in news and site.runs and not (site.stopped or site.asleep or site.halted):
            return self.restart(me, ref)
        return self._hub.site(me, ref)

    def _check(self, site: Site, wanted: dict[str, Any]) -> None:
        least, after = self._context.settings.sleep_least, wanted.get("sleep_after")
        if after is not None and after < least:
            raise BadInput(f"A site sleeps after {least} seconds without a visit at the earliest.",
                           code="sleep_too_short", hint="Choose a longer time; 15 minutes suit most sites.")
        for name, what in (("sleep_after", "go to sleep"), ("volume", "keep data")):
            if wanted.get(name) and site.live_release_id and not site.runs:
                raise BadInput(f"“{site.name}” is made of files alone: nothing of it runs that could {what}.",
                               code=f"{name.partition('_')[0]}_needs_instance",
                               hint="It costs no memory as it is; there is nothing to do.")
