"""One's own settings: the password, and where one is logged in."""

from __future__ import annotations

from typing import ClassVar

from dialup_ext.errors import BadInput, DialupError, Forbidden, NotFound
from dialup_ext.handlers.policy import Policy
from dialup_ext.handlers.portal.page import PageHandler


class SettingsHandler(PageHandler):
    """The page."""

    policy = Policy.PORTAL
    here: ClassVar[str] = "settings"

    async def get(self) -> None:
        await self.show()

    async def show(self, error: DialupError | None = None) -> None:
        """The page, with what is wrong with the password that was typed."""
        sessions = await self.run(self.hub.identity.sessions, self.account)
        tops = [session for session in sessions if session.parent_id is None]
        self.page("settings.html", sessions=tops, mine=self.me.session_id, error=error)


class PasswordHandler(SettingsHandler):
    """Sets a password; the login goes on under a new session, all others end."""

    policy = Policy.PORTAL

    async def get(self) -> None:
        self.go("/settings")

    async def post(self) -> None:
        if self.form("new") != self.form("again"):
            await self._refuse(BadInput("The two new passwords are not the same.", hint="Type them again."))
            return
        try:
            opened = await self.run_in("hash", self.hub.identity.change_password, self.me, self.form("old"),
                                       self.form("new"), self.came_from)
        except (BadInput, Forbidden) as error:
            await self._refuse(error)
            return
        self.set_session(opened)
        self.go("/settings?done=password")

    async def _refuse(self, error: DialupError) -> None:
        self.set_status(error.status)
        await self.show(error)


class EndSessionHandler(PageHandler):
    """Logs out one place."""

    policy = Policy.PORTAL
    here: ClassVar[str] = "settings"

    async def post(self, session_id: str) -> None:
        if not await self.run(self.hub.identity.end_session, self.account, session_id):
            raise NotFound("That login has ended already.", hint="Reload the page.")
        self.go("/settings?done=session")


class EndSessionsHandler(PageHandler):
    """Logs out everywhere else."""

    policy = Policy.PORTAL
    here: ClassVar[str] = "settings"

    async def post(self) -> None:
        await self.run(self.hub.identity.end_sessions, self.account, but=self.me.session_id)
        self.go("/settings?done=sessions")
