"""Chooses the loopback address an instance will listen on.

Walks round the range, so a port just given back is the last to be used again: a visitor of the
old release cannot reach a stranger through a late connection.
"""

from __future__ import annotations

import socket
import zlib
from collections.abc import Collection
from pathlib import Path

from dialup_ext.durable import write_file
from dialup_ext.errors import Unavailable

HOST = "127.0.0.1"


class Addresses:
    """The ports `first` to `last` of loopback, with the place we are at kept in `cursor`."""

    def __init__(self, cursor: Path, first: int, last: int) -> None:
        self._cursor, self._first, self._last = cursor, first, last

    def choose(self, taken: Collection[str]) -> str:
        """A free `<ip>:<port>` that is not in `taken`; the next call goes on after it, also after a
        restart. Raises `Unavailable` (`no_free_port`) when the whole range is in use.
        """
        count = self._last - self._first + 1
        place = self._place(count)
        for step in range(count):
            port = self._first + (place + step) % count
            address = f"{HOST}:{port}"
            if address not in taken and _is_free(port):
                write_file(self._cursor, b"%d\n" % ((place + step + 1) % count))
                return address
        raise Unavailable(f"All ports from {self._first} to {self._last} are in use.",
                          hint="Stop what you do not need, or widen port_range_start and port_range_end.",
                          code="no_free_port")

    def _place(self, count: int) -> int:
        try:
            return int(self._cursor.read_text()) % count
        except (FileNotFoundError, ValueError):
            # Two servers on one machine begin apart, so they seldom try the same port at once.
            return zlib.crc32(str(self._cursor).encode()) % count


def _is_free(port: int) -> bool:
    """True when we could listen there now, on all addresses: nobody does on any of them."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Connections lingering in TIME_WAIT are no obstacle to a program, so none to us.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True
