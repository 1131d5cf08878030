"""Numbers and names as people read them. Pure."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def plain(text: str) -> str:
    """`text` without terminal commands: a site's log must not repaint its reader's screen."""
    return _CONTROL.sub("", text)


def plural(count: int, noun: str) -> str:
    """“1 file”, “3,000 files”."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def megabytes(count: float) -> str:
    """Bytes in the unit that reads best, counted in 1024s."""
    if count < 1024:
        return f"{int(count)} B"
    for unit in ("KB", "MB", "GB"):
        count /= 1024
        if count < 1024 or unit == "GB":
            return f"{count:.0f} {unit}" if count >= 10 else f"{count:.1f} {unit}"
    raise AssertionError("unreachable")
