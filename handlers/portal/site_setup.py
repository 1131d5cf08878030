"""What a site is given beside its files: sleep, a data folder, variables and secrets, links to its preview."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from dialup_ext.errors import BadInput, DialupError
from dialup_ext.handlers.policy import Policy
from dialup_ext.handlers.portal.sites import SiteHandler

VARIABLE_FORM_LIMIT = 128 * 1024
"""Bytes: a value of 32 KiB, sent as a form, in which most characters take three."""

LIFETIMES = {1: "an hour", 24: "a day", 168: "a week"}
"""Hours a link may be good for, and how that is said."""


class SetupHandler(SiteHandler):
    """One part of a site's page; a refusal is shown in that part, with what was typed."""

    policy = Policy.PORTAL
    part: ClassVar[str]

    async def get(self, ref: str, _more: str = "") -> None:
        """The answer to a form may be asked for again, by the address alone."""
        self.go(f"/sites/{ref}#{self.part}")

    async def change(self, ref: str, done: str, verb: Callable[..., Any], *args: Any, **named: Any) -> None:
        """Do `verb`, then show the page that says `done`; or the page with the refusal."""
        try:
            await self.run_in("driver", verb, self.me, ref, *args, **named)
        except DialupError as error:
            await self.refuse(ref, error)
            return
        self.go(f"/sites/{ref}?done={done}&part={self.part}#{self.part}")

    async def refuse(self, ref: str, error: DialupError) -> None:
        """The page again, if there is such a site; a server's own trouble is a page of its own."""
        if error.status >= 500 or error.status == 404:
            raise error
        await self.show(ref, part=self.part, error=error)


class SleepHandler(SetupHandler):
    """After how long without a visit it sleeps."""

    part = "sleep"

    async def post(self, ref: str) -> None:
        """`after` is `never`, seconds, or `own` with `minutes`."""
        after = self.form("after")
        minutes = self.form("minutes").strip()
        text = str(int(minutes) * 60) if after == "own" and minutes.isdecimal() and len(minutes) < 8 else after
        if after != "never" and not (text.isdecimal() and len(text) < 12):
            await self.refuse(ref, BadInput("After how many minutes?", hint="Write a number, such as 45."))
            return
        seconds = None if after == "never" else int(text)
        await self.change(ref, "awake" if seconds is None else "sleep", self.hub.life.change, sleep_after=seconds)


class DataHandler(SetupHandler):
    """Its folder for data that stays."""

    part = "data"

    async def post(self, ref: str) -> None:
        """`volume` is `on` or `off`."""
        wanted = self.form("volume") == "on"
        await self.change(ref, "volume" if wanted else "no-volume", self.hub.life.change, volume=wanted)


class VariableHandler(SetupHandler):
    """Sets a variable or a secret."""

    part = "env"
    form_limit = VARIABLE_FORM_LIMIT

    async def post(self, ref: str) -> None:
        """Forms send line ends as CR LF; programs expect LF."""
        await self.change(ref, "variable", self.hub.variables.put, self.form("name").strip(),
                          self.form("value").replace("\r\n", "\n"), secret=self.form("secret") == "on")

    async def refuse(self, ref: str, error: DialupError) -> None:
        """What was typed stays, but for the value of a secret."""
        if error.status >= 500 or error.status == 404:
            raise error
        secret = self.form("secret") == "on"
        typed = {"name": self.form("name")[:128], "value": "" if secret else self.form("value"), "secret": secret}
        await self.show(ref, part=self.part, error=error, typed=typed)


class RemoveVariableHandler(SetupHandler):
    """Forgets one."""

    part = "env"

    async def post(self, ref: str) -> None:
        await self.change(ref, "forgotten", self.hub.variables.remove, self.form("name"))


class LinksHandler(SetupHandler):
    """Links by which others see the preview."""

    part = "share"

    async def post(self, ref: str) -> None:
        """Make one; the page that answers is the only one that ever shows it."""
        hours = self.form("hours")
        try:
            if not hours.isdecimal() or int(hours[:9]) not in LIFETIMES:
                raise BadInput("For how long?", hint="Choose one of the times.")
            made = await self.run(self.hub.sharing.make, self.me, ref, int(hours))
        except DialupError as error:
            await self.refuse(ref, error)
            return
        self.set_status(201)
        await self.show(ref, made=made)


class RevokeLinkHandler(SetupHandler):
    """Makes one worthless at once."""

    part = "share"

    async def post(self, ref: str, link: str) -> None:
        await self.change(ref, "unshared", self.hub.sharing.revoke, link)
