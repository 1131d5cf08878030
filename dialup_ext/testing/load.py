"""Constant load on one host, by visitors who never try twice and write everything down.

Each is a thread that asks, reads the whole answer, and asks again: on one connection kept open,
or on a new one every time. What a POST carries is different every time and has to come back as
its digest. What they were answered is judged by `verdict.judge`.
"""

from __future__ import annotations

import hashlib
import http.client
import re
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from dialup_ext.testing.installation import wait_until
from dialup_ext.testing.verdict import Visit

PAUSE = 0.01
"""Seconds a visitor rests between two requests: load from many, not a race of one for the processor."""

PATIENCE = 20.0
"""Seconds after which an answer is called missing."""

_RELEASE = re.compile(r"\brelease (\d+)\b")


@dataclass(frozen=True, slots=True)
class Way:
    """How to ask, and the answer that is declared: its status, and whether it names the release."""

    method: str
    keep: bool
    status: int = 200

    def __str__(self) -> str:
        return f"{self.method}, {'one connection' if self.keep else 'new connections'}"

    @property
    def telling(self) -> bool:
        return self.status == 200


def ways(post: int = 200) -> list[Way]:
    """GET and POST, kept and new connections; `post` is the status a POST is declared to get."""
    return [Way(method, keep, status) for method, status in (("GET", 200), ("POST", post))
            for keep in (True, False)]


class Load:
    """Visitors of `host` on the local `port`, one for each of `how`, while the `with` block lasts.

    `stands` tells where the host leads, and is asked just before each request. A visitor whose
    request fails goes on with the next, on a new connection.
    """

    def __init__(self, host: str, port: int, how: Sequence[Way], stands: Callable[[], str] = str) -> None:
        self._visitors = [_Visitor(host, port, way, stands) for way in how]

    def __enter__(self) -> Self:
        for visitor in self._visitors:
            visitor.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        for visitor in self._visitors:
            visitor.ending.set()
        for visitor in self._visitors:
            visitor.join(PATIENCE + 5)

    @property
    def visits(self) -> list[Visit]:
        return [visit for visitor in self._visitors for visit in visitor.visits]

    @property
    def visitors(self) -> list[str]:
        return [visitor.name for visitor in self._visitors]

    def asked_by_all(self, seconds: float = PATIENCE) -> None:
        """Return once every visitor has ended a request begun after this call."""
        now = time.monotonic()
        wait_until(lambda: all(visitor.visits and visitor.visits[-1].begin > now for visitor in self._visitors),
                   seconds, lambda: f"not everybody could ask: {self.visits[-3:]}")


class _Visitor(threading.Thread):
    def __init__(self, host: str, port: int, way: Way, stands: Callable[[], str]) -> None:
        super().__init__(name=str(way), daemon=True)
        self.visits: list[Visit] = []
        self.ending = threading.Event()
        self._host, self._way, self._stands = host, way, stands
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def run(self) -> None:
        while not self.ending.wait(PAUSE):
            self.visits.append(self._visit())
            if self.visits[-1].error or not self._way.keep:
                self._line.close()
        self._line.close()

    def _visit(self) -> Visit:
        stood = ""
        with suppress(OSError):  # the host leads nowhere: the answer will say what that means
            stood = self._stands()
        body = self._body()
        begin = time.monotonic()
        try:
            self._line.request(self._way.method, "/", body, {"Host": self._host})
            answer = self._line.getresponse()
            text, status = answer.read().decode("utf-8", "replace"), answer.status
        except (OSError, http.client.HTTPException) as error:
            return Visit(self.name, begin, time.monotonic(), 0, None, repr(error), stood)
        end = time.monotonic()
        release, error_words = self._read(status, text, body)
        return Visit(self.name, begin, end, status, release, error_words, stood)

    def _body(self) -> bytes | None:
        if self._way.method != "POST":
            return None
        return f"visit {len(self.visits)} of {self.name} ".encode() * 50

    def _read(self, status: int, text: str, body: bytes | None) -> tuple[int | None, str]:
        """The release that answered, and what is wrong with the answer."""
        if status != self._way.status:
            return None, f"answered {status}, not {self._way.status}: {text[:80]}"
        if not self._way.telling:
            return None, ""
        found = _RELEASE.search(text)
        if found is None:
            return None, f"no release in the answer: {text[:80]}"
        if body is not None and hashlib.sha256(body).hexdigest() not in text:
            return None, f"another body came back than was sent: {text[:80]}"
        return int(found[1]), ""


ECHO = """import http from 'node:http'
import { createHash } from 'node:crypto'

http.createServer((request, response) => {
  const hash = createHash('sha256')
  request.on('data', part => hash.update(part))
  request.on('end', () => response.end(`release RELEASE ${hash.digest('hex')}`))
}).listen(process.env.PORT)
"""
"""A Node program that answers with its release and the digest of what it was sent."""
