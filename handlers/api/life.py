"""A site's life between deployments: whether it sleeps, keeps data, and that it wakes."""

from __future__ import annotations

from dialup_ext.handlers import wire
from dialup_ext.handlers.api.base import ApiHandler, Contract
from dialup_ext.handlers.policy import Policy


class WakeHandler(ApiHandler):
    """A site that sleeps."""

    policy = Policy.ACCOUNT
    scope = "sites:write"
    contract = {"POST": Contract(wire.Site)}

    async def post(self, site: str) -> None:
        """Wake it, as the next visitor would; nothing happens to one that is awake."""
        self.reply(await self.run_in("start", self.hub.life.wake, self.me, site))
