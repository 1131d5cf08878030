"""Tells every open page of a preview what changed, over a websocket.

Messages are JSON: `{"version": "…"}` first and at each change, with `"css": ["/style.css"]` when
swapping style sheets is enough. A page that was loaded at another version reloads.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from tornado.web import HTTPError, RequestHandler
from tornado.websocket import WebSocketClosedError, WebSocketHandler


def check_host(handler: RequestHandler) -> None:
    """Refuse a request under a name that is not the preview's."""
    public = handler.settings.get("public_host", "")
    if public and handler.request.host_name.lower() not in (public, "localhost", "127.0.0.1"):
        raise HTTPError(421)


class Live:
    """The version of what is on disk, and the pages that want to know. One event loop only."""

    def __init__(self) -> None:
        self._start, self._number = secrets.token_hex(4), 0
        self.pages: set[LivePage] = set()

    @property
    def version(self) -> str:
        """Another one after each change, and after each start of the preview."""
        return f"{self._start}-{self._number}"

    def changed(self, css: Sequence[str] | None) -> None:
        """Something was saved: these style sheets alone, or None for anything else."""
        self._number += 1
        message: dict[str, Any] = {"version": self.version}
        if css is not None:
            message["css"] = list(css)
        for page in list(self.pages):
            page.tell(message)


class LivePage(WebSocketHandler):
    """One open page. Only pages of the preview's own origin may listen (tornado's own check)."""

    def initialize(self, live: Live) -> None:
        self._live = live

    def prepare(self) -> None:
        check_host(self)

    def open(self, *_args: str, **_kwargs: str) -> None:
        self._live.pages.add(self)
        self.tell({"version": self._live.version})

    def on_close(self) -> None:
        self._live.pages.discard(self)

    def on_message(self, message: str | bytes) -> None:
        """Pages have nothing to say."""

    def tell(self, message: dict[str, Any]) -> None:
        """Send it, unless the page has just left."""
        try:
            self.write_message(message)
        except WebSocketClosedError:
            self._live.pages.discard(self)
