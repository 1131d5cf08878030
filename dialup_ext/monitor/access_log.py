"""Who was visited lately, from Caddy's access log: read on from where it was read last.

Caddy writes a line when a request ends and starts a new file at 10 MiB; the old one is read to its end
then. Nothing is kept but the place reached, so after a restart of the hub everybody counts as visited then.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import BinaryIO

_HOST = re.compile(rb'"host":"([a-z0-9.-]+?)\.?(?::\d+)?"', re.IGNORECASE)
"""Of a JSON line as Caddy writes it. Text a visitor sends has its quotes escaped, so it cannot look like this."""

MOST = 64 << 20
"""Bytes read at one time. What more there is (six million requests a minute) is stepped over, its hosts with it:
they are in what follows, too."""

CHUNK = 1 << 20


class AccessLog:
    """The log at `path`, whether it is there yet or not. One reader at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._rest = b""
        self._is_followed = False

    def hosts(self) -> set[str]:
        """Hosts of all requests that ended since the last call; since the first one, nothing of before."""
        if not self._is_followed:
            self._open(at_end=True)
            self._is_followed = True
            return set()
        found = self._read()
        if self._is_replaced():
            self._open(at_end=False)
            found |= self._read()
        return found

    def rest(self) -> None:
        """Nobody asks for the time being: forget the place."""
        if self._file is not None:
            self._file.close()
        self._file, self._rest, self._is_followed = None, b"", False

    def _open(self, *, at_end: bool) -> None:
        if self._file is not None:
            self._file.close()
        self._file, self._rest = None, b""
        try:
            self._file = self._path.open("rb")
        except OSError:
            return
        if at_end:
            self._file.seek(0, os.SEEK_END)

    def _read(self) -> set[str]:
        found: set[str] = set()
        if self._file is None:
            return found
        behind = os.fstat(self._file.fileno()).st_size - self._file.tell()
        if behind > MOST:
            self._file.seek(behind - MOST, os.SEEK_CUR)
            self._rest = b""
        while data := self._file.read(CHUNK):
            whole, _, self._rest = (self._rest + data).rpartition(b"\n")
            self._rest = self._rest[-CHUNK:]
            found.update(host.decode().lower() for host in _HOST.findall(whole))
        return found

    def _is_replaced(self) -> bool:
        try:
            now = self._path.stat()
        except OSError:
            return False
        if self._file is None:
            return True
        mine = os.fstat(self._file.fileno())
        return (now.st_dev, now.st_ino) != (mine.st_dev, mine.st_ino)
