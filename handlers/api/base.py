"""What REST handlers share: contracts, replies made by them, idempotency, event streams."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel
from tornado.iostream import StreamClosedError

from dialup_ext.domain.access import Via
from dialup_ext.errors import BadInput, DialupError, TooMany
from dialup_ext.feed import News
from dialup_ext.handlers.base import DialupHandler

KEEP_ALIVE = 15.0
"""Seconds between comment lines on a silent stream, so that nobody in between closes it."""

STREAMS_PER_ACCOUNT = 20
"""Open event streams one account may hold (R44)."""

UPLOAD_SECONDS = 600.0
"""How long an upload's body may take; a broken one is resumed."""

NOTHING = News("", "nothing")
"""No news within the time a stream waits."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What one verb of a route takes and answers; the OpenAPI document is made from it."""

    answers: type[BaseModel] | None = None
    takes: type[BaseModel] | None = None
    status: int = 200
    stream: bool = False
    body: str = "application/json"


class ApiHandler(DialupHandler):
    """A handler of `/dialup/api/v1`. Subclasses declare `contract` per verb."""

    contract: ClassVar[dict[str, Contract]]

    def reply(self, view: Any = None) -> None:
        """Answer `view` in the shape and with the status that the contract names."""
        contract = self.contract[self.request.method or ""]
        shaped = None if contract.answers is None else contract.answers.model_validate(view).model_dump(mode="json")
        self.answer(shaped, contract.status)

    async def once(self, work: Callable[[], Awaitable[Any]]) -> None:
        """Reply what `work` gives; with an `Idempotency-Key` the same request works only once."""
        key = self.request.headers.get("Idempotency-Key")
        if key is None:
            self.reply(await work())
            return
        if not 1 <= len(key) <= 128:
            raise BadInput("An Idempotency-Key has 1 to 128 characters.")
        known = await self.run(self.hub.answers.begin, self.account.id, key, self._request_digest(),
                               self.hub.context.clock.now())
        status, shaped = known or await self._first_time(key, work)
        self.answer(shaped, status)

    async def _first_time(self, key: str, work: Callable[[], Awaitable[Any]]) -> tuple[int, Any]:
        """Do it and remember the answer. A refusal changed nothing, so the key may be used again."""
        contract = self.contract[self.request.method or ""]
        assert contract.answers is not None
        try:
            shaped = contract.answers.model_validate(await work()).model_dump(mode="json")
        except DialupError:
            await self.run(self.hub.answers.forget, self.account.id, key)
            raise
        await self.run(self.hub.answers.finish, self.account.id, key, contract.status, shaped)
        return contract.status, shaped

    def _request_digest(self) -> str:
        digest = hashlib.sha256(f"{self.request.method} {self.request.path}\n".encode())
        digest.update(self.big_body())
        return digest.hexdigest()

    def big_body(self) -> bytes:
        return bytes(self.request.body)

    @property
    def from_lab(self) -> bool:
        return self.me.via in (Via.LAB, Via.STANDALONE)


class EventStream(ApiHandler):
    """Server-sent events: `id`, `event`, `data`; a comment every 15 s; ends when the reader leaves."""

    _open: ClassVar[dict[str, int]] = {}

    async def begin(self) -> None:
        """Send the head. Raises `TooMany` when the account holds too many streams."""
        if self._open.get(self.account.id, 0) >= STREAMS_PER_ACCOUNT:
            raise TooMany("Too many open event streams.", code="too_many_streams", hint="Close some tabs.")
        self._counted = self.account.id
        self._open[self._counted] = self._open.get(self._counted, 0) + 1
        self.queue: asyncio.Queue[News | None] = asyncio.Queue(maxsize=1000)
        self._spoke = self._looked = time.monotonic()
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("X-Accel-Buffering", "no")
        await self.flush()

    def listener(self) -> Callable[[News], None]:
        """A listener for `feed` that hands news from any thread to this stream."""
        loop = asyncio.get_running_loop()

        def hand_over(news: News) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._put, news)

        return hand_over

    async def next_news(self, patience: float = KEEP_ALIVE) -> News | None:
        """The next piece of news, or `NOTHING` after `patience` seconds.

        None when the reader left, or may no longer see this: a key was revoked, a login ended.
        """
        try:
            news = await asyncio.wait_for(self.queue.get(), patience)
        except TimeoutError:
            news = NOTHING
        return news if await self._still_here() and await self._still_welcome() else None

    async def _still_here(self) -> bool:
        """Write a comment line now and then, so that nobody in between closes a silent stream."""
        if time.monotonic() - self._spoke < KEEP_ALIVE:
            return True
        return await self.raw(": still here\n\n")

    async def _still_welcome(self) -> bool:
        """Ask again who this is, every 15 s: what a stream shows is as private as a request's answer."""
        if time.monotonic() - self._looked < KEEP_ALIVE:
            return True
        self._looked = time.monotonic()
        try:
            now = await self.settings["dialup_authenticate"](self)
        except DialupError:
            return False
        return now is not None and now.account.id == self.account.id

    async def send(self, event: str, data: Any, event_id: str | None = None) -> bool:
        """Send one event; False when the reader has left."""
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        head = f"id: {event_id}\n" if event_id is not None else ""
        return await self.raw(f"{head}event: {event}\ndata: {text}\n\n")

    async def raw(self, text: str) -> bool:
        try:
            self.write(text)
            await self.flush()
        except StreamClosedError:
            return False
        self._spoke = time.monotonic()
        return True

    def resume_from(self) -> int:
        """The number in `Last-Event-ID`, or 0."""
        given = self.request.headers.get("Last-Event-ID", "")
        return int(given) if given.isdigit() and len(given) < 12 else 0

    def on_connection_close(self) -> None:
        if hasattr(self, "queue"):
            self._put(None)

    def on_finish(self) -> None:
        super().on_finish()
        if hasattr(self, "_counted"):
            self._open[self._counted] -= 1

    def _put(self, news: News | None) -> None:
        try:
            self.queue.put_nowait(news)
        except asyncio.QueueFull:
            self.queue.get_nowait()  # the reader is slow: what is newest counts
            self.queue.put_nowait(news)


class BigBody(ApiHandler):
    """Takes a body larger than the server's limit, after the policy let its sender pass.

    Subclasses are decorated with `tornado.web.stream_request_body` and set `most_bytes`.
    """

    most_bytes: ClassVar[int] = 12 << 20
    _busy: ClassVar[set[str]] = set()
    _received: bytearray
    _sender: str | None = None

    async def prepare(self) -> None:  # type: ignore[override]
        self._received = bytearray()
        await super().prepare()
        if self.account.id in self._busy:
            raise TooMany("You are sending another list of files at this moment.", code="busy",
                          hint="Try again when it has arrived.", retry_after=2)
        self._sender = self.account.id
        self._busy.add(self._sender)
        self.request.connection.set_max_body_size(self.most_bytes)  # type: ignore[union-attr]
        self.request.connection.set_body_timeout(UPLOAD_SECONDS)  # type: ignore[union-attr]

    async def data_received(self, chunk: bytes) -> None:
        self._received += chunk

    def big_body(self) -> bytes:
        return bytes(self._received)

    def on_finish(self) -> None:
        super().on_finish()
        self._let_go()

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self._let_go()

    def _let_go(self) -> None:
        if self._sender is not None:
            self._busy.discard(self._sender)
            self._sender = None

