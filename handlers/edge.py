"""The edge: what Caddy asks before it lets a request through to a lab or a private preview.

An application of its own on `edge.sock`, which only Caddy can open, because the answer of
`/_auth` carries a lab's secret. Nothing is cached: a session that ends is refused at once.

    /_auth            200 with X-Dialup-User, -Frame, -Lab; or 302, 401, 403, 404 for the visitor
    /_dialup/enter    turns a one-time code into this host's own session cookie
    /_dialup/share    turns a link to a preview into its guest's cookie, see `share`
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tornado.web import Application

from dialup_ext.domain.access import Principal
from dialup_ext.domain.login import Origin
from dialup_ext.errors import DialupError, Forbidden, NotFound, NotLoggedIn
from dialup_ext.handlers import cookies
from dialup_ext.handlers.next_path import safe_next
from dialup_ext.handlers.origin import check_origin, is_navigation, plain_host
from dialup_ext.handlers.outside import OutsideHandler
from dialup_ext.handlers.share import GuestHandler, ShareHandler
from dialup_ext.workers import BoundedPool

STATE_SECONDS = 600


def edge_application(hub: Any) -> Application:
    """The application for `edge.sock`, with threads of its own: a busy portal must not slow labs.

    `hub` needs `settings`, `identity`, `hosts` and `sharing`.
    """
    return Application(
        [(r"/_auth", AuthHandler), (r"/_dialup/enter", EnterHandler), (r"/_dialup/share", ShareHandler)],
        default_handler_class=NothingHandler, log_function=lambda _: None, dialup_hub=hub,
        dialup_settings=hub.settings, dialup_pool=BoundedPool("edge", 4, 400))


@dataclass(frozen=True, slots=True)
class Place:
    """A private host: whose it is, who came, and a lab's secret."""

    kind: str
    name: str
    owner: str
    visitor: Principal | None
    secret: str = ""
    guest: bool = False
    """Somebody who came by a link that is good now."""
    awake: bool = True
    """Looked at for guests only."""

    @property
    def is_lab(self) -> bool:
        return self.kind == "lab"

    @property
    def is_owners(self) -> bool:
        return self.visitor is not None and self.visitor.account.name == self.owner


class EdgeHandler(OutsideHandler):
    """The lock is what people of other accounts meet here."""

    icon = "lock"

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")


class NothingHandler(EdgeHandler):
    """Everything else below `/_dialup/`."""

    def prepare(self) -> None:
        raise NotFound("There is nothing at this address.", hint="Check the address.")


class AuthHandler(EdgeHandler, GuestHandler):
    """May this request pass? The verdict rests on what Caddy forwards of it."""

    async def get(self) -> None:
        headers = self.request.headers
        host = plain_host(headers.get("X-Forwarded-Host", ""))
        guest = cookies.guest_token(headers)
        place = await self.run(look_up, self.hub, host, cookies.session_token(headers), guest)
        method = headers.get("X-Forwarded-Method", "")
        if place is None:  # as where somebody lives: strangers do not learn who has an account
            self.frame = ""
            self._ask_to_log_in(host, method)
            return
        self.frame = self.hub.hosts.framers(place.owner)
        check_origin(method, headers, self.dialup_settings.origin(host), framed=not place.is_lab)
        if place.guest and not place.is_owners:
            (self.let_guest_through(place.name) if place.awake else self.tell_it_sleeps())
            return
        if place.visitor is None:
            if guest and not place.is_lab:
                self.tell_it_is_over()
            else:
                self._ask_to_log_in(host, method)
            return
        _check_may_enter(place, place.visitor)
        self._let_through(place)

    def _let_through(self, place: Place) -> None:
        """Always the same three headers, so that none can be left over from somewhere else."""
        if not place.is_lab:
            self.hub.hosts.touch_preview(place.name)
        self.set_header("X-Dialup-User", place.owner)
        self.set_header("X-Dialup-Frame", self.frame)
        self.set_header("X-Dialup-Lab", place.secret if place.is_lab else "")
        self.finish()

    def _ask_to_log_in(self, host: str, method: str) -> None:
        """A person is led through the portal; a program, a script and a frame are told."""
        headers = self.request.headers
        in_frame = headers.get("Sec-Fetch-Dest", "document") != "document"
        if in_frame or not is_navigation(method, headers):
            raise NotLoggedIn("Your login has ended.", hint="Open the page again from your lab or the portal.")
        state = secrets.token_urlsafe(32)
        self.add_header("Set-Cookie", cookies.set_cookie(cookies.STATE, state, same_site="Lax",
                                                         max_age=STATE_SECONDS))
        portal = self.dialup_settings.origin(self.dialup_settings.portal_host)
        wanted = safe_next(headers.get("X-Forwarded-Uri"))
        query = urlencode({"host": host, "state": state, "next": wanted})
        self.redirect(f"{portal}/handover?{query}", status=302)


class EnterHandler(EdgeHandler):
    """The end of a hand-over: the code is used up, the host gets a session of its own."""

    async def get(self) -> None:
        host = plain_host(self.request.host)
        known = await self.run(self.hub.hosts.owner, host)
        if known is None:
            raise _nothing()
        kind, _, owner = known
        self.frame = self.hub.hosts.framers(owner)
        forwarded = self.request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
        origin = Origin(forwarded, self.request.headers.get("User-Agent", ""))
        opened, handover = await self.run(self.hub.identity.redeem, self.get_query_argument("code", ""), host,
                                          self._state(), origin)
        self._set_session(kind, opened.token, opened.lifetime)
        self.redirect(safe_next(handover.next_path), status=303)

    def _state(self) -> str | None:
        """The state of the URL if this browser holds it too; None makes only tickets work."""
        given, held = self.get_query_argument("state", ""), cookies.state_value(self.request.headers)
        same = held is not None and hmac.compare_digest(given.encode(), held.encode())
        return held if same else None

    def _set_session(self, kind: str, token: str, lifetime: int) -> None:
        """A preview's cookie works in the lab's frame too, also when the two are not the same site."""
        preview = kind == "preview"
        self.add_header("Set-Cookie", cookies.set_cookie(
            cookies.SESSION, token, same_site="None" if preview else "Lax", max_age=lifetime,
            partitioned=preview))
        self.add_header("Set-Cookie", cookies.set_cookie(cookies.STATE, "", same_site="Lax", max_age=0))


def look_up(hub: Any, host: str, token: str | None, guest: str | None = None) -> Place | None:
    """Everything the verdict needs from the database, in one go; None when the host is nobody's."""
    known = hub.hosts.owner(host)
    if known is None:
        return None
    kind, name, owner = known
    visitor = hub.identity.session_principal(token, host) if token else None
    may_know = kind == "lab" and visitor is not None and visitor.account.name == owner
    invited = kind == "preview" and guest is not None and hub.sharing.guest(guest, name) is not None
    return Place(kind, name, owner, visitor, (hub.hosts.lab_secret(owner) or "") if may_know else "",
                 guest=invited, awake=not invited or hub.hosts.preview_runs(name))


def _check_may_enter(place: Place, visitor: Principal) -> None:
    if visitor.account.name != place.owner:
        raise _nothing()
    if place.is_lab and not visitor.account.can_use_editor:
        raise Forbidden("Your account has no lab.", code="no_editor", hint="Ask your admin for one.")


def _nothing() -> DialupError:
    return NotFound("There is nothing at this address.", hint="Check the address.")
