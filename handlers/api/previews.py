"""Previews and labs: start, stop, watch, and tickets for frames."""

from __future__ import annotations

from dialup_ext.handlers import wire
from dialup_ext.handlers.api.base import ApiHandler, Contract, EventStream
from dialup_ext.handlers.policy import Policy


class PreviewHandler(ApiHandler):
    """A site's preview."""

    policy = Policy.ACCOUNT
    scope = {"GET": "sites:read", "POST": "preview", "DELETE": "preview"}
    contract = {"GET": Contract(wire.Preview), "POST": Contract(wire.Preview, status=202),
                "DELETE": Contract(wire.Preview)}

    async def get(self, site: str) -> None:
        """Show how it stands."""
        self.reply(await self.run(self.hub.preview, self.me, site, with_upstream=self.from_lab))

    async def post(self, site: str) -> None:
        """Start it, if it is not there; the state follows as news."""
        self.reply(await self.run_in("driver", self.hub.start_preview, self.me, site))

    async def delete(self, site: str) -> None:
        """Stop it. Twice is fine."""
        self.reply(await self.run_in("driver", self.hub.stop_preview, self.me, site))


class TicketHandler(ApiHandler):
    """Tickets for a frame."""

    policy = Policy.ACCOUNT
    scope = "preview"
    contract = {"POST": Contract(wire.Ticket)}

    async def post(self, site: str) -> None:
        """A URL that opens the preview in a frame, once, within a minute."""
        self.reply({"url": await self.run(self.hub.preview_ticket, self.me, site)})


class LabHandler(ApiHandler):
    """The account's own lab."""

    policy = Policy.ACCOUNT
    scope = "lab"
    contract = {"GET": Contract(wire.Lab), "POST": Contract(wire.Lab, status=202),
                "DELETE": Contract(wire.Lab)}

    async def get(self) -> None:
        """Show how it stands."""
        self.reply(await self.run(self.hub.lab, self.me))

    async def post(self) -> None:
        """Start it, if it is not there."""
        self.reply(await self.run_in("driver", self.hub.start_lab, self.me))

    async def delete(self) -> None:
        """Stop it; kernels in it end, files stay."""
        self.reply(await self.run_in("driver", self.hub.stop_lab, self.me))


class LabEventsHandler(EventStream):
    """How far a starting lab is."""

    policy = Policy.ACCOUNT
    scope = "lab"
    contract = {"GET": Contract(stream=True)}

    async def get(self) -> None:
        """`event: progress` with the lab, twice a second, until it runs or failed."""
        await self.begin()
        with self.hub.context.feed.listening(self.account.id, self.listener()):
            while True:
                view = await self.run(self.hub.lab, self.me)
                shaped = wire.Lab.model_validate(view).model_dump(mode="json")
                if not await self.send("progress", shaped) or view.state != "starting":
                    return
                if await self.next_news(0.5) is None:
                    return
