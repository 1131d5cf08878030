"""A site's variables and secrets."""

from __future__ import annotations

from dialup_ext.handlers import wire
from dialup_ext.handlers.api.base import ApiHandler, Contract
from dialup_ext.handlers.policy import Policy

LARGEST = 256 << 10
"""Bytes of JSON: a value of 32 KiB in which every character is escaped."""


class VariablesHandler(ApiHandler):
    """What a site's program is told."""

    policy = Policy.ACCOUNT
    scope = "sites:read"
    contract = {"GET": Contract(wire.Variables)}

    async def get(self, site: str) -> None:
        """List them. `value` is null for a secret, and for a key without `sites:write`."""
        self.reply(await self.run_in("driver", self.hub.variables.list, self.me, site))


class VariableHandler(ApiHandler):
    """One of them."""

    policy = Policy.ACCOUNT
    scope = "sites:write"
    contract = {"PUT": Contract(wire.Variable, wire.NewVariable), "DELETE": Contract(status=204)}

    async def put(self, site: str, variable: str) -> None:
        """Set it. What runs is given it at its next start: restart the site for that."""
        wanted = self.body(wire.NewVariable, limit=LARGEST)
        self.reply(await self.run(self.hub.variables.put, self.me, site, variable, wanted.value, secret=wanted.secret))

    async def delete(self, site: str, variable: str) -> None:
        """Forget it."""
        await self.run(self.hub.variables.remove, self.me, site, variable)
        self.reply()
