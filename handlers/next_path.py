"""Where to go after logging in: a path on the same host, or its root (T10)."""

from __future__ import annotations

import re

_SAFE = re.compile(r"/(?:[A-Za-z0-9_?][^\\\x00-\x20\x7f]*)?")
_LONGEST = 2000


def safe_next(path: str | None) -> str:
    """`path` when it cannot lead to another host, else `/`."""
    if path and len(path) <= _LONGEST and path.isascii() and _SAFE.fullmatch(path):
        return path
    return "/"
