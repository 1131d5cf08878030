"""Pieces of a dashboard as HTML: figures, meters, tables, and the one style they share. Pure.

Everything that comes from people or the server goes through `text`.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from dialup_ext.dashboards import figures
from dialup_ext.domain.wording import Said


def style() -> str:
    """The style sheet, to be shown once per page."""
    sheet = Path(__file__).with_name("style.css").read_text("utf-8")
    return f"<style>{sheet}</style>"


def text(value: object) -> str:
    return html.escape(str(value))


def link(address: str, words: object) -> str:
    """A link that opens beside the dashboard; only to web addresses."""
    if not address.startswith(("http://", "https://")):
        return text(words)
    return f'<a href="{html.escape(address)}" target="_blank" rel="noopener">{text(words)}</a>'


def header(title: str, tone: str, verdict: str, more: str = "") -> str:
    """The title, one sentence about how things are, and a link out."""
    return (f'<header class="db-header"><div><h1>{text(title)}</h1>'
            f'<p class="db-verdict">{dot(tone)}{text(verdict)}</p></div><p class="db-more">{more}</p></header>')


def card(label: str, value: str, note: str, meter_html: str = "", trail: str = "") -> str:
    """One figure: what, how much, of how much. `note` and the rest are HTML."""
    return (f'<section class="db-card"><h2>{text(label)}</h2>{trail}<p class="db-value">{text(value)}</p>'
            f'{meter_html}<p class="db-note">{note}</p></section>')


def cards(found: Iterable[str]) -> str:
    return f'<div class="db-cards">{"".join(found)}</div>'


def meter(used: float, limit: float, words: str, *, calm: bool = False) -> str:
    """A bar with a name for screen readers. `calm` never warns."""
    part = figures.share(used, limit)
    level = "fine" if calm else figures.level(part)
    return (f'<div class="db-meter db-{level}" role="img" aria-label="{html.escape(words)}">'
            f'<i style="width: {part * 100:.1f}%"></i></div>')


def dot(tone: str) -> str:
    return f'<i class="db-dot db-{tone}" aria-hidden="true"></i>'


def state(said: Said) -> str:
    return f'<span class="db-state">{dot(said.tone)}{text(said.word)}</span>'


def panel(title: str, body: str, aside: str = "") -> str:
    return (f'<section class="db-panel"><div class="db-title"><h2>{text(title)}</h2>'
            f"<span>{aside}</span></div>{body}</section>")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> str:
    """Cells are HTML. On a narrow page each row becomes a small list with the columns' names."""
    if not rows:
        return f'<p class="db-empty">{text(empty)}</p>'
    head = "".join(f'<th scope="col">{text(name)}</th>' for name in columns)
    body = "".join("<tr>" + "".join(
        f'<td data-name="{html.escape(name)}">{cell}</td>' for name, cell in zip(columns, row, strict=True))
        + "</tr>" for row in rows)
    return f'<table class="db-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def amount(used: float | None, limit: float, shown: str) -> str:
    """A number above a thin bar, for tables. `limit` is what a full bar means."""
    bar = meter(used or 0.0, limit, shown, calm=True) if used is not None else ""
    return f'<span class="db-amount">{text(shown)}{bar}</span>'


def bands(parts: Sequence[tuple[Said, int]]) -> str:
    """How many of each state, as one divided bar and a legend."""
    total = sum(number for _, number in parts)
    if not total:
        return ""
    bar = "".join(f'<i class="db-{said.tone}" style="flex: {number}"></i>' for said, number in parts)
    legend = "".join(f'<li>{state(said)} <b>{number}</b></li>' for said, number in parts)
    return f'<div class="db-bands" aria-hidden="true">{bar}</div><ul class="db-legend">{legend}</ul>'


def trail(values: Sequence[float], limit: float, words: str) -> str:
    """A small line of the last values, from 0 to `limit`; nothing until there are three."""
    if len(values) < 3 or limit <= 0:
        return ""
    step = 100 / (len(values) - 1)
    points = [(number * step, 28 - 26 * figures.share(value, limit)) for number, value in enumerate(values)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return (f'<svg class="db-trail" viewBox="0 0 100 30" preserveAspectRatio="none" role="img" '
            f'aria-label="{html.escape(words)}"><polygon points="0,30 {line} 100,30"/>'
            f'<polyline points="{line}"/></svg>')


def clock(moment: datetime) -> str:
    """A time of day; the page turns it into the reader's own time zone."""
    return f'<time datetime="{moment.isoformat()}" data-local>{moment:%H:%M:%S} UTC</time>'
