"""The end of what an instance printed, found without reading the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dialup_ext.actions.context import Context

SHORT, LONG = 64 << 10, 1 << 20
"""Bytes looked at: for the last few lines, and for as many as somebody asks for (R44)."""

LONGEST_LINE = 8192
"""Bytes of a line that are shown (T43)."""


def read_end(context: Context, key: str, most: int) -> tuple[bytes, int]:
    """The last lines, `most` bytes of them at most, and the offset to go on from: nothing is in both.

    Begins with a whole line, unless there is only one and it is longer. Raises `NotFound`.
    """
    end = context.driver.log_end(key)
    # one byte more: when it ends a line, what follows is a whole one
    offset = max(0, end - most - 1)
    data, whole = b"", offset == 0
    while offset < end and (chunk := context.driver.log(key, offset, end - offset)).data:
        if not data:
            whole = chunk.offset == 0  # the oldest part may be gone
        data, offset = data + chunk.data, chunk.next_offset
    if not whole and b"\n" in data:
        data = data.partition(b"\n")[2]
    return data, offset


def shown(context: Context, lines: Iterable[bytes]) -> list[str]:
    """Lines as people see them: text, not endless, the site's files by the names its owner knows."""
    return [_own_paths(context, line[:LONGEST_LINE].decode("utf-8", "replace")).rstrip("\r") for line in lines]


def _own_paths(context: Context, text: str) -> str:
    """A program's own files as its owner knows them: `server.js`, not where releases are kept."""
    return re.sub(rf"(file://)?{re.escape(str(context.settings.home))}/sites/[^/\s]+/[^/\s]+/[^/\s]+/app/", "",
                  text)
