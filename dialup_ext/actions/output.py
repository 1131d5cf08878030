"""The end of what an instance printed, found without reading the rest."""

from __future__ import annotations

import re
from collections.abc import Collection

from dialup_ext.actions.context import Context
from dialup_ext.domain.variables import mask
from dialup_ext.errors import NotFound

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


def shown(context: Context, key: str, lines: Collection[bytes]) -> list[str]:
    """Lines of the instance `key` as people see them: text, not endless, its secrets hidden, the site's
    files by the names its owner knows.
    """
    hidden = _secrets(context, key) if lines else []
    texts = (mask(line.decode("utf-8", "replace"), hidden) for line in lines)
    return [_own_paths(context, text[:LONGEST_LINE]).rstrip("\r") for text in texts]


def _secrets(context: Context, key: str) -> list[str]:
    """Those it was given; where that is not known any more (the machine was started anew), its site's."""
    given = context.variable_files.given(key)
    if given is not None:
        return given.secrets
    instance = context.driver.inspect(key)
    if instance is None or instance.site is None:
        return []
    try:
        site = context.sites.load(instance.site, None)
    except NotFound:
        return []
    return [one.value for one in context.variables.list(site.id) if one.secret]


def _own_paths(context: Context, text: str) -> str:
    """A program's own files as its owner knows them: `server.js`, not where releases are kept."""
    return re.sub(rf"(file://)?{re.escape(str(context.settings.home))}/sites/[^/\s]+/[^/\s]+/[^/\s]+/app/", "",
                  text)
