"""The dashboard, the list of sites, and the page of one site."""

from __future__ import annotations

from typing import Any, ClassVar

from dialup_ext.errors import BadInput, DialupError
from dialup_ext.handlers.policy import Policy
from dialup_ext.handlers.portal.page import PageHandler


class DashboardHandler(PageHandler):
    """Everything at a glance: sites, quota, the lab."""

    policy = Policy.PORTAL
    here: ClassVar[str] = "dashboard"

    async def get(self) -> None:
        sites, quota, lab = await self.run(self._look)
        self.page("dashboard.html", sites=sites, quota=quota, lab=lab)

    def _look(self) -> tuple[Any, Any, Any]:
        return self.hub.sites(self.me), self.hub.quota(self.me), self.hub.lab(self.me)


class SitesHandler(PageHandler):
    """All sites."""

    policy = Policy.PORTAL
    here: ClassVar[str] = "sites"

    async def get(self) -> None:
        self.page("sites.html", sites=await self.run(self.hub.sites, self.me))


class SiteHandler(PageHandler):
    """One site: how it stands, its deployments, what it is given, what can be done."""

    policy = Policy.PORTAL
    here: ClassVar[str] = "sites"

    async def get(self, ref: str) -> None:
        """With `part`, what was done is said there, where the browser has scrolled to."""
        await self.show(ref, part=self.get_query_argument("part", ""))

    async def show(self, ref: str, *, part: str = "", error: DialupError | None = None, **values: Any) -> None:
        """The page; with `error`, the `part` of it where something was refused."""
        if error is not None:
            self.set_status(error.status)
        found = await self.run_in("driver", self._look, ref)
        self.page("site.html", **{**found, "made": None, "typed": None, "part": part, "error": error, **values})

    def _look(self, ref: str) -> dict[str, Any]:
        me, hub = self.me, self.hub
        site = hub.site(me, ref)
        live = site.live_release.number if site.live_release else None
        return {"site": site, "deployments": hub.deployments(me, ref), "links": hub.sharing.list(me, ref),
                "environment": hub.variables.list(me, ref),
                "why": next((release.why for release in hub.releases(me, ref) if release.number == live), "")}


class SiteVerbHandler(PageHandler):
    """Stop, start, restart, wake."""

    policy = Policy.PORTAL
    here: ClassVar[str] = "sites"

    async def post(self, ref: str, verb: str) -> None:
        site = await self.run_in("driver", getattr(self.hub.life, verb), self.me, ref)
        self.go(f"/sites/{site.name}?done={verb}")


class SiteRollbackHandler(PageHandler):
    """Back to an earlier release, by its number."""

    policy = Policy.PORTAL
    here: ClassVar[str] = "sites"

    async def post(self, ref: str) -> None:
        number = self.form("release")
        if not number.isdecimal() or len(number) > 9:
            raise BadInput("Which release?", hint="Choose one on the site's page.")
        deployment = await self.run_in("driver", self.hub.rollback, self.me, ref, int(number))
        self.go(f"/sites/{deployment.site}?done=rollback")
