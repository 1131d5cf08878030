"""Numbers in words for people: sizes, shares, ages. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def size(mib: float | None) -> str:
    """`mib` MiB as `38 MB`, `1.2 GB` or `3 TB`; a dash for what is not running."""
    if mib is None:
        return "–"
    if mib < 0.1:
        return "0 MB"
    for unit in ("MB", "GB"):
        if mib < 999.5:
            return f"{_short(mib)} {unit}"
        mib /= 1024
    return f"{_short(mib)} TB"


def share(used: float, limit: float) -> float:
    """`used` of `limit` as 0 to 1. Nothing of nothing is nothing; anything of nothing is all."""
    if limit <= 0:
        return 1.0 if used > 0 else 0.0
    return max(0.0, min(1.0, used / limit))


def level(part: float) -> str:
    """`fine`, `near` (from 80 %) or `full` (from 95 %)."""
    return "full" if part >= 0.95 else "near" if part >= 0.8 else "fine"


def count(number: float, one: str, many: str | None = None) -> str:
    """`1 site`, `3 sites`."""
    shown = f"{number:,.0f}"
    return f"{shown} {one if shown == '1' else many or one + 's'}"


def age(moment: str | None, now: datetime) -> str:
    """An ISO time as `just now`, `5 min ago`, `3 h ago`, `2 days ago`, `on 4 May`; `never` without."""
    then = parse(moment)
    if then is None:
        return "never"
    seconds = (now - then).total_seconds()
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min ago"
    if seconds < 86400:
        return f"{seconds // 3600:.0f} h ago"
    if seconds < 14 * 86400:
        return f"{count(seconds // 86400, 'day')} ago"
    return f"on {then.day} {then:%B}" + ("" if then.year == now.year else f" {then.year}")


def parse(moment: str | None) -> datetime | None:
    """The API's times; None for none."""
    if not moment:
        return None
    then = datetime.fromisoformat(moment)
    return then if then.tzinfo else then.replace(tzinfo=UTC)


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0") if number < 10 else f"{number:.0f}"
