"""Read our cookies exactly, and keep what neighbours plant for the whole domain away from everybody.

Any site can set cookies that reach its siblings. Caddy's own `{http.request.cookie.…}` knows no
capital letters, so a planted `__host-dialup` would stand for ours; these patterns are exact, and
step over what could not be a value of ours.
"""

from __future__ import annotations

from dialup_ext.ingress.blocks import Lines, block

SESSION = "__Host-dialup={session}"
STATE = "__Host-dialup-state={state}"
GUEST = "__Host-dialup-guest={guest}"
XSRF = "_xsrf={xsrf}"

OURS = r"[\w-]{1,200}"
XSRF_VALUE = r"[\w|.:-]{1,200}"

SAME_VALUE = f"2|00000000|{'0' * 32}|0"
"""A well-formed XSRF token for cookie and header alike; it says nothing but that both are there."""

HEAVY = ".{1000}" * 8
"""More than any honest site's cookies. Node stops at 16 KB of headers, others at 8 KB, with an error."""


def read_cookies() -> Lines:
    """The snippet that fills `{session}`, `{state}`, `{guest}` and `{xsrf}`; empty when there is no such cookie."""
    return block("(cookies)", _read("session", "__Host-dialup", OURS),
                 _read("state", "__Host-dialup-state", OURS),
                 _read("guest", "__Host-dialup-guest", OURS), _read("xsrf", "_xsrf", XSRF_VALUE))


def labs_cookies() -> Lines:
    """A lab needs `_xsrf` and nothing else: the door's headers say who is there.

    `X-XSRFToken` can only come from the lab's own pages (others would need its permission, and
    the door looks at Origin besides). That is the whole point of the token, so both ends are made
    equal: a planted `_xsrf` that the page reads and the lab does not, cannot stop anybody's saving.
    """
    return [
        f'request_header Cookie "{XSRF}"',
        "@own_page header X-XSRFToken *",
        f'request_header @own_page Cookie "_xsrf={SAME_VALUE}"',
        f'request_header @own_page X-XSRFToken "{SAME_VALUE}"',
    ]


def sites_cookies() -> Lines:
    """A site gets its cookies as they are, but none at all rather than more than it could bear."""
    return [f"@heavy header_regexp Cookie ^{HEAVY}", "request_header @heavy -Cookie"]


def _read(name: str, cookie: str, value: str) -> Lines:
    pattern = rf"~(?:^|;\s*){cookie}=({value})\s*(?:;|$)"
    return block(f"map {{http.request.header.Cookie}} {{{name}}}", f'{pattern} "${{1}}"', 'default ""')
