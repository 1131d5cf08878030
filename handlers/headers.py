"""The security headers of every answer, errors included (R9)."""

from __future__ import annotations

from collections.abc import Mapping

from tornado.web import RequestHandler

PAGE_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
API_CSP = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"


def security_headers(*, csp: str, https: bool) -> Mapping[str, str]:
    """Header names and values; `https` adds HSTS."""
    headers = {
        "Content-Security-Policy": csp,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    if https:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return headers


def say_if_closing(handler: RequestHandler) -> None:
    """Announce what Tornado does anyway when it answers before the body was read: it hangs up.

    Unannounced, whoever keeps connections would send the next request into a dead one.
    """
    arrived = getattr(handler.request, "_body_future", None)
    if arrived is not None and not arrived.done():
        handler.set_header("Connection", "close")
