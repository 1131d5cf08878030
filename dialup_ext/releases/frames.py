"""The body of an upload: `<sha256> <size>\\n` and then so many bytes, again and again.

Fed chunk by chunk in any cut; holds at most one header in memory. It trusts nothing: only
contents the upload asked for are taken, each once, each with the announced size, so a body can
never bring more than the upload's own list.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Protocol

from dialup_ext.errors import BadInput, DialupError

MAX_HEADER = 64 + 1 + 12 + 1
_HEADER = re.compile(rb"([0-9a-f]{64}) (0|[1-9][0-9]{0,11})")


class Sink(Protocol):
    """Where the bytes go: an `Incoming`."""

    def begin(self, digest: str, size: int) -> None: ...

    def write(self, data: bytes | memoryview) -> None: ...

    def end(self) -> None: ...


class FrameReader:
    """Cuts a stream into contents and hands them to `sink`. Once it has raised, it stays raised."""

    def __init__(self, expected: Mapping[str, int], sink: Sink, have: Container[str] = ()) -> None:
        """`expected`: digest and size of all the upload may hold; `have`: those to read past."""
        self.received = 0
        self._expected = expected
        self._have = have
        self._sink = sink
        self._seen: set[str] = set()
        self._header = b""
        self._left: int | None = None
        self._skipping = False
        self._error: DialupError | None = None

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes. Raises `BadInput` (`bad_frame`, `unexpected_file`, `wrong_digest`)."""
        if self._error is not None:
            raise self._error
        try:
            self._feed(memoryview(chunk))
        except DialupError as error:
            self._error = error
            raise

    def close(self) -> None:
        """Say that no more bytes come. Raises `BadInput` (`truncated_upload`) inside a content."""
        if self._error is not None:
            raise self._error
        if self._left is not None or self._header:
            raise BadInput("The upload broke off in the middle of a file.", code="truncated_upload",
                           hint="Deploy again; what has arrived is not sent twice.")

    def _feed(self, rest: memoryview) -> None:
        while len(rest):
            rest = self._read_header(rest) if self._left is None else self._read_content(rest, self._left)

    def _read_header(self, rest: memoryview) -> memoryview:
        wanted = bytes(rest[: MAX_HEADER - len(self._header)])
        end = wanted.find(b"\n")
        if end < 0:
            self._header += wanted
            if len(self._header) >= MAX_HEADER:
                raise _malformed()
            return rest[len(wanted) :]
        self._begin(self._header + wanted[:end])
        self._header = b""
        return rest[end + 1 :]

    def _begin(self, header: bytes) -> None:
        match = _HEADER.fullmatch(header)
        if match is None:
            raise _malformed()
        digest, size = match[1].decode(), int(match[2])
        if digest not in self._expected or digest in self._seen:
            raise BadInput(f"A file arrived that this upload did not ask for ({digest[:12]}…).",
                           code="unexpected_file", hint="Send each missing file once. Deploy again.")
        if size != self._expected[digest]:
            raise BadInput(f"A file has {size:,} bytes and was announced with {self._expected[digest]:,}.",
                           code="wrong_digest", hint="It may have changed meanwhile. Deploy again.")
        self._seen.add(digest)
        self._skipping = digest in self._have
        self._left = size
        if not self._skipping:
            self._sink.begin(digest, size)
        self._end_if_complete()

    def _read_content(self, rest: memoryview, left: int) -> memoryview:
        part = rest[:left]
        if not self._skipping:
            self._sink.write(part)
        self._left = left - len(part)
        self._end_if_complete()
        return rest[len(part) :]

    def _end_if_complete(self) -> None:
        if self._left == 0:
            if not self._skipping:
                self._sink.end()
            self._left = None
            self.received += 1


def _malformed() -> BadInput:
    return BadInput("The upload is not in the form this server reads.", code="bad_frame",
                    hint="Update the deploy command: `pip install -U dialup-ext`.")
