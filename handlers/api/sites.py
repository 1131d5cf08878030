"""Sites and their names, releases, rollback and log."""

from __future__ import annotations

from dialup_ext.errors import BadInput
from dialup_ext.handlers import wire
from dialup_ext.handlers.api.base import ApiHandler, Contract, EventStream
from dialup_ext.handlers.policy import Policy


class SitesHandler(ApiHandler):
    """An account's sites."""

    policy = Policy.ACCOUNT
    scope = {"GET": "sites:read", "POST": "sites:write"}
    contract = {"GET": Contract(wire.Sites), "POST": Contract(wire.Site, wire.NewSite, 201)}

    async def get(self) -> None:
        """List your sites, by name."""
        self.reply({"sites": await self.run(self.hub.sites, self.me)})

    async def post(self) -> None:
        """Create a site; it is reachable at once and says that nothing is there yet."""
        wanted = self.body(wire.NewSite)
        await self.once(lambda: self.run(self.hub.create_site, self.me, wanted.name, wanted.kind,
                                         wanted.template))


class SiteHandler(ApiHandler):
    """One site, by name or id."""

    policy = Policy.ACCOUNT
    scope = {"GET": "sites:read", "PATCH": "sites:write", "DELETE": "sites:write"}
    contract = {"GET": Contract(wire.Site), "PATCH": Contract(wire.Site, wire.SiteChange),
                "DELETE": Contract(status=204)}

    async def get(self, site: str) -> None:
        """Show a site."""
        self.reply(await self.run(self.hub.site, self.me, site))

    async def patch(self, site: str) -> None:
        """Say when it sleeps, or whether it keeps data. What is not named stays as it is."""
        change = self.body(wire.SiteChange).model_dump(exclude_unset=True)
        self.reply(await self.run_in("driver", lambda: self.hub.life.change(self.me, site, **change)))

    async def delete(self, site: str) -> None:
        """Take a site down for good. The workspace stays; the name stays yours for 90 days."""
        await self.run_in("driver", self.hub.remove_site, self.me, site)
        self.reply()


class SiteVerbHandler(ApiHandler):
    """Stop, start or restart a site."""

    policy = Policy.ACCOUNT
    scope = "sites:write"
    contract = {"POST": Contract(wire.Site)}

    async def post(self, site: str, verb: str) -> None:
        """Stop a site, start it again, or restart it without a gap."""
        work = {"stop": self.hub.life.stop, "start": self.hub.life.start, "restart": self.hub.life.restart}
        self.reply(await self.run_in("driver", work[verb], self.me, site))


class NameHandler(ApiHandler):
    """Names, while somebody types one."""

    policy = Policy.ACCOUNT
    scope = "sites:read"
    contract = {"GET": Contract(wire.Name)}

    async def get(self, name: str) -> None:
        """Say whether a site could be called this."""
        self.reply(await self.run(self.hub.check_name, self.me, name))


class ReleasesHandler(ApiHandler):
    """What a site can be rolled back to."""

    policy = Policy.ACCOUNT
    scope = "sites:read"
    contract = {"GET": Contract(wire.Releases)}

    async def get(self, site: str) -> None:
        """List the releases that are kept, newest first."""
        self.reply({"releases": await self.run(self.hub.releases, self.me, site)})


class RollbackHandler(ApiHandler):
    """Going back."""

    policy = Policy.ACCOUNT
    scope = "deploy"
    contract = {"POST": Contract(wire.Deployment, wire.NewRollback, 202)}

    async def post(self, site: str) -> None:
        """Deploy an older release: no upload, no build."""
        wanted = self.body(wire.NewRollback)
        await self.once(lambda: self.run(self.hub.rollback, self.me, site, wanted.release))


class SiteLogHandler(ApiHandler):
    """What a site's program printed."""

    policy = Policy.ACCOUNT
    scope = "sites:read"
    contract = {"GET": Contract(wire.Lines)}

    async def get(self, site: str) -> None:
        """The last lines (`?lines=200`, at most 5,000); none for a static site."""
        self.reply({"lines": await self.run(self.hub.site_log, self.me, site, _lines(self))})


class SiteLogEventsHandler(EventStream):
    """The same, live."""

    policy = Policy.ACCOUNT
    scope = "sites:read"
    contract = {"GET": Contract(stream=True)}

    async def get(self, site: str) -> None:
        """Follow the log: `event: log` with `{line}`. Begins with the last 50 lines."""
        follow = await self.run(self.hub.follow_site_log, self.me, site, 50)
        await self.begin()
        while True:
            for line in await self.run(follow):
                if not await self.send("log", {"line": line}):
                    return
            # the driver has no news of log lines: looking twice a second costs a stat
            if await self.next_news(0.5) is None:
                return


def _lines(handler: ApiHandler) -> int:
    given = handler.get_query_argument("lines", "200")
    if not given.isdigit() or not 1 <= int(given) <= 5000:
        raise BadInput("“lines” is a number from 1 to 5,000.")
    return int(given)
