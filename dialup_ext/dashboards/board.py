"""A dashboard that keeps itself up to date: it asks the hub every few seconds, in the kernel.

Each part of the page is a widget of its own, so that only what changed is sent. When the hub does
not answer, the last data stay, with the time they are from.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import ipywidgets as widgets

from dialup_ext.client.transport import Transport
from dialup_ext.dashboards import look
from dialup_ext.errors import DialupError

EVERY_SECONDS = 3.0
FIRST_WAIT_SECONDS = 4.0
"""How long the first page waits for data; it is shown without them after that."""

Data = dict[str, Any]
Fetch = Callable[[Transport], Data]
Draw = Callable[[Data, datetime], Mapping[str, str]]


class Board:
    """`fetch` asks the hub, `draw` turns the answer into the HTML of the `parts`, top to bottom."""

    def __init__(self, parts: tuple[str, ...], fetch: Fetch, draw: Draw, *,
                 connect: Callable[[], Transport] = Transport.for_here,
                 every: float = EVERY_SECONDS) -> None:
        self._parts = {name: widgets.HTML() for name in ("away", *parts)}
        self._fetch = fetch
        self._draw = draw
        self._connect = connect
        self._every = every
        self._hub: Transport | None = None
        self._fresh: datetime | None = None
        self._task: asyncio.Task[None] | None = None
        self.view = widgets.VBox([widgets.HTML(look.style()), *self._parts.values()])
        self.view.add_class("db")

    async def start(self) -> None:
        """Show the first data, and go on in the background. A second call changes nothing."""
        if self._task is None:
            first = asyncio.create_task(self.refresh())
            await asyncio.wait({first}, timeout=FIRST_WAIT_SECONDS)
            self._task = asyncio.create_task(self._keep_fresh(first))

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def refresh(self) -> None:
        """Ask once and show the answer, or since when there has been none."""
        try:
            data = await asyncio.to_thread(self._ask)
        except DialupError as error:
            self._show({"away": self._away(error)})
            return
        self._fresh = datetime.now(UTC)
        self._show({"away": "", **self._draw(data, self._fresh)})

    def html(self) -> str:
        """All parts as they are now."""
        return "".join(part.value for part in self._parts.values())

    async def _keep_fresh(self, first: asyncio.Task[None]) -> None:
        await first
        while True:
            await asyncio.sleep(self._every)
            await self.refresh()

    def _ask(self) -> Data:
        if self._hub is None:
            self._hub = self._connect()
        return self._fetch(self._hub)

    def _show(self, parts: Mapping[str, str]) -> None:
        for name, content in parts.items():
            self._parts[name].value = content

    def _away(self, error: DialupError) -> str:
        when = f" Data from {look.clock(self._fresh)}." if self._fresh else ""
        words = f"{look.text(error.message)}{when} This page goes on by itself when it is back."
        return f'<p class="db-away" role="status">{look.dot("near")}<span>{words}</span></p>'
