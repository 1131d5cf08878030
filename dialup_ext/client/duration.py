"""Lengths of time as people write and read them: `15m`, “15 minutes”. Pure."""

from __future__ import annotations

import re
from datetime import timedelta

from dialup_ext.client.words import plural
from dialup_ext.errors import BadInput

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_WORDS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def seconds_of(value: str | float | timedelta | None) -> int | None:
    """`15m`, `1h`, `2d`, `90s`, 900 or a timedelta in seconds; None for None and `never`. Raises `BadInput`."""
    if value is None or value == "never":
        return None
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    found = re.fullmatch(r"(\d{1,9})\s*([smhd]?)", str(value).strip().lower())
    if found is None:
        raise BadInput(f"“{str(value)[:40]}” is not a length of time.", code="bad_duration",
                       hint="Write 15m, 1h, 2d, a number of seconds, or never.")
    return int(found[1]) * _UNITS[found[2] or "s"]


def duration_said(seconds: int | None) -> str:
    """“15 minutes”, “1 hour”; “never” for None. In the largest unit that is whole."""
    if seconds is None:
        return "never"
    word, size = next((word, size) for word, size in _WORDS if seconds % size == 0)
    return plural(seconds // size, word)
