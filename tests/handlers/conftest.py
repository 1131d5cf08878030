"""The hub's own routes on real unix sockets, with a real hub behind them (no Caddy, nothing started)."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_unix_socket
from tornado.web import Application

from dialup_ext.app import build
from dialup_ext.domain.account import Account, Role
from dialup_ext.domain.site import Kind
from dialup_ext.handlers.edge import edge_application
from dialup_ext.handlers.gate import gate_application
from dialup_ext.handlers.routes import hub_routes
from dialup_ext.settings import Settings

PASSWORD = "seven green bicycles"
HOST = "admin.dialup.localhost:8080"
ORIGIN = f"http://{HOST}"
PAGE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
        "Sec-Fetch-Site": "same-origin"}


@dataclass
class Running:
    """A hub with an account `alice`, an admin `olga` and `bob`, who owns other things."""

    hub: Any
    settings: Settings
    loop: asyncio.AbstractEventLoop
    portal: Application
    servers: list[HTTPServer] = field(default_factory=list)
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def identity(self) -> Any:
        return self.hub.identity

    def account(self, name: str) -> Account:
        return self.hub.identity.account(name)

    def client(self, socket: str = "hub", **headers: str) -> httpx.Client:
        """A client of one socket; `headers` with `_` for `-`."""
        door = f"{socket}/hub.sock" if socket.startswith("labs/") else f"{socket}.sock"
        transport = httpx.HTTPTransport(uds=str(self.settings.run / door))
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        client = httpx.Client(transport=transport, base_url=f"http://{HOST}", headers=named, timeout=20)
        self.clients.append(client)
        return client

    def session(self, name: str) -> str:
        """A portal session's token, without typing a password."""
        link = self.identity.make_login_link(name).partition("link=")[2]
        from dialup_ext.domain.login import Origin

        return self.identity.use_link(link, Origin()).token

    def browser(self, name: str) -> httpx.Client:
        """A client that is logged in as a person, and sends what a browser sends from our own pages."""
        return self.client(Cookie=f"__Host-dialup={self.session(name)}", Origin=ORIGIN, **{
            key.replace("-", "_"): value for key, value in PAGE.items()})

    def serve(self, name: str, application: Application) -> None:
        """Answer at `<run>/<name>.sock`."""
        path = self.settings.run / f"{name}.sock"
        path.parent.mkdir(parents=True, exist_ok=True)

        async def start() -> None:
            server = HTTPServer(application, max_body_size=1 << 20)
            server.add_socket(bind_unix_socket(str(path), 0o600))
            self.servers.append(server)

        asyncio.run_coroutine_threadsafe(start(), self.loop).result(10)

    async def _stop(self) -> None:
        for server in self.servers:
            server.stop()
            await server.close_all_connections()


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with three accounts, made once and copied for every test."""
    path = tmp_path_factory.mktemp("accounts") / "home"
    hub = build(Settings(path))
    for name, role in (("alice", Role.USER), ("bob", Role.USER), ("olga", Role.ADMIN)):
        hub.identity.add_account(name, role=role)
    hub.stop()
    return path


@pytest.fixture
def running(tmp_path: Path, home: Path) -> Iterator[Running]:
    settings = Settings(tmp_path / "home")
    shutil.copytree(home, settings.home)
    hub = build(settings)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="test-hub")
    thread.start()
    application_settings: dict[str, Any] = {"base_url": "/"}
    routes = hub_routes(hub, application_settings)
    portal = Application(routes, **application_settings)
    it = Running(hub, settings, loop, portal)
    it.serve("hub", portal)
    it.serve("edge", edge_application(hub))
    it.serve("gate", gate_application(hub))
    for name in ("alice", "bob", "olga"):
        it.serve(f"labs/{name}/hub", portal)
    yield it
    for client in it.clients:
        client.close()
    asyncio.run_coroutine_threadsafe(it._stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    hub.stop()
    loop.close()


@pytest.fixture
def site(running: Running) -> Any:
    """Bob's site `blog`."""
    return running.hub.context.sites.create(running.account("bob"), "blog", Kind.STATIC, None,
                                            running.hub.context.clock.now())
