"""The hub's server: Jupyter's, without anything that could run or read something for an account.

No contents, kernels, terminals, sessions, files, nbconvert, Voila or proxies: each was measured
to hand a logged-in account the host or other people's files. What is left is the extension's
own routes and a 404. It listens on unix sockets only.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_server.auth import Authorizer, IdentityProvider, User
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.contents.filemanager import FileContentsManager
from traitlets.config import Config

from dialup_ext.extension import DialupExtension
from dialup_ext.handlers.doors import BODY_SECONDS
from dialup_ext.settings import Settings

BODY_LIMIT = 1 << 20
"""Bytes of a request's body; the two upload routes raise it for themselves (T13)."""


class NoContents(FileContentsManager):
    """A contents manager that brings no routes."""

    def get_extra_handlers(self) -> list[Any]:
        return []


class HubIdentity(IdentityProvider):
    """Jupyter's own login is off: `DialupHandler` finds out who is there."""

    token = ""
    login_available = logout_available = False

    def get_user(self, handler: Any) -> User | None:
        return None

    def get_handlers(self) -> list[Any]:
        return []

    def validate_security(self, app: Any, ssl_options: Any = None) -> None:
        """Nothing of Jupyter's own login is in use that could be insecure."""


class DenyAll(Authorizer):
    """Whatever of Jupyter's might still ask: no."""

    def is_authorized(self, handler: Any, user: User, action: str, resource: str) -> bool:
        return False


class HubServer(ServerApp):
    """`ServerApp` trimmed to one extension. `hub_settings` must be set before `initialize`."""

    name = "dialup-hub"
    default_services = ("auth",)  # type: ignore[assignment]  # maps to no handlers
    hub_settings: Settings

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """None of the machine's Jupyter configuration reaches the hub."""

    def load_server_extensions(self) -> None:
        super().load_server_extensions()
        # the extension's rules sit in default_router; Jupyter's own are in wildcard_router
        rules = self.web_app.wildcard_router.rules
        rules[:] = [rule for rule in rules if rule.matcher.regex.pattern == "(.*)$"]  # type: ignore[attr-defined]

    def init_httpserver(self) -> None:
        """The hub's lock is held by now: a socket that lies there was left by a crash."""
        Path(self.sock).unlink(missing_ok=True)
        super().init_httpserver()

    def init_signal(self) -> None:
        """SIGTERM and SIGINT end it at once and in order; no question at the terminal."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.io_loop.add_callback_from_signal(self.io_loop.stop))

    @property
    def dialup(self) -> DialupExtension:
        """Our extension's application in this server."""
        return next(app for apps in self.extension_manager.extension_apps.values() for app in apps
                    if isinstance(app, DialupExtension))


def make_server(settings: Settings) -> HubServer:
    """A hub's server, initialised and listening, its hub built but not started.

    Raises `DialupError` when the hub cannot be built (database, lock), `SystemExit` for what
    Jupyter itself refuses.
    """
    settings.run.mkdir(parents=True, exist_ok=True, mode=0o700)
    (settings.run / "empty").mkdir(exist_ok=True)
    server = HubServer(
        config=Config({"DialupExtension": {"mode": "hub"}}),
        sock=str(settings.run / "hub.sock"), sock_mode="0600", open_browser=False, allow_root=True,
        root_dir=str(settings.run / "empty"), allow_remote_access=True, terminals_enabled=False,
        contents_manager_class=NoContents, identity_provider_class=HubIdentity, authorizer_class=DenyAll,
        jpserver_extensions={"dialup_ext": True}, allow_unauthenticated_access=False,
        reraise_server_extension_failures=True, max_body_size=BODY_LIMIT, quit_button=False,
        log_level="WARN", cookie_secret=b"unused: sessions are rows" * 2, port_retries=0,
        # Jupyter's request log writes headers, cookies among them, on a 5xx; DialupHandler has its own
        tornado_settings={"log_function": lambda _: None},
    )
    server.hub_settings = settings
    server.log.handlers.clear()  # to hub.log with everything else, not to the terminal
    server.log.propagate = True
    server.initialize(argv=[], find_extensions=False)
    server.http_server.conn_params.body_timeout = BODY_SECONDS
    return server


def serve(server: HubServer, ready: Callable[[], None]) -> None:
    """Run until SIGTERM or Ctrl-C; calls `ready` in a thread once the hub works."""
    server.dialup.when_started(ready)
    server.start_ioloop()
    # the loop is stopped, not closed: what is left to do is done on it
    server.io_loop.run_sync(server.dialup.stop_extension)
    (server.hub_settings.run / "hub.sock").unlink(missing_ok=True)
    if server.dialup.problem is not None:
        raise server.dialup.problem
