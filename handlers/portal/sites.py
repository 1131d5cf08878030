"""The dashboard, the list of sites, and the page of one site."""

from __future__ import annotations

from typing import Any, ClassVar

from dialup_ext.errors import BadInput
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
    """One site: how it stands, its deployments, what can be done."""

    policy = Policy.PORTAL
    here: ClassVar[str] = "sites"

    async def get(self, ref: str) -> None:
        site, deployments = await self.run(self._look, ref)
        self.page("site.html", site=site, deployments=deployments)

    def _look(self, ref: str) -> tuple[Any, Any]:
        return self.hub.site(self.me, ref), self.hub.deployments(self.me, ref)


class SiteVerbHandler(PageHandler):
    """Stop, start, restart."""

    policy = Policy.PORTAL
    here: ClassVar[str] = "sites"

    async def post(self, ref: str, verb: str) -> None:
        act = {"stop": self.hub.life.stop, "start": self.hub.life.start, "restart": self.hub.life.restart}[verb]
        site = await self.run_in("driver", act, self.me, ref)
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
