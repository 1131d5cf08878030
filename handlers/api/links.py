"""Links that open a preview to somebody without an account."""

from __future__ import annotations

from dialup_ext.handlers import wire
from dialup_ext.handlers.api.base import ApiHandler, Contract
from dialup_ext.handlers.policy import Policy


class PreviewLinksHandler(ApiHandler):
    """The links of a preview."""

    policy = Policy.ACCOUNT
    scope = {"GET": "sites:read", "POST": "preview"}
    contract = {"GET": Contract(wire.PreviewLinks), "POST": Contract(wire.PreviewLinkMade, wire.NewPreviewLink, 201)}

    async def get(self, site: str) -> None:
        """List those that are good, newest first. What opens them is not shown again."""
        self.reply({"links": await self.run(self.hub.sharing.list, self.me, site)})

    async def post(self, site: str) -> None:
        """Make a link that shows the preview, and nothing else, to whoever has it, for so many hours."""
        wanted = self.body(wire.NewPreviewLink)
        self.reply(await self.run(self.hub.sharing.make, self.me, site, wanted.hours))


class PreviewLinkHandler(ApiHandler):
    """One of them."""

    policy = Policy.ACCOUNT
    scope = "preview"
    contract = {"DELETE": Contract(status=204)}

    async def delete(self, site: str, link: str) -> None:
        """Revoke it, at once: its guests are strangers again."""
        await self.run(self.hub.sharing.revoke, self.me, site, link)
        self.reply()
