"""Who is asking: the ways a request can prove its account, one class for each kind of server.

`DialupHandler.prepare` awaits `settings["dialup_authenticate"](handler)`. The answer is a
`Principal`, or None for a stranger; what proves nothing (a bad key) is an error.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from jupyter_server.base.handlers import JupyterHandler
from tornado.web import Finish

from dialup_ext.domain.access import Principal, Via
from dialup_ext.domain.account import Account
from dialup_ext.errors import Forbidden, NotLoggedIn
from dialup_ext.handlers.cookies import session_token
from dialup_ext.handlers.origin import check_origin
from dialup_ext.settings import Settings

if TYPE_CHECKING:
    from dialup_ext.handlers.base import DialupHandler
    from dialup_ext.identity import Identity


class Authenticate(Protocol):
    """What `settings["dialup_authenticate"]` must be."""

    checks_origin: bool
    """True when it applies the exact-Origin rule itself, in place of Jupyter's XSRF cookie."""

    async def __call__(self, handler: DialupHandler) -> Principal | None: ...


class HubAuthentication:
    """The hub's: a lab's own socket, a key in `Authorization`, or the portal's session cookie."""

    checks_origin = True

    def __init__(self, settings: Settings, identity: Identity) -> None:
        self.settings = settings
        self.identity = identity
        self._labs = str(settings.run / "labs")

    async def __call__(self, handler: DialupHandler) -> Principal | None:
        lab = account_of_socket(handler, self._labs)
        if lab is not None:
            return await handler.run(self.identity.lab_principal, lab)
        self._send_editor_host_home(handler)
        key = bearer_key(handler.request.headers.get("Authorization", ""))
        if key is not None:
            return await handler.run(self.identity.key_principal, key, handler.client_address)
        return await self._by_session(handler)

    async def _by_session(self, handler: DialupHandler) -> Principal | None:
        request = handler.request
        check_origin(request.method or "", request.headers, self.settings.origin(self.settings.portal_host))
        token = session_token(request.headers)
        if token is None or request.host_name.lower() != self.settings.portal_host:
            return None
        return await handler.run(self.identity.session_principal, token, self.settings.portal_host)

    def _send_editor_host_home(self, handler: DialupHandler) -> None:
        """`editor.<domain>` is nobody's lab: the portal knows whose to open."""
        if handler.request.host_name.lower() == self.settings.editor_host:
            handler.redirect(self.settings.origin(self.settings.portal_host) + "/editor", status=303)
            raise Finish


class StandaloneAuthentication:
    """A plain Jupyter server's: whoever Jupyter lets in is its owner; Jupyter's checks stay on."""

    checks_origin = False

    def __init__(self, owner: Callable[[], Account]) -> None:
        self.owner = owner

    async def __call__(self, handler: DialupHandler) -> Principal | None:
        settings: Settings | None = handler.settings.get("dialup_settings")
        if settings is not None and account_of_socket(handler, str(settings.run / "labs")):
            return Principal(await handler.run(self.owner), Via.LAB)
        await JupyterHandler.prepare(handler, _redirect_to_login=False)
        if not handler.check_origin():
            raise Forbidden("This request came from another site.", code="wrong_origin")
        if handler.current_user is None:
            return None
        return Principal(await handler.run(self.owner), Via.STANDALONE)


def account_of_socket(handler: DialupHandler, labs: str) -> str | None:
    """The account whose lab socket the connection arrived on; the kernel says which, not the client."""
    stream = getattr(handler.request.server_connection, "stream", None)
    connection: socket.socket | None = getattr(stream, "socket", None)
    if connection is None or connection.family != socket.AF_UNIX:
        return None
    path = Path(str(connection.getsockname()))
    return path.parent.name if str(path.parent.parent) == labs and path.name == "hub.sock" else None


def bearer_key(header: str) -> str | None:
    """The key of an `Authorization` header; None when there is none. Never from the URL."""
    if not header:
        return None
    kind, _, key = header.partition(" ")
    if kind.lower() != "bearer" or not key.strip():
        raise NotLoggedIn("Only keys are accepted in the Authorization header.", code="bad_key",
                          hint="Send “Authorization: Bearer dlp_…”.")
    return key.strip()
