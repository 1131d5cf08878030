"""Sites as text and as HTML. Pure; whatever comes from people is escaped, links lead to the web only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape

from dialup_ext.client.transport import Json
from dialup_ext.domain.wording import Said, kind_said, site_said

GREY = "#6e7781"
DOTS = {"good": "#1a7f37", "busy": "#9a6700", "bad": "#cf222e", "quiet": GREY}
NO_SITES = "You have no sites yet. Make one: d.sites.create(\"blog\", template=\"static\")"


def sites_html(sites: Sequence[Json]) -> str:
    """A table with a row for each site."""
    if not sites:
        return f"<p>{escape(NO_SITES)}</p>"
    heads = "".join(f'<th scope="col" style="text-align:left">{head}</th>'
                    for head in ("Site", "State", "Type", "Address", "Live", "Deployed"))
    rows = "".join(f"<tr>{_row(site)}</tr>" for site in sites)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def site_html(site: Json) -> str:
    """A site in one paragraph."""
    name, state, kind, address, live, deployed = _cells(site)
    error = f"<br>{escape(str(site['error_message']))}" if site.get("error_message") else ""
    return f"<p><strong>{name}</strong> · {state} · {kind} · {address} · {live} {deployed}{error}</p>"


def sites_text(sites: Sequence[Json]) -> str:
    """The same as plain columns."""
    if not sites:
        return NO_SITES
    rows = [("site", "state", "type", "address", "live", "deployed"), *(_texts(site) for site in sites)]
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
                     for row in rows)


def site_text(site: Json) -> str:
    return "Site(" + ", ".join(text for text in _texts(site) if text) + ")"


def live_text(site: Json) -> str:
    live = site.get("live_release")
    return f"release {live['number']}" if live else "nothing yet"


def ago(moment: str | None, now: datetime | None = None) -> str:
    """“2 min ago” for an ISO time; “” for none or what is not a time."""
    try:
        then = datetime.fromisoformat(moment or "")
    except ValueError:
        return ""
    seconds = ((now or datetime.now(UTC)) - (then if then.tzinfo else then.replace(tzinfo=UTC))).total_seconds()
    for size, word in ((86400, "day"), (3600, "h"), (60, "min")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {word}{'s' if word == 'day' and count > 1 else ''} ago"
    return "just now"


def link(address: str, text: str | None = None) -> str:
    """An HTML link, or plain text when `address` is no web address."""
    shown = escape(text or address.removeprefix("https://").removeprefix("http://"))
    if not address.startswith(("https://", "http://")):
        return shown
    return f'<a href="{escape(address)}" target="_blank" rel="noopener">{shown}</a>'


def dot(site: Json) -> str:
    """Its state as a coloured dot with its word."""
    tone, word = _said(site)
    return f'<span aria-hidden="true" style="color:{DOTS[tone]}">●</span> {escape(word)}'


def _said(site: Json) -> Said:
    return site_said(str(site["status"]), site.get("live_release"))


def _row(site: Json) -> str:
    return "".join(f'<td style="text-align:left">{cell}</td>' for cell in _cells(site))


def _texts(site: Json) -> tuple[str, str, str, str, str, str]:
    return (str(site["name"]), _said(site).word, kind_said(str(site["kind"])), str(site["address"]), live_text(site),
            ago(site.get("last_deployed")))


def _cells(site: Json) -> list[str]:
    name, _, kind, address, live, deployed = _texts(site)
    return [escape(name), dot(site), escape(kind), link(address), escape(live), escape(deployed)]
