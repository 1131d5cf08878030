"""Contents on their way into a store: written aside, hashed while written, placed together.

What `commit` has placed is complete, has the promised SHA-256, and survives a power cut. What
was not committed leaves nothing but a folder in `incoming/`, which a sweep removes.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from dialup_ext.crashpoint import crashpoint
from dialup_ext.durable import no_space, sync_all
from dialup_ext.errors import BadInput, NoSpace


class Incoming:
    """One batch, for one thread. `begin`, `write` …, `end` for each content, then `commit`."""

    def __init__(self, root: Path, place: Callable[[str], Path]) -> None:
        self._folder = root / "incoming" / secrets.token_hex(16)
        self._place = place
        self._ready: dict[str, Path] = {}
        self._file: BinaryIO | None = None
        self._digest = ""
        self._left = 0
        self._hash = hashlib.sha256()

    def begin(self, digest: str, size: int) -> None:
        """Expect `size` bytes whose SHA-256 is `digest`."""
        with no_space():
            if not self._ready:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self._folder / digest, flags, 0o400)
            os.fchmod(descriptor, 0o444)  # whatever the umask: Caddy reads it through a hard link
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._digest, self._left, self._hash = digest, size, hashlib.sha256()

    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes. Raises `BadInput` (`wrong_digest`) past the promised size, `NoSpace`."""
        file = self._current()
        if len(data) > self._left:
            self._drop()
            raise _wrong(self._digest, "it is longer than its list said")
        rest = memoryview(data)
        self._hash.update(rest)
        self._left -= len(rest)
        try:
            with no_space():
                while rest:
                    rest = rest[file.write(rest) :]
                    crashpoint("C0")
        except NoSpace:
            self.discard()  # a full disk should not stay full because of us
            raise

    def end(self) -> None:
        """Check length and hash; on `BadInput` (`wrong_digest`) nothing of this content is kept."""
        file = self._current()
        if self._left:
            self._drop()
            raise _wrong(self._digest, f"{self._left} bytes of it are missing")
        if self._hash.hexdigest() != self._digest:
            self._drop()
            raise _wrong(self._digest, "other bytes arrived than were announced")
        os.utime(file.fileno(), ns=(time.time_ns(), stamp(self._digest)))
        file.close()
        self._file = None
        self._ready[self._digest] = self._folder / self._digest

    def commit(self) -> list[str]:
        """Place every finished content durably; return their digests. A half one is dropped."""
        self._drop()
        done = list(self._ready)
        try:
            if done:
                self._place_all()
                crashpoint("C1")
        finally:
            self.discard()
        return done

    def discard(self) -> None:
        """Forget everything that was not committed. Idempotent."""
        self._drop()
        self._ready.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _place_all(self) -> None:
        # bytes first, names second, folders last: a name in blobs/ always means complete bytes
        sync_all(self._ready.values(), self._folder)
        folders: set[Path] = set()
        with no_space():
            for digest, path in self._ready.items():
                target = self._place(digest)
                if target.parent not in folders and not target.parent.is_dir():
                    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    folders.update(target.parents[1:3])  # `blobs` may be new as well
                path.rename(target)
                folders.add(target.parent)
        sync_all(folders, self._folder)

    def _current(self) -> BinaryIO:
        if self._file is None:
            raise RuntimeError("write and end come after begin")
        return self._file

    def _drop(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            (self._folder / self._digest).unlink(missing_ok=True)


def stamp(digest: str) -> int:
    """A time of change for that content: now, its nanoseconds taken from the digest.

    Caddy makes an ETag of time and size. Contents that arrive together share the kernel's coarse
    time; with this, two of equal size still never pass for each other in a visitor's cache.
    """
    return int(time.time()) * 10**9 + int(digest[:16], 16) % 10**9


def _wrong(digest: str, why: str) -> BadInput:
    return BadInput(f"A file did not arrive as it was announced ({digest[:12]}…): {why}.",
                    code="wrong_digest", hint="It may have changed meanwhile. Deploy again.")
