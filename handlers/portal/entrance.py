"""Coming in and going out: the login page, one-time links, logging out, the hand-over to labs."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from dialup_ext.domain.login import NewSession
from dialup_ext.errors import BadInput, DialupError, Forbidden, NotFound, NotLoggedIn
from dialup_ext.handlers.cookies import SESSION, set_cookie
from dialup_ext.handlers.next_path import safe_next
from dialup_ext.handlers.policy import Policy
from dialup_ext.handlers.portal.page import PageHandler

_STATE = re.compile(r"[A-Za-z0-9_-]{22,64}")


class HomeHandler(PageHandler):
    """`/`: the dashboard, or the way in."""

    policy = Policy.PUBLIC

    async def get(self) -> None:
        self.go("/dashboard" if self.principal else "/login")


class LoginHandler(PageHandler):
    """Name and password, or a one-time link, which only its button uses up."""

    policy = Policy.PUBLIC

    async def get(self) -> None:
        """The form; for `?link=…` one button, since mail scanners follow links."""
        link = self.get_query_argument("link", "")
        if link:
            self.set_header("Referrer-Policy", "same-origin")
            account = await self.run(self.hub.identity.peek_link, link)
            self.set_status(200 if account else 410)
            self.page("link.html", link=link, account=account)
        elif self.principal:
            self.go(safe_next(self.get_query_argument("next", "/dashboard")))
        else:
            self.page("login.html", name="", error=None, next=safe_next(self.get_query_argument("next", "/")))

    async def post(self) -> None:
        """Log in; a wrong name and a wrong password are told the same."""
        wanted = safe_next(self.form("next"))
        try:
            opened = await self._open()
        except (BadInput, NotLoggedIn) as error:
            self._again(error, wanted)
            return
        except DialupError as error:
            if error.status not in (429, 503):
                raise
            self._again(error, wanted)
            return
        self.set_session(opened)
        self.go("/dashboard" if wanted == "/" else wanted)

    async def _open(self) -> NewSession:
        identity, link = self.hub.identity, self.form("link")
        if link:
            return await self.run(identity.use_link, link, self.came_from, replaces=self.held_token)
        return await self.run_in("hash", identity.log_in, self.form("name"), self.form("password"),
                                 self.came_from, replaces=self.held_token)

    def _again(self, error: DialupError, wanted: str) -> None:
        """The form once more, with what was typed, but for the password."""
        self.set_status(error.status)
        if error.retry_after is not None:
            self.set_header("Retry-After", str(error.retry_after))
        self.page("login.html", name=self.form("name")[:64], error=error, next=wanted)


class LogoutHandler(PageHandler):
    """Ends this login and what was handed over from it."""

    policy = Policy.PUBLIC

    async def post(self) -> None:
        if self.principal is not None and self.principal.session_id is not None:
            await self.run(self.hub.identity.end_session, self.account, self.principal.session_id)
        self.set_header("Set-Cookie", set_cookie(SESSION, "", same_site="Strict", max_age=0))
        self.go("/login")


class HandoverHandler(PageHandler):
    """Hands the login over to the host of one's own lab or preview, with a code good for a minute."""

    policy = Policy.PUBLIC

    async def get(self) -> None:
        host, state = self.get_query_argument("host", ""), self.get_query_argument("state", "")
        if not _STATE.fullmatch(state):
            raise BadInput("This way in is incomplete.", hint="Open your lab from the portal.")
        if self.principal is None:
            self._come_again()
            return
        await self._check_theirs(host)
        code = await self.run(self.hub.identity.issue_code, self.me, host, state,
                              safe_next(self.get_query_argument("next", "/")))
        query = urlencode({"code": code, "state": state})
        self.leave(f"{self.dialup_settings.origin(host)}/_dialup/enter?{query}")

    async def _check_theirs(self, host: str) -> None:
        known = await self.run(self.hub.hosts.owner, host)
        if known is None or known[2] != self.account.name:
            raise NotFound("There is nothing of yours at this address.", hint="Check the address.")
        if known[0] == "lab" and not self.account.can_use_editor:
            raise Forbidden("Your account has no lab.", code="no_editor", hint="Ask your admin for one.")

    def _come_again(self) -> None:
        """A Strict cookie is not sent on arrival from elsewhere: come again from our own origin."""
        uri = self.request.uri or "/"
        if self.get_query_argument("again", ""):
            self.go("/login?" + urlencode({"next": safe_next(uri)}))
        else:
            self.page("onward.html", url=f"{uri}&again=1")
