"""Guests at a preview's door: people without an account who were sent a link to it.

    /_dialup/share    turns a link's token into this host's own guest cookie, and leaves the token behind

A guest sees this one preview while the link is good, and nothing starts for a guest.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dialup_ext.domain.preview_link import PreviewLink
from dialup_ext.errors import Forbidden, NotFound, Unavailable
from dialup_ext.handlers import cookies
from dialup_ext.handlers.origin import plain_host
from dialup_ext.handlers.outside import OutsideHandler
from dialup_ext.handlers.plain import PlainPage

REMEMBERED = timedelta(days=30)
"""A cookie outlives its link by this, so that a guest who is late is told that it ended, not to log in."""

LATER = 15
"""Seconds after which the page of a sleeping preview looks again."""


class GuestHandler(OutsideHandler):
    """What guests are told at the door."""

    icon = "lock"

    def let_guest_through(self, site_name: str) -> None:
        """Into a preview that runs, as nobody in particular."""
        self.hub.hosts.touch_preview(site_name)
        self.set_header("X-Dialup-User", "")
        self.set_header("X-Dialup-Frame", "'none'")
        self.set_header("X-Dialup-Lab", "")
        self.finish()

    def tell_it_sleeps(self) -> None:
        """Nobody but its owner starts a preview."""
        if not self.wants_page:
            raise Unavailable("This preview is not running.", code="preview_asleep",
                              hint="Ask whoever sent you the link to open it.", retry_after=LATER)
        self.set_status(503)
        self.set_header("Retry-After", str(LATER))
        self.show(PlainPage("This preview is asleep", "It is shown while its owner works on it.",
                            "Ask whoever sent you the link to open it; this page then follows by itself.", "moon",
                            retry=LATER))

    def tell_it_is_over(self) -> None:
        """The link ended or was revoked, or never was: the three look the same."""
        self.add_header("Set-Cookie", cookies.set_cookie(cookies.GUEST, "", same_site="Lax", max_age=0))
        if not self.wants_page:
            raise Forbidden("This link has ended.", code="link_over", hint="Ask whoever sent it for a new one.")
        self.set_status(403)
        self.show(PlainPage("This link has ended", "It was good for a while, or its owner has taken it back.",
                            "Ask whoever sent it for a new one.", "moon", ("/", "Is it yours? Log in")))


class ShareHandler(GuestHandler):
    """The link itself. It may be opened often, and by programs that look at links: it uses nothing up."""

    async def get(self) -> None:
        host = plain_host(self.request.host)
        admitted = await self.run(_admit, self.hub, host, self.get_query_argument("token", ""))
        if admitted is None:
            self.tell_it_is_over()
            return
        cookie, link = admitted
        left = link.expires_at - self.hub.context.clock.now() + REMEMBERED
        self.add_header("Set-Cookie", cookies.set_cookie(cookies.GUEST, cookie, same_site="Lax",
                                                         max_age=int(left.total_seconds())))
        self.redirect("/", status=303)


def _admit(hub: Any, host: str, token: str) -> tuple[str, PreviewLink] | None:
    known = hub.hosts.owner(host)
    if known is None or known[0] != "preview":
        raise NotFound("There is nothing at this address.", hint="Check the address.")
    admitted: tuple[str, PreviewLink] | None = hub.sharing.admit(token, known[1])
    return admitted
