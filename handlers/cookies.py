"""The session cookie: read strictly (R6), written one way (R10).

Tornado's own parser strips bytes that browsers keep, so a sibling site could shadow the cookie
with a look-alike; here a header that is not plain ASCII or holds the name twice is refused.
"""

from __future__ import annotations

import re

from tornado.httputil import HTTPHeaders

from dialup_ext.errors import BadInput

SESSION = "__Host-dialup"
STATE = "__Host-dialup-state"
GUEST = "__Host-dialup-guest"
CLEAR_ALL = '"cookies"'
"""The value of `Clear-Site-Data` that removes what confuses us."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_STATE = re.compile(r"[A-Za-z0-9_-]{22,64}")


class ConfusingCookies(BadInput):
    """The browser sent cookies that somebody else may have planted; answer with `CLEAR_ALL`."""

    code = "confusing_cookies"


def session_token(headers: HTTPHeaders) -> str | None:
    """The session token, or None when there is none. Raises `ConfusingCookies`."""
    value = _single(headers, SESSION)
    return value if value is not None and _TOKEN.fullmatch(value) else None


def guest_token(headers: HTTPHeaders) -> str | None:
    """What a guest of a preview came with, or None. Raises `ConfusingCookies`."""
    value = _single(headers, GUEST)
    return value if value is not None and _TOKEN.fullmatch(value) else None


def state_value(headers: HTTPHeaders) -> str | None:
    """The hand-over state, or None. Raises `ConfusingCookies`."""
    value = _single(headers, STATE)
    return value if value is not None and _STATE.fullmatch(value) else None


def set_cookie(name: str, value: str, *, same_site: str, max_age: int, partitioned: bool = False) -> str:
    """The text of a `Set-Cookie` header: host-only, secure, out of reach of scripts.

    `max_age` in seconds; 0 deletes.
    """
    text = f"{name}={value}; Path=/; Secure; HttpOnly; SameSite={same_site}; Max-Age={max_age}"
    return f"{text}; Partitioned" if partitioned else text


def _single(headers: HTTPHeaders, name: str) -> str | None:
    lines = headers.get_list("Cookie")
    if len(lines) > 1 or not all(line.isascii() for line in lines):
        raise _confusing()
    pairs = (part.strip(" \t").partition("=") for part in "".join(lines).split(";"))
    values = [value for key, _, value in pairs if key == name]
    if len(values) > 1:
        raise _confusing()
    return values[0] if values and values[0] else None


def _confusing() -> ConfusingCookies:
    return ConfusingCookies("Your browser sent cookies dialup cannot trust, so it removed them.",
                            hint="Log in again.")
