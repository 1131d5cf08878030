"""Numbers and times as people say them. Filters of the portal's templates; states are in `domain.wording`."""

from __future__ import annotations

from datetime import UTC, datetime


def ago(moment: datetime | None) -> str:
    """`2 min ago`; a date when it is longer ago than a month; `never` for None."""
    if moment is None:
        return "never"
    seconds = (datetime.now(UTC) - moment).total_seconds()
    if seconds < 10:
        return "just now"
    if seconds > 30 * 86400:
        return f"on {moment.day} {moment:%b %Y}"
    return f"{span(seconds)} ago"


def until(moment: datetime | None) -> str:
    """`in 3 days`; `expired` when it has passed; `never` for None."""
    if moment is None:
        return "never"
    seconds = (moment - datetime.now(UTC)).total_seconds()
    # a key made a moment ago ends in 90 days, not in 89
    return "expired" if seconds <= 0 else f"in {span(seconds + 60)}"


def span(seconds: float) -> str:
    """`45 s`, `2 min`, `3 h`, `1 day`, `4 days`, rounded down to one unit."""
    if seconds < 60:
        return f"{max(1, int(seconds))} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min"
    if seconds < 86400:
        return f"{int(seconds // 3600)} h"
    days = int(seconds // 86400)
    return "1 day" if days == 1 else f"{days} days"


def took(seconds: float) -> str:
    """How long something took: `0.8 s`, `12 s`, `3 min 20 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def stamp(moment: datetime) -> str:
    """The exact time for a tool tip: `22 Nov 2026, 16:40 UTC`."""
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def number(value: float) -> str:
    """`512`, `1,024`, `3.7`, `0.25`: no more digits than help."""
    if 0.01 <= value < 1:
        return f"{value:.2g}"
    return f"{value:,.1f}" if 0 < value < 10 and value != int(value) else f"{value:,.0f}"


def size(count: float) -> str:
    """Bytes as `4 KB`, `1.2 MB`, `3 GB`."""
    units = ["B", "KB", "MB", "GB"]
    while count >= 1000 and len(units) > 1:
        count /= 1000
        units.pop(0)
    return f"{count:.0f} {units[0]}" if count >= 10 or units[0] == "B" else f"{count:.1f} {units[0]}"


def browser(agent: str) -> str:
    """`Firefox on Linux` from a User-Agent, as well as can be guessed."""
    names = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
             ("Safari/", "Safari"), ("curl/", "curl"))
    systems = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
               ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"))
    name = next((word for mark, word in names if mark in agent), "A browser")
    system = next((word for mark, word in systems if mark in agent), "")
    return f"{name} on {system}" if system else name
