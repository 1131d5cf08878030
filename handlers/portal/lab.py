"""The way into one's own lab: straight on when it runs, else a page that starts it and waits."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from dialup_ext.errors import Forbidden, NotFound
from dialup_ext.handlers.policy import Policy
from dialup_ext.handlers.portal.page import PageHandler

_NAME = re.compile(r"[a-z0-9-]{1,63}")


class LabHandler(PageHandler):
    """`/lab`, with `?site=…` for the folder to open."""

    policy = Policy.PORTAL
    here: ClassVar[str] = "lab"

    async def get(self) -> None:
        """Lead on into the running lab; else show how it stands. Starts nothing."""
        site, lab = self._site(self.get_query_argument("site", "")), await self._lab()
        if lab.state == "running":
            self.leave(f"{lab.url}?site={site}" if site else lab.url)  # the panel shows its folder, and makes it
        else:
            self.page("lab.html", lab=lab, site=site)

    async def post(self) -> None:
        """Start it, unless it is there already, and wait for it."""
        site = self._site(self.form("site"))
        self._check_allowed()
        await self.run_in("driver", self.hub.start_lab, self.me)
        self.go(f"/lab?site={site}" if site else "/lab")

    async def _lab(self) -> Any:
        self._check_allowed()
        return await self.run(self.hub.lab, self.me)

    def _check_allowed(self) -> None:
        if not self.account.can_use_editor:
            raise Forbidden("Your account has no lab.", code="no_editor", hint="Ask your admin for one.")

    def _site(self, text: str) -> str:
        """A site's name, or nothing."""
        return text if _NAME.fullmatch(text) else ""


class EditorHandler(PageHandler):
    """`/editor/<site>`: the lab with that site's folder open."""

    policy = Policy.PORTAL
    here: ClassVar[str] = "lab"

    async def get(self, ref: str | None = None) -> None:
        if not ref:
            self.go("/lab")
            return
        site = await self.run(self.hub.site, self.me, ref)
        if site.owner != self.account.name:
            raise NotFound(f"You have no site “{ref[:60]}”.", hint="Check the name in your list of sites.")
        self.go(f"/lab?site={site.name}")
