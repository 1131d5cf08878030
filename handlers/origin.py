"""Where a browser's request came from: the exact-Origin rule (R7).

Sites of other people are *same-site* with the portal and the labs, so `SameSite` cookies do not
protect them; only an exact origin does.
"""

from __future__ import annotations

from tornado.httputil import HTTPHeaders

from dialup_ext.errors import Forbidden

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def plain_host(host: str) -> str:
    """A Host header without port, trailing dot or capitals (T15)."""
    return host.rsplit(":", 1)[0].rstrip(".").lower() if ":" in host else host.rstrip(".").lower()


def is_upgrade(headers: HTTPHeaders) -> bool:
    """True for a websocket handshake, however it is spelt."""
    return bool(headers.get("Upgrade")) or "upgrade" in headers.get("Connection", "").lower()


def check_origin(method: str, headers: HTTPHeaders, origin: str, *, framed: bool = False) -> None:
    """Raise `Forbidden` unless the request came from `origin` itself.

    Whatever changes something, and every websocket, must carry exactly this `Origin`. Reading is
    refused to other sites too, unless it is a person opening a page; with `framed`, a page in a
    frame counts as one.
    """
    fetched_from = headers.get("Sec-Fetch-Site")
    if method not in SAFE_METHODS or is_upgrade(headers):
        if headers.get("Origin") != origin or fetched_from not in (None, "same-origin"):
            raise _elsewhere()
    elif fetched_from in ("same-site", "cross-site") and not _opens_a_page(headers, framed=framed):
        raise _elsewhere()


def is_navigation(method: str, headers: HTTPHeaders) -> bool:
    """True when a person opens a page, so that a redirect or an HTML page makes sense."""
    mode = headers.get("Sec-Fetch-Mode")
    wanted = mode == "navigate" if mode else "text/html" in headers.get("Accept", "")
    return method == "GET" and not is_upgrade(headers) and wanted


def _opens_a_page(headers: HTTPHeaders, *, framed: bool) -> bool:
    destinations = ("document", "iframe") if framed else ("document",)
    return headers.get("Sec-Fetch-Mode") == "navigate" and headers.get("Sec-Fetch-Dest") in destinations


def _elsewhere() -> Forbidden:
    return Forbidden("This request came from another site.", code="wrong_origin",
                     hint="Reload the page and try again.")
