"""One conversation with a hub: JSON calls, uploads and event streams, over HTTP or a unix socket.

Every failure leaves here as a `DialupError`: the server's own words when it answered, `Unavailable`
with a hint when it did not. Only calls that may be repeated are repeated. Redirects are not
followed, so a key never travels to another host.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx

from dialup_ext.client import sse
from dialup_ext.client.address import portal_url
from dialup_ext.client.connection import explain, http_client, may_succeed_again
from dialup_ext.client.credentials import find_login
from dialup_ext.errors import DialupError, Unavailable, from_wire

BASE = "/dialup/api/v1"
ATTEMPTS = 3
FIRST_PAUSE = 0.2
"""Seconds before the second attempt; each further one waits three times as long."""
STREAM_SILENCE = 45.0
"""Seconds without a byte after which an event stream is dead: the hub sends a comment every 15."""
RECONNECTS = 8

Json = dict[str, Any]


class Transport:
    """Calls a hub as one account. Safe to share between threads; close it when done.

    `portal` is an origin such as `https://admin.yourdomain.com`; with `socket` the connection
    itself says who is asking and no key is sent.
    """

    def __init__(self, portal: str, *, key: str = "", socket: str | None = None) -> None:
        self.portal = portal
        self.socket = socket
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = http_client(portal, socket=socket, headers=headers)

    @classmethod
    def for_here(cls, server: str | None = None, key: str | None = None, *,
                 domain_of: str | None = None) -> Transport:
        """The hub this code should talk to: the arguments, else the lab's hub, else the stored login.

        Raises `NotLoggedIn` when nothing says which. Connects to nothing yet.
        """
        if server and key:
            return cls(portal_url(server), key=key)
        socket = os.environ.get("DIALUP_HUB_SOCKET")
        if socket and not server:
            return cls.for_socket(socket)
        login = find_login(server, domain_of=domain_of)
        return cls(login.portal, key=key or login.key)

    @classmethod
    def for_socket(cls, socket: Path | str) -> Transport:
        """The hub behind a unix socket: a lab's, which says by itself who is asking."""
        return cls(os.environ.get("DIALUP_PORTAL") or "http://localhost", socket=str(socket))

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, path: str, **params: str | int) -> Json:
        """GET `path` below the API's base; tried again when the connection fails."""
        return self._call("GET", path, repeatable=True, params=params)

    def post(self, path: str, body: object = None, *, once: bool = False) -> Json:
        """POST JSON. With `once`, an idempotency key makes it safe to repeat, and it is."""
        headers = {"Idempotency-Key": uuid.uuid4().hex} if once else {}
        return self._call("POST", path, repeatable=once, json={} if body is None else body, headers=headers)

    def put(self, path: str, body: object) -> Json:
        """PUT JSON; tried again when the connection fails, since the same twice is the same."""
        return self._call("PUT", path, repeatable=True, json=body)

    def patch(self, path: str, body: object) -> Json:
        """PATCH JSON: set what is named; tried again when the connection fails, since the same twice is the same."""
        return self._call("PATCH", path, repeatable=True, json=body)

    def delete(self, path: str) -> Json:
        """DELETE `path`. Not repeated: a second answer would say it is gone."""
        return self._call("DELETE", path, repeatable=False)

    def send(self, path: str, chunks: Iterable[bytes], length: int, content_type: str) -> Json:
        """POST `length` bytes from `chunks`. Never repeated here: the caller knows what is missing."""
        headers = {"Content-Type": content_type, "Content-Length": str(length)}
        return self._call("POST", path, repeatable=False, content=chunks, headers=headers)

    def content(self, path: str) -> Iterator[bytes]:
        """The bytes of `path`, piece by piece. Not repeated: the caller knows what they should be."""
        with self._in_our_words(), self._client.stream("GET", BASE + path) as answer:
            if answer.status_code != 200:
                answer.read()
                raise self._refusal(answer)
            yield from answer.iter_bytes()

    def events(self, path: str) -> Iterator[sse.ServerEvent]:
        """The events of `path`, resumed after the last one seen when the connection breaks.

        Ends when the server ends the stream after an event named `done`, or for good after
        several reconnects without news (`Unavailable`).
        """
        last_id, fruitless = "", 0
        while True:
            try:
                for event in self._stream(path, last_id):
                    last_id, fruitless = event.id, 0
                    yield event
                    if event.name == "done":
                        return
            except httpx.HTTPError as error:
                if fruitless >= RECONNECTS or not may_succeed_again(error):
                    raise explain(error, self.portal, self.socket) from error
            except Unavailable as error:
                if fruitless >= RECONNECTS or error.code != "hub_down":
                    raise
            fruitless += 1
            if fruitless > RECONNECTS:
                raise Unavailable("The server stopped sending news.", code="stream_lost",
                                  hint="The work goes on there; run: deploy status")
            time.sleep(min(FIRST_PAUSE * 2**fruitless, 5.0))

    def _stream(self, path: str, last_id: str) -> Iterator[sse.ServerEvent]:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
        timeout = httpx.Timeout(STREAM_SILENCE, connect=10.0)
        with self._client.stream("GET", BASE + path, headers=headers, timeout=timeout) as answer:
            if answer.status_code != 200:
                answer.read()
                raise self._refusal(answer)
            yield from sse.parse(answer.iter_lines(), last_id)

    def _call(self, method: str, path: str, *, repeatable: bool, **request: Any) -> Json:
        with self._in_our_words():
            return self._read(self._request(method, path, repeatable, request))

    def _request(self, method: str, path: str, repeatable: bool, request: Mapping[str, Any]) -> httpx.Response:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = self._client.request(method, BASE + path, **request)
            except httpx.HTTPError as error:
                safe = repeatable or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                if attempt == ATTEMPTS or not safe or not may_succeed_again(error) or "content" in request:
                    raise
            else:
                if attempt == ATTEMPTS or not repeatable or answer.status_code not in (502, 504):
                    return answer
            time.sleep(FIRST_PAUSE * 3 ** (attempt - 1))
        raise AssertionError("unreachable")

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            raise explain(error, self.portal, self.socket) from error

    def _read(self, answer: httpx.Response) -> Json:
        if not answer.is_success:
            raise self._refusal(answer)
        if answer.status_code == 204 or not answer.content:
            return {}
        body = _json(answer)
        if body is None:
            raise self._not_dialup()
        return body

    def _refusal(self, answer: httpx.Response) -> DialupError:
        body = _json(answer)
        if body is not None and "message" in body:
            return from_wire(answer.status_code, body)
        if answer.status_code in (502, 503, 504):
            return Unavailable(f"{self.portal} is not answering at the moment ({answer.status_code}).",
                               code="hub_down", hint="Sites stay up meanwhile. Try again in a minute.")
        return self._not_dialup()

    def _not_dialup(self) -> Unavailable:
        return Unavailable(f"{self.portal} answers, but it is not a dialup server.", code="not_dialup",
                           hint="Check the domain you gave to: deploy login --server yourdomain.com")


def _json(answer: httpx.Response) -> Json | None:
    try:
        body = answer.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
