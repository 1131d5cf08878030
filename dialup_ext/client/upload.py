"""Makes a folder a release: asks the server what it lacks, and sends that and nothing else.

Files go out straight from the disk in batches. Each is hashed again on its way, and its last
piece is held back until the digest is right: a file that changed meanwhile never arrives whole.
A connection that breaks costs at most the batch it broke in.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dialup_ext.client.events import OnEvent, Recognised, Sent
from dialup_ext.client.folder import changed
from dialup_ext.client.transport import Json, Transport
from dialup_ext.client.walk import Walked
from dialup_ext.domain.manifest import FileEntry
from dialup_ext.errors import Conflict, Unavailable

CONTENT_TYPE = "application/vnd.dialup.files"
BATCH_BYTES = 8 << 20
"""A batch holds at least one file and otherwise no more than this."""
BATCH_FILES = 500
CHUNK = 256 << 10
RESUMES = 5
"""How often in a row a broken connection is taken up again without any progress."""


def upload(transport: Transport, site: str, walked: Walked, on_event: OnEvent) -> Json:
    """Send what the server lacks of `walked` and return the release. The same folder twice sends
    nothing the second time and gives the same release.

    Raises what the server refuses, `Conflict` (`changed_while_reading`) when a file changed since
    the walk, `Unavailable` when the connection keeps breaking. Nothing is live afterwards.
    """
    begun = transport.post(f"/sites/{site}/uploads", {"files": [_wire(entry) for entry in walked.manifest]}, once=True)
    sizes = walked.manifest.digests()
    missing = [digest for digest in begun["missing"] if digest in sizes]
    total = sum(sizes[digest] for digest in missing)
    on_event(Recognised(str(begun.get("kind", "")), str(begun.get("why", "")), len(missing), total))
    sending = _Sending(transport, str(begun["id"]), walked, total, on_event)
    try:
        sending.all(missing)
    except Conflict as error:
        if error.code == "changed_while_reading":
            walked.cache.forget()
        raise
    return transport.post(f"/uploads/{sending.upload}/release", once=True)


@dataclass(slots=True)
class _Sending:
    """The part of an upload in which bytes flow."""

    transport: Transport
    upload: str
    walked: Walked
    total: int
    on_event: OnEvent

    def all(self, missing: list[str]) -> None:
        self.on_event(Sent(0, self.total))
        fruitless = 0
        while missing:
            before = len(missing)
            try:
                missing = self._batch(missing)
                stuck = len(missing) == before
            except Unavailable as error:
                if error.code not in ("connection_lost", "timeout", "server_down", "hub_down") or fruitless >= RESUMES:
                    raise
                time.sleep(min(0.2 * 2**fruitless, 5.0))
                missing = self._ask(missing)
                stuck = len(missing) == before
            fruitless = fruitless + 1 if stuck else 0
            if fruitless > RESUMES:
                raise Unavailable("The server does not keep what it is sent.", code="upload_stuck",
                                  hint="Nothing was deployed. Tell your admin.")
            self.on_event(Sent(self.total - self._size(missing), self.total))

    def _batch(self, missing: list[str]) -> list[str]:
        """Send the first few of `missing`; what the server still lacks after."""
        entries = self._entries()
        batch, length = list[FileEntry](), 0
        for digest in missing[:BATCH_FILES]:
            frame = len(_header(entries[digest])) + entries[digest].size
            if batch and length + frame > BATCH_BYTES:
                break
            batch.append(entries[digest])
            length += frame
        done = self.total - self._size(missing)
        answer = self._post(self._frames(batch, lambda sent: self.on_event(Sent(done + sent, self.total))), length)
        return self._still(answer, missing)

    def _ask(self, missing: list[str]) -> list[str]:
        """What the server lacks now, after a broken connection: an empty batch says so."""
        try:
            return self._still(self._post(iter(()), 0), missing)
        except Unavailable:
            return missing  # not back yet; the next batch will tell

    def _post(self, frames: Iterator[bytes], length: int) -> Json:
        return self.transport.send(f"/uploads/{self.upload}/files", frames, length, CONTENT_TYPE)

    def _still(self, answer: Json, missing: list[str]) -> list[str]:
        lacking = set(answer["missing"])
        return [digest for digest in missing if digest in lacking]

    def _frames(self, batch: list[FileEntry], on_sent: Callable[[int], None]) -> Iterator[bytes]:
        sent = 0
        for entry in batch:
            yield _header(entry)
            for chunk in _content(self.walked, entry):
                yield chunk
                sent += len(chunk)
                on_sent(sent)

    def _entries(self) -> dict[str, FileEntry]:
        return {entry.sha256: entry for entry in self.walked.manifest}

    def _size(self, digests: list[str]) -> int:
        sizes = self.walked.manifest.digests()
        return sum(sizes[digest] for digest in digests)


def _content(walked: Walked, entry: FileEntry) -> Iterator[bytes]:
    """The bytes of `entry`; raises `Conflict` before the last piece when they are not the same."""
    digest, held, size = hashlib.sha256(), b"", 0
    place = walked.places[entry.path]
    with walked.folder.open(place) as file:
        while chunk := file.read(CHUNK):
            size += len(chunk)
            if size > entry.size:
                raise changed(place)
            digest.update(chunk)
            if held:
                yield held
            held = chunk
    if size != entry.size or digest.hexdigest() != entry.sha256:
        raise changed(place)
    if held:
        yield held


def _header(entry: FileEntry) -> bytes:
    return f"{entry.sha256} {entry.size}\n".encode()


def _wire(entry: FileEntry) -> dict[str, object]:
    row: dict[str, object] = {"path": entry.path, "size": entry.size, "sha256": entry.sha256}
    return row | {"executable": True} if entry.executable else row
