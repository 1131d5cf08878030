"""The small web server of a static preview: files as the public site serves them, never cached."""

from __future__ import annotations

import mimetypes
import os
import re
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.web import Application, RequestHandler

from dialup_ext.handlers.static_dev.folder import Folder, Found, Moved
from dialup_ext.handlers.static_dev.live import Live, LivePage, check_host
from dialup_ext.handlers.static_dev.page import missing_page, no_index_page, with_script

LIVE_JS = Path(__file__).with_name("live.js")
MOST_HTML = 8 << 20
"""Bytes; a larger page is sent as it is, without the live script."""

_CHUNK = 256 << 10
_TEXT = ("text/", "application/javascript", "application/json", "image/svg+xml")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def make_server(directory: Path, public_host: str = "") -> tuple[HTTPServer, Live, Folder]:
    """The server, not listening yet, what tells its pages of changes, and the folder it serves.

    It answers to `public_host` and loopback's names alone: a web page whose name was rebound to
    loopback must not read unpublished files (T38). Empty: to any name.
    """
    live, folder = Live(), Folder(directory)
    application = Application([
        (r"/__dialup/live", LivePage, {"live": live}),
        (r"/__dialup/live\.js", Script),
        (r".*", File, {"live": live, "folder": folder}),
    ], log_function=_say_nothing, websocket_ping_interval=30, public_host=public_host)
    return HTTPServer(application), live, folder


class _Fresh(RequestHandler):
    """Nothing of a preview is ever kept by a browser: what is on disk is what is shown."""

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.clear_header("Server")

    def prepare(self) -> None:
        check_host(self)

    def compute_etag(self) -> str | None:
        return None


class Script(_Fresh):
    """The script every page loads first."""

    def get(self) -> None:
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.write(LIVE_JS.read_bytes())


class File(_Fresh):
    """A file of the workspace."""

    def initialize(self, live: Live, folder: Folder) -> None:
        self._live, self._folder = live, folder

    async def get(self) -> None:
        """The file at this address; pages get the live script."""
        found = self._folder.find(self.request.path)
        if isinstance(found, Moved):
            # Relative to here: a path that begins with two slashes would name another host.
            self.redirect("/" + found.path.lstrip("/") + (f"?{self.request.query}" if self.request.query else ""))
        elif found is None:
            self._missing()
        else:
            try:
                await self._send(found)
            finally:
                os.close(found.descriptor)

    async def head(self) -> None:
        """The same without the body, which tornado leaves out."""
        await self.get()

    async def _send(self, found: Found) -> None:
        kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
        self.set_header("Content-Type", f"{kind}; charset=utf-8" if kind.startswith(_TEXT) else kind)
        if kind == "text/html" and found.size <= MOST_HTML:
            with os.fdopen(os.dup(found.descriptor), "rb") as file:
                self.write(with_script(file.read(), self._live.version))
            return
        start, end = self._wanted(found.size)
        self.set_header("Content-Length", str(end - start))
        if self.request.method == "HEAD":
            return
        while start < end:
            piece = os.pread(found.descriptor, min(_CHUNK, end - start), start)
            if not piece:  # it shrank while we sent it
                self.detach().close()
                return
            start += len(piece)
            self.write(piece)
            try:
                await self.flush()
            except StreamClosedError:
                return

    def _wanted(self, size: int) -> tuple[int, int]:
        """From where to where: all of it, or the one part a player asked for."""
        self.set_header("Accept-Ranges", "bytes")
        match = _RANGE.fullmatch(self.request.headers.get("Range", ""))
        if not match or match.groups() == ("", "") or not size:
            return 0, size
        first, last = match.groups()
        start = int(first) if first else max(0, size - int(last))
        end = min(size, int(last) + 1) if first and last else size
        if start >= end:
            return 0, size
        self.set_status(206)
        self.set_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        return start, end

    def _missing(self) -> None:
        """The first page of an empty site answers 200: the preview itself works."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        if self.request.path == "/":
            self.write(with_script(no_index_page(), self._live.version))
            return
        self.set_status(404)
        own = self._folder.own_404()
        page = missing_page(self.request.path) if own is None else _read(own)
        self.write(with_script(page, self._live.version))


def _say_nothing(_handler: RequestHandler) -> None:
    """Requests are no news: the log is for what the site's owner should see."""


def _read(found: Found) -> bytes:
    with os.fdopen(found.descriptor, "rb") as file:
        return file.read(MOST_HTML)
