"""The base of the portal's pages: rendering, redirects, and errors as pages."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import quote

from dialup_ext.domain.login import NewSession, Origin
from dialup_ext.errors import DialupError, Forbidden, NotLoggedIn, TooLarge
from dialup_ext.handlers.base import DialupHandler
from dialup_ext.handlers.cookies import SESSION, session_token, set_cookie
from dialup_ext.handlers.headers import PAGE_CSP
from dialup_ext.handlers.next_path import safe_next
from dialup_ext.handlers.origin import is_navigation
from dialup_ext.handlers.render import render

FORM_LIMIT = 8 * 1024
"""Bytes of a form (T12); tornado has read it, nothing slow has happened yet."""

DONE = {
    "password": "Your new password is set. Other places you were logged in at were logged out.",
    "session": "That login has ended.",
    "sessions": "You are logged out everywhere else.",
    "revoked": "The key is revoked. Whoever uses it is refused from now on.",
    "stop": "The site is stopped. Visitors see a page that says so.",
    "start": "The site is starting.",
    "restart": "The site is restarting.",
    "rollback": "Going back to the earlier release.",
    "wake": "The site is awake.",
    "sleep": "The site sleeps as you chose.",
    "awake": "The site stays awake.",
    "volume": "The site has a data folder.",
    "no-volume": "The site has no data folder any more.",
    "variable": "The variable is set.",
    "forgotten": "The variable is removed.",
    "unshared": "The link is revoked. Whoever has it sees nothing any more.",
}
"""What `?done=…` says after a redirect; anything else says nothing."""


class PageHandler(DialupHandler):
    """A page. `here` marks the entry of the navigation it belongs to."""

    csp: ClassVar[str] = PAGE_CSP
    pages: ClassVar[bool] = True
    here: ClassVar[str] = ""
    form_limit: ClassVar[int] = FORM_LIMIT

    async def prepare(self) -> None:  # type: ignore[override]
        if len(self.request.body) > self.form_limit:
            raise TooLarge("The form is too large.", hint="Send less at once.")
        await super().prepare()
        if self.principal is not None and not self.principal.is_browser:
            raise Forbidden("Pages are for browsers.", code="portal_only", hint="Use the API instead.")

    def page(self, template: str, **values: Any) -> None:
        """Finish with a rendered page; the status stays what it is."""
        done = DONE.get(self.get_query_argument("done", ""), "")
        principal = self.principal
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(render(template, me=principal.account if principal else None, here=self.here, done=done,
                           domain=self.dialup_settings.domain, **values))

    def go(self, path: str) -> None:
        """See another page of the portal."""
        self.redirect(path, status=303)

    def leave(self, url: str) -> None:
        """See another host of ours.

        A redirect that began with a form of ours would be stopped by `form-action 'self'`, so such
        a chain ends in a page that leads on; any other request is simply redirected.
        """
        if self.request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin":
            self.set_header("Referrer-Policy", "same-origin")
            self.page("onward.html", url=url)
        else:
            self.redirect(url, status=303)

    def form(self, name: str) -> str:
        """A field of the form, as typed; empty when it was not sent."""
        return self.get_body_argument(name, "", strip=False)

    @property
    def came_from(self) -> Origin:
        return Origin(self.client_address, self.request.headers.get("User-Agent", ""))

    def set_session(self, opened: NewSession) -> None:
        """Give the browser its portal cookie (R10)."""
        self.set_header("Set-Cookie", set_cookie(SESSION, opened.token, same_site="Strict",
                                                 max_age=opened.lifetime))

    @property
    def held_token(self) -> str | None:
        """The session token the browser sent, good or not."""
        return session_token(self.request.headers)

    def show_error(self, error: DialupError) -> None:
        """Strangers are led to the login page and back; every other error is a page of its own."""
        if isinstance(error, NotLoggedIn) and is_navigation(self.request.method or "", self.request.headers):
            wanted = safe_next(self.request.uri)
            self.set_status(303)
            self.set_header("Location", "/login" if wanted == "/" else f"/login?next={quote(wanted, safe='/')}")
            self.finish()
            return
        super().show_error(error)
