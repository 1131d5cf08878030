"""Remembers the SHA-256 of files already read, so that a second deploy reads only what changed.

A remembered digest counts only while size, both time stamps and inode are the same, and only for
files that had been at rest for two seconds: a file saved twice within one tick of the clock
is read again. Losing this cache costs time, nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

AT_REST_NS = 2_000_000_000
CHUNK = 1 << 20
_VERSION = 1

Stamp = tuple[int, int, int, int]
"""Size, mtime and ctime in nanoseconds, inode."""


class HashCache:
    """The digests of one folder's files. `save` keeps those asked for since it was opened."""

    def __init__(self, root: Path, folder: Path | None = None) -> None:
        name = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
        self.path = (folder or cache_folder()) / f"hashes-{name}.json"
        self._known = self._load()
        self._used: dict[str, tuple[Stamp, str]] = {}

    def get(self, path: str, stamp: Stamp) -> str | None:
        """The digest of `path` if nothing about it changed, else None."""
        known = self._known.get(path)
        if known is None or known[0] != stamp:
            return None
        self._used[path] = known
        return known[1]

    def put(self, path: str, stamp: Stamp, digest: str) -> None:
        if max(stamp[1], stamp[2]) < time.time_ns() - AT_REST_NS:
            self._used[path] = (stamp, digest)

    def forget(self) -> None:
        """Read everything afresh the next time."""
        self.path.unlink(missing_ok=True)

    def save(self) -> None:
        """Write the digests of this walk; a disk that is full or read-only is no reason to fail."""
        rows = {path: [*stamp, digest] for path, (stamp, digest) in self._used.items()}
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=self.path.parent)
            with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
                json.dump({"version": _VERSION, "files": rows}, file)
            Path(name).replace(self.path)

    def _load(self) -> dict[str, tuple[Stamp, str]]:
        try:
            data = json.loads(self.path.read_text("utf-8", errors="surrogateescape"))
            if data["version"] != _VERSION:
                return {}
            return {path: ((row[0], row[1], row[2], row[3]), row[4]) for path, row in data["files"].items()}
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            return {}


def stamp_of(status: os.stat_result) -> Stamp:
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def digest_of(file: BinaryIO) -> str:
    """The SHA-256 of the rest of `file`, in hex, without holding it in memory."""
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def cache_folder() -> Path:
    """Where what can be lost is kept (`XDG_CACHE_HOME` is honoured)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dialup"
