"""API keys: make one, see it once, revoke it."""

from __future__ import annotations

from typing import Any, ClassVar

from dialup_ext.domain.login import ApiKey
from dialup_ext.errors import BadInput, DialupError, TooMany
from dialup_ext.handlers.policy import Policy
from dialup_ext.handlers.portal.page import PageHandler

LIFETIMES = (7, 30, 90, 365)
"""Days on offer."""


class KeysHandler(PageHandler):
    """The list and the form."""

    policy = Policy.PORTAL
    here: ClassVar[str] = "keys"

    async def get(self) -> None:
        await self._show()

    async def post(self) -> None:
        """Make a key; the page that answers is the only one that ever shows it."""
        wanted = self.get_body_arguments("scope")
        try:
            made = await self.run(self.hub.identity.create_key, self.account, self.form("name"), wanted,
                                  days=self._days())
        except (BadInput, TooMany) as error:
            self.set_status(error.status)
            await self._show(error=error)
            return
        self.set_status(201)
        await self._show(made=made)

    def _days(self) -> int:
        text = self.form("days")
        return int(text) if text.isdecimal() and len(text) < 5 else 0

    async def _show(self, made: tuple[ApiKey, str] | None = None, error: DialupError | None = None) -> None:
        keys = await self.run(self.hub.identity.keys, self.account.id)
        values: dict[str, Any] = {"typed": self.form("name") if error else "", "lifetimes": LIFETIMES,
                                  "usual": self.dialup_settings.key_lifetime_days}
        settings = self.dialup_settings
        values["server"] = settings.origin(settings.domain).partition("://")[2]
        self.page("keys.html", keys=keys, made=made, error=error, **values)


class RevokeKeyHandler(PageHandler):
    """Revokes one."""

    policy = Policy.PORTAL
    here: ClassVar[str] = "keys"

    async def post(self, key_id: str) -> None:
        await self.run(self.hub.identity.revoke_key, self.account.id, key_id)
        self.go("/keys?done=revoked")
