"""One account's contents, each stored once under its SHA-256, read-only.

A name in `blobs/` means complete, checked, durable bytes: a crash can only leave unnamed ones.
Nothing here looks into another account's store, so having a hash gives nobody a file (T25).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

from dialup_ext.durable import locked
from dialup_ext.errors import BadInput, Conflict
from dialup_ext.releases.incoming import Incoming

CHUNK = 1 << 20
LEASE = 24 * 3600.0
"""Seconds a content nobody refers to stays: an upload may be about to need it."""

STALE = 3600.0
"""Seconds after which a half upload's folder counts as left behind."""


class BlobStore:
    """The contents of one account. Safe to use from several threads and processes."""

    def __init__(self, root: Path) -> None:
        """`root` is `store/<account_id>`; it is created at the first write."""
        self.root = root

    def missing(self, digests: Mapping[str, int]) -> list[str]:
        """Those of `digests` (with their sizes) that this account has to send, in order."""
        return [digest for digest, size in digests.items() if self._size(digest) != size]

    def put(self, digest: str, size: int, stream: BinaryIO) -> None:
        """Store what `stream` holds; durable on return, and nothing happens if it is there.

        Raises `BadInput` (`wrong_digest`) when it is not exactly `size` bytes with that hash,
        `NoSpace` when the disk is full; then nothing is kept.
        """
        if not self.missing({digest: size}):
            return
        incoming = self.receive()
        try:
            incoming.begin(digest, size)
            while data := stream.read(CHUNK):
                incoming.write(data)
            incoming.end()
            incoming.commit()
        finally:
            incoming.discard()

    def receive(self) -> Incoming:
        """A batch that places many contents with one sync."""
        return Incoming(self.root, self.path)

    def open(self, digest: str) -> BinaryIO:
        """Read a content. Raises `Conflict` (`release_damaged`) when it is not there."""
        try:
            return self.path(digest).open("rb")
        except FileNotFoundError:
            raise damaged() from None

    def verify(self, digest: str) -> bool:
        """True when the content is there and still has its hash. Reads all of it."""
        try:
            with self.path(digest).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == digest
        except FileNotFoundError:
            return False

    def lease(self, digests: Iterable[str]) -> None:
        """Keep these from being swept for the next `LEASE` seconds; absent ones are no error.

        The time of last access carries the lease: the time of change is a file's ETag.
        """
        if not self.root.is_dir():
            return
        with locked(self.root):
            for digest in digests:
                try:
                    changed = self.path(digest).stat().st_mtime_ns
                except FileNotFoundError:
                    continue
                os.utime(self.path(digest), ns=(time.time_ns(), changed))

    def sweep(self, keep: Collection[str], now: float | None = None) -> tuple[int, int]:
        """Delete contents that are not in `keep` and have no lease; return how many, and bytes."""
        before = (time.time() if now is None else now) - LEASE
        count = freed = 0
        for path in sorted((self.root / "blobs").glob("*/*")):
            if path.name in keep:
                continue
            with locked(self.root):  # one at a time: a lease may come between two
                found = path.stat()
                if found.st_atime < before:
                    path.unlink()
                    count, freed = count + 1, freed + found.st_size
        return count, freed

    def sweep_incoming(self, now: float | None = None) -> None:
        """Delete what interrupted uploads left behind."""
        before = (time.time() if now is None else now) - STALE
        for folder in (self.root / "incoming").glob("*/"):
            if max(path.stat().st_mtime for path in (folder, *folder.glob("*"))) < before:
                shutil.rmtree(folder, ignore_errors=True)
        for pattern in ("incoming/*.*", "uploads/.*", "manifests/.*"):
            for path in self.root.glob(pattern):
                if path.stat().st_mtime < before:
                    path.unlink(missing_ok=True)

    def path(self, digest: str) -> Path:
        """Where that content lies or would lie."""
        return self.root / "blobs" / checked(digest)[:2] / digest

    def _size(self, digest: str) -> int | None:
        try:
            return self.path(digest).stat().st_size
        except FileNotFoundError:
            return None


def checked(digest: str) -> str:
    """`digest` if it is 64 lower-case hexadecimal digits, or `BadInput` (`bad_digest`)."""
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise BadInput("That is not a SHA-256.", code="bad_digest",
                       hint="Send 64 lower-case hexadecimal digits.")
    return digest


def damaged() -> Conflict:
    """What to say when a release's files are not all there any more."""
    return Conflict("The files of this release are no longer complete on the server.",
                    code="release_damaged", hint="Deploy the folder again; only what is missing is sent.")
