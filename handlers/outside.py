"""The base of the two small applications beside the portal: the edge and the gate.

They run on sockets of their own, without Jupyter's machinery, and answer for hosts that are not
the portal. They do not check policies: the edge decides about each request itself, and the gate
tells strangers only what an address already says.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import secrets
from collections.abc import Callable
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from tornado.web import HTTPError, RequestHandler

from dialup_ext.errors import BadInput, DialupError, NotFound
from dialup_ext.handlers.plain import PlainPage, plain_csp
from dialup_ext.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger("dialup")


class OutsideHandler(RequestHandler):
    """Runs blocking work in the application's own pool; shows errors as a page or as JSON, never a trace."""

    icon = "cloud"
    frame = "'none'"
    _reference = ""

    @property
    def hub(self) -> Any:
        return self.settings["dialup_hub"]

    @property
    def dialup_settings(self) -> Settings:
        settings: Settings = self.settings["dialup_settings"]
        return settings

    async def run(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call blocking `fn` off the event loop."""
        pool = self.settings["dialup_pool"]
        return await asyncio.get_running_loop().run_in_executor(pool, functools.partial(fn, *args, **kwargs))

    @property
    def wants_page(self) -> bool:
        """True when a person is looking, not a program."""
        mode = self.request.headers.get("Sec-Fetch-Mode")
        return mode == "navigate" if mode else "text/html" in self.request.headers.get("Accept", "")

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")

    def show(self, page: PlainPage) -> None:
        """Finish with `page`, the status being set."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", plain_csp(self.frame))
        self.finish(page.html())

    def log_exception(self, typ: type[BaseException] | None, value: BaseException | None,
                      tb: TracebackType | None) -> None:
        if isinstance(value, DialupError) or (isinstance(value, HTTPError) and value.status_code < 500):
            return
        self._reference = secrets.token_hex(4)
        log.error("reference %s: %s %s", self._reference, self.request.method, self.request.path,
                  exc_info=(typ, value, tb) if typ and value else None)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """The one door out, in the shape the asker can read."""
        cause = kwargs.get("exc_info", (None, None, None))[1]
        error = cause if isinstance(cause, DialupError) else self._as_error(status_code)
        self.set_status(error.status)
        if error.retry_after is not None:
            self.set_header("Retry-After", str(error.retry_after))
        if self.wants_page:
            icon = "search" if error.status == 404 else self.icon
            portal = self.dialup_settings.origin(self.dialup_settings.portal_host)
            self.show(PlainPage(error.message, error.hint, icon=icon, link=(portal + "/", "Open the portal")))
        else:
            self.set_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
            self.finish(error.as_dict())

    def _as_error(self, status: int) -> DialupError:
        if status == 404:
            return NotFound("There is nothing at this address.", hint="Check the address.")
        if status < 500:
            error = BadInput("The request could not be understood.", hint="Go back and try again.")
            error.status = status
            return error
        return DialupError("Something went wrong on our side.",
                           hint=f"Try again. If it happens again, tell your admin the reference {self._reference}.")
