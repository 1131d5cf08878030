"""The hub's further sockets: the edge's, the gate's, and one per lab, which *is* that account."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_unix_socket
from tornado.web import Application

from dialup_ext.errors import Unavailable

BACKLOG = 1024
"""Connections that wait to be taken. With Tornado's 128, 143 of 600 that came at once to a sleeping site were refused."""

BODY_SECONDS = 30.0
"""How long a request's body may take; uploads give themselves more."""


class Doors:
    """Unix sockets with a server behind each. Opened on the event loop, from any thread."""

    def __init__(self, directory: Path, *, body_limit: int) -> None:
        self.directory = directory
        self.body_limit = body_limit
        self._loop: asyncio.AbstractEventLoop | None = None
        self._servers: dict[str, HTTPServer] = {}
        self.lab_application: Application | None = None
        """What labs reach: the same API, where the socket says whose lab it is."""

    def open_lab(self, account: str) -> None:
        """The door of this account's lab."""
        assert self.lab_application is not None
        labs = self.directory / "labs"
        labs.mkdir(parents=True, exist_ok=True, mode=0o700)
        # A lab's own user comes in by a mount of this one folder; nobody passes `labs` on the machine.
        (labs / account).mkdir(exist_ok=True)
        (labs / account).chmod(0o711)
        self.open(f"labs/{account}/hub", self.lab_application, mode=0o666)

    def close_lab(self, account: str) -> None:
        """Close it and what came through it. Idempotent."""
        self.close(f"labs/{account}/hub")

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """The loop that serves; before it runs nothing can be opened from elsewhere."""
        self._loop = loop

    def open(self, name: str, application: Application, *, mode: int = 0o600) -> None:
        """Serve `application` at `<directory>/<name>.sock`. Twice is the same; blocks until it is so.

        Only the hub's own user may connect, unless `mode` says more; a socket left by a crash is replaced.
        """
        assert self._loop is not None, "the doors open once the server runs"
        if threading.current_thread() is threading.main_thread():
            self._open(name, application, mode)
            return
        done = threading.Event()

        def work() -> None:
            self._open(name, application, mode)
            done.set()

        self._loop.call_soon_threadsafe(work)
        if not done.wait(10):
            raise Unavailable("The server is too busy to open a door for a lab.", code="busy",
                              hint="Try again in a few seconds.")

    def close_all(self) -> None:
        for name, server in self._servers.items():
            server.stop()
            self._path(name).unlink(missing_ok=True)
        self._servers.clear()

    def close(self, name: str) -> None:
        """Close one door and what came through it. Idempotent."""
        server = self._servers.pop(name, None)
        if server is not None and self._loop is not None:
            self._path(name).unlink(missing_ok=True)
            self._loop.call_soon_threadsafe(server.stop)
            asyncio.run_coroutine_threadsafe(server.close_all_connections(), self._loop)

    def _open(self, name: str, application: Application, mode: int) -> None:
        if name in self._servers:
            return
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Caddy and the edge share this user; X-Forwarded-For comes from Caddy alone
        limit = self.body_limit if name.startswith("labs/") else 64 << 10
        server = HTTPServer(application, max_body_size=limit, body_timeout=BODY_SECONDS)
        server.add_socket(bind_unix_socket(str(path), mode, backlog=BACKLOG))
        self._servers[name] = server

    def _path(self, name: str) -> Path:
        return self.directory / f"{name}.sock"
