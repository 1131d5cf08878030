"""Who is in the lab: whoever the edge names, if it proves that it is the edge.

Jupyter's own Origin and XSRF checks stay on, since nobody is ever called token-authenticated.
"""

from __future__ import annotations

import hmac
from collections.abc import MutableMapping
from typing import Any

from jupyter_server.auth import IdentityProvider, User
from jupyter_server.base.handlers import JupyterHandler
from tornado.web import RequestHandler

SECRET_VARIABLE = "DIALUP_LAB_SECRET"  # noqa: S105
_taken: dict[str, str] = {}


def take_secret(environment: MutableMapping[str, str]) -> None:
    """Move the lab's secret out of `environment`, so that no child inherits it. Once is enough."""
    if SECRET_VARIABLE in environment:
        _taken["secret"] = environment.pop(SECRET_VARIABLE)


class EdgeIdentity(IdentityProvider):
    """Believes `X-Dialup-User` when `X-Dialup-Lab` is this lab's secret; there is no other login."""

    token = ""
    login_available = logout_available = False

    def get_user(self, handler: JupyterHandler) -> User | None:  # type: ignore[override]
        """The account the edge names, or None. Without a secret, nobody."""
        secret = _taken.get("secret", "")
        shown = handler.request.headers.get("X-Dialup-Lab", "")
        name = handler.request.headers.get("X-Dialup-User", "")
        if not secret or not name or not hmac.compare_digest(shown.encode(), secret.encode()):
            return None
        return User(username=name, name=name, display_name=name, initials=name[:2].upper())

    @property
    def auth_enabled(self) -> bool:
        return True

    def is_token_authenticated(self, handler: RequestHandler) -> bool:
        """Never: that would switch the Origin and XSRF checks off."""
        return False

    def get_handlers(self) -> list[tuple[str, object]]:
        """No login and no logout page: the portal has them."""
        return []

    def validate_security(self, app: Any, ssl_options: dict[str, Any] | None = None) -> None:
        """Nothing to warn about: the lab listens on loopback, behind the edge."""
