"""The account that asks: who, quota, keys, templates, news, use; and the server's health."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from dialup_ext import __version__
from dialup_ext.errors import NotFound
from dialup_ext.handlers import wire
from dialup_ext.handlers.api.base import NOTHING, ApiHandler, Contract, EventStream
from dialup_ext.handlers.policy import Policy


class MeHandler(ApiHandler):
    """Who is asking."""

    policy = Policy.ACCOUNT
    scope = "account:read"
    contract = {"GET": Contract(wire.Me)}

    async def get(self) -> None:
        """Your account, quota, and where things are."""
        settings = self.dialup_settings
        self.reply({
            "account": wire.Account.model_validate(self.account),
            "quota": wire.Quota.model_validate(await self.run(self.hub.quota, self.me)),
            "domain": settings.domain, "portal": settings.origin(settings.portal_host),
            "lab": settings.origin(settings.lab_host(self.account.name)) + "/lab",
            "driver": self.hub.context.driver.name, "version": __version__,
        })


class KeysHandler(ApiHandler):
    """API keys, from the portal only."""

    policy = Policy.PORTAL
    contract = {"GET": Contract(wire.Keys), "POST": Contract(wire.KeyShown, wire.NewKey, 201)}

    async def get(self) -> None:
        """List your keys, without their secrets."""
        self.reply({"keys": await self.run(self.hub.identity.keys, self.account.id)})

    async def post(self) -> None:
        """Make a key; it is shown this once."""
        wanted = self.body(wire.NewKey)
        key, text = await self.run(self.hub.identity.create_key, self.account, wanted.name, wanted.scopes,
                                   days=wanted.days)
        self.reply({**wire.Key.model_validate(key).model_dump(), "key": text})


class KeyHandler(ApiHandler):
    """One key."""

    policy = Policy.PORTAL
    contract = {"DELETE": Contract(status=204)}

    async def delete(self, key: str) -> None:
        """Revoke it; whoever uses it is refused from now on."""
        await self.run(self.hub.identity.revoke_key, self.account.id, key)
        self.reply()


class TemplatesHandler(ApiHandler):
    """Starters."""

    policy = Policy.ACCOUNT
    scope = "sites:read"
    contract = {"GET": Contract(wire.Templates)}

    async def get(self) -> None:
        """List the templates."""
        self.reply({"templates": self.hub.templates})


class EventsHandler(EventStream):
    """Everything new about the account's things, on one stream per browser."""

    policy = Policy.ACCOUNT
    scope = "sites:read"
    contract = {"GET": Contract(stream=True)}

    async def get(self) -> None:
        """`hello` first (load everything then), after it `site`, `deployment`, `preview`, `lab`, `removed`."""
        await self.begin()
        with self.hub.context.feed.listening(self.account.id, self.listener()):
            if not await self.send("hello", {"version": __version__}):
                return
            while (news := await self.next_news()) is not None:
                if news is NOTHING:
                    continue
                try:
                    data = await self._look_up(news.kind, news.ref)
                except NotFound:
                    continue  # gone since; "removed" says so
                if not await self.send(news.kind, data):
                    return

    async def _look_up(self, kind: str, ref: str) -> Any:
        if kind == "removed":
            return {"name": ref}
        look: dict[str, tuple[Any, type[BaseModel]]] = {
            "site": (self.hub.site, wire.Site),
            "deployment": (self.hub.deployment, wire.Deployment),
            "preview": (self.hub.preview, wire.Preview)}
        if kind == "lab":
            return wire.Lab.model_validate(await self.run(self.hub.lab, self.me)).model_dump(mode="json")
        find, shape = look[kind]
        return shape.model_validate(await self.run(find, self.me, ref)).model_dump(mode="json")


class UsageHandler(ApiHandler):
    """What the account uses now."""

    policy = Policy.ACCOUNT
    scope = "account:read"
    contract = {"GET": Contract(wire.Usage)}

    async def get(self) -> None:
        """Memory and storage, site by site, against the quota."""
        self.reply(await self.run(self.hub.usage, self.me))


class OverviewHandler(ApiHandler):
    """The whole server, for admins."""

    policy = Policy.ADMIN_READ
    contract = {"GET": Contract(wire.Overview)}

    async def get(self) -> None:
        """Health, accounts, sites, instances, disk and memory."""
        self.reply(await self.run_in("driver", self.hub.overview))


class HealthHandler(ApiHandler):
    """For monitors; tells nothing but well or not."""

    policy = Policy.PUBLIC
    contract = {"GET": Contract(wire.Health)}

    async def get(self, check: str = "") -> None:
        """200 when all is well, 503 with what is not."""
        health = await self.run_in("health", self.hub.health, [check] if check else [])
        shaped = wire.Health.model_validate(health).model_dump(mode="json")
        self.answer(shaped, 200 if health.status == "ok" else 503)
