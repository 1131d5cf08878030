"""The gate: what visitors of a public address see when no release is there to answer.

An application of its own on `gate.sock`. Caddy asks it about every request for a host whose upstream is
`GATE`, without the request's body: 204 lets it in, anything else is what the visitor sees. A site that sleeps
is woken, and the answer takes as long as that. Previews that do not answer are sent here too, once their
owner has passed the door: what they died of is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tornado.web import Application

from dialup_ext.errors import DialupError
from dialup_ext.handlers.holding import Holding
from dialup_ext.handlers.origin import plain_host
from dialup_ext.handlers.outside import OutsideHandler
from dialup_ext.handlers.plain import PlainPage
from dialup_ext.hosts import Gate
from dialup_ext.workers import BoundedPool


@dataclass(frozen=True, slots=True)
class Reason:
    """Why there is nothing to see: a status, a code for programs, a page for people."""

    status: int
    code: str
    page: PlainPage
    retry_after: int | None = None


REASONS: dict[str, Reason] = {
    "new": Reason(404, "not_deployed", PlainPage(
        "Something will grow here", "This site has a name but has not been published yet.",
        "If it is yours: open it in your editor and press Deploy.", "sprout")),
    "stopped": Reason(503, "site_stopped", PlainPage(
        "This site is resting", "Its owner has stopped it for now.",
        "If it is yours: start it again at the portal.", "moon"), 3600),
    "failed": Reason(503, "site_failed", PlainPage(
        "This site cannot be shown right now", "It stopped answering, and starting it again did not help.",
        "Try again in a few minutes. If it is yours: its log in the editor says why.", "cloud"), 60),
    "slow": Reason(503, "site_waking", PlainPage(
        "This site is waking up", "It was asleep, and it takes longer than usual.",
        "This page tries again by itself.", "moon", ("", "Try again now"), retry=5), 5),
    "changing": Reason(503, "site_changing", PlainPage(
        "This site is being changed", "Its owner has put a new version up, and it takes longer than usual.",
        "This page tries again by itself.", "cloud", ("", "Try again now"), retry=5), 5),
    "full": Reason(503, "server_full", PlainPage(
        "This site cannot wake up just now", "It was asleep, and there is no room for it at the moment.",
        "Try again in a minute. If it is yours: stop a site you do not use.", "moon"), 30),
    "gone": Reason(410, "site_removed", PlainPage(
        "This site was removed", "It used to be here; its owner has taken it down.", "", "search")),
    "unknown": Reason(404, "site_not_found", PlainPage(
        "There is no site here", "Nothing is published at this address.",
        "Check the spelling, or ask the person who gave it to you.", "search")),
}


def gate_application(hub: Any) -> Application:
    """The application for `gate.sock`. `hub` needs `settings`, `context` and `hosts`."""
    return Application([], default_handler_class=GateHandler, log_function=lambda _: None, dialup_hub=hub,
                       dialup_settings=hub.settings,
                       dialup_holding=Holding(hub.context, hub.settings.held_requests, hub.settings.wake_timeout),
                       dialup_pool=BoundedPool("gate", 2, 2 * hub.settings.held_requests))


class GateHandler(OutsideHandler):
    """Every path and every method of a host get the same answer."""

    _is_gone = False

    def on_connection_close(self) -> None:
        self._is_gone = True

    async def prepare(self) -> None:
        host = plain_host(self.request.host)
        silence = await self.run(self.hub.hosts.silence, host)
        if silence is not None:
            self._show_silent(*silence)
            return
        found = await self._look(host)
        if found.waits:
            holding: Holding = self.settings["dialup_holding"]
            found = await holding.until_open(found.site_id, lambda: self._look(host), lambda: self._is_gone)
        if found.reason == "open":
            self.set_status(204)
            self.finish()
        else:
            self._show_reason(found.reason)

    async def _look(self, host: str) -> Gate:
        found: Gate = await self.run(self.hub.hosts.gate, host)
        return found

    def _show_silent(self, owner: str, cause: str, lines: tuple[str, ...]) -> None:
        """It loads itself again, so a corrected and saved file is seen without a click."""
        self.frame = self.hub.hosts.framers(owner)
        self.set_status(503)
        self.set_header("Retry-After", "2")
        if self.request.headers.get("X-Dialup-User") != owner:  # a guest: a log is its owner's
            self.frame, cause, lines = "'none'", "", ()
        message = f"Its program stopped: {cause}." if cause else "It may still be starting, or its program has stopped."
        if self.wants_page:
            self.show(PlainPage("The preview is not answering", message,
                                "Correct the cause and save; this page tries again by itself.", "cloud",
                                ("", "Try again now"), lines, retry=2))
        else:
            self.finish(DialupError(f"The preview is not answering. {message}", code="preview_not_answering").as_dict())

    def _show_reason(self, found: str) -> None:
        reason = REASONS.get(found, REASONS["unknown"])
        self.set_status(reason.status)
        if reason.retry_after is not None:
            self.set_header("Retry-After", str(reason.retry_after))
        if reason.status == 410:
            # a service worker of the removed site must not outlive it (T18); not "cookies", which
            # would clear those of the whole parent domain: the portal's login with them
            self.set_header("Clear-Site-Data", '"cache", "storage"')
        if self.wants_page:
            self.show(reason.page)
        else:
            error = DialupError(f"{reason.page.title}. {reason.page.message}", code=reason.code)
            self.finish(error.as_dict())
