"""The lab's ways to the hub, over the unix socket that is this account's identity.

`transport` is for calls made in a thread; `Exchange` passes one request and its answer through,
piece by piece, each side waiting when the other is slow.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine
from tornado.iostream import IOStream, StreamClosedError

from dialup_ext.client.transport import Transport
from dialup_ext.errors import Unavailable

ENDLESS = 1 << 50
"""Bytes. Tornado counts a stream's whole length against its limit, and event streams never end."""

OnHead = Callable[[int, HTTPHeaders], Awaitable[None]]
OnChunk = Callable[[bytes], Awaitable[None]]


def transport(settings: dict[str, Any]) -> Transport:
    """A blocking conversation with the hub. Close it when done. Raises `Unavailable` (`hub_down`)."""
    path = settings.get("dialup_hub_socket")
    if not path and "dialup_find_hub_socket" in settings:
        path = str(settings["dialup_find_hub_socket"]())
    if not path:
        raise hub_away()
    return Transport(os.environ.get("DIALUP_PORTAL") or "http://localhost", socket=path)


def hub_away() -> Unavailable:
    return Unavailable("The dialup server of this lab is not answering.", code="hub_down",
                       hint="Sites stay up meanwhile. Try again in a minute, or tell your admin.")


class Exchange(HTTPMessageDelegate):
    """One request to the hub. The answer is held back until the request's body has been sent."""

    def __init__(self, connection: HTTP1Connection, on_head: OnHead, on_chunk: OnChunk) -> None:
        self._connection = connection
        self._on_head = on_head
        self._on_chunk = on_chunk
        self._sent = asyncio.Event()
        self._complete = False
        self._reading = asyncio.ensure_future(connection.read_response(self))

    @classmethod
    async def begin(cls, path: str, start: RequestStartLine, headers: HTTPHeaders,
                    on_head: OnHead, on_chunk: OnChunk) -> Exchange:
        """Connect to the socket at `path` and send the head. Raises `Unavailable` (`hub_down`)."""
        stream = IOStream(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        try:
            await stream.connect(path)
        except (OSError, StreamClosedError):
            stream.close()
            raise hub_away() from None
        limits = HTTP1ConnectionParameters(no_keep_alive=True, max_body_size=ENDLESS)
        connection = HTTP1Connection(stream, is_client=True, params=limits)
        connection.write_headers(start, headers)
        return cls(connection, on_head, on_chunk)

    async def send(self, chunk: bytes) -> None:
        """Pass a piece of the body on. A hub that stopped listening has an answer to read."""
        if self._reading.done():
            return
        try:
            await self._connection.write(chunk)
        except StreamClosedError:
            return

    async def answer(self) -> bool:
        """The body is all sent: let the answer through. False when it broke off in the middle."""
        self._connection.finish()
        self._sent.set()
        try:
            await self._reading
        except StreamClosedError:
            return False
        return self._complete

    def close(self) -> None:
        """Hang up; whoever waits for the answer learns that it broke off."""
        self._connection.close()
        self._sent.set()

    async def headers_received(self, start_line: RequestStartLine | ResponseStartLine,
                               headers: HTTPHeaders) -> None:
        await self._sent.wait()
        await self._on_head(start_line.code, headers)  # type: ignore[union-attr]

    async def data_received(self, chunk: bytes) -> None:
        await self._on_chunk(chunk)

    def finish(self) -> None:
        self._complete = True
        self._connection.close()

    def on_connection_close(self) -> None:
        """The hub hung up; `answer` tells."""
