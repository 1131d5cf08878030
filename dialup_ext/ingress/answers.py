"""Put the pages into the configuration: which one answers which failure."""

from __future__ import annotations

from dialup_ext.ingress.blocks import Lines, block
from dialup_ext.ingress.pages import POLICY, TOO_LARGE, Page

NOBODY = "'none'"
"""Who may frame what belongs to the portal and to labs."""

POLICY_OF_DATA = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"


def errors(*body: Lines, framed: str = "") -> Lines:
    """What to answer when nothing else did; `body` chooses by `@hub`, `@silent` and `@program`.

    The variable `place` is who was being asked: the hub, or what lies behind its door. What is
    too large is the visitor's doing, whoever was asked.
    """
    usual = ["@hub vars {http.vars.place} hub", "@silent expression `{err.status_code} >= 500`",
             "@program not header Accept *text/html*"]
    large = ["@large expression `{err.status_code} in [413, 431]`",
             *block("handle @large", answer(TOO_LARGE, "{err.status_code}", framed=framed, programs=True))]
    return block("handle_errors", block("route", usual, large, *body))


def answer(page: Page, status: int | str, framed: str = "", programs: bool = False) -> Lines:
    """`page`, or with `programs` the same as JSON for whoever does not ask for a page.

    `framed` says who may put it into a frame; nothing said is everybody.
    """
    policy = POLICY + (f"; frame-ancestors {framed}" if framed else "")
    careful = ["Cache-Control no-store", "X-Content-Type-Options nosniff", "Referrer-Policy same-origin"]
    if framed == NOBODY:  # hosts with logins: nobody may look at them from a window or a tag either
        careful += ["X-Frame-Options DENY", "Cross-Origin-Opener-Policy same-origin",
                    "Cross-Origin-Resource-Policy same-origin"]
    headers = block("header", 'Content-Type "text/html; charset=utf-8"',
                    f'Content-Security-Policy "{policy}"', *careful,
                    *([f"Retry-After {page.retry}"] if page.retry else []))
    lines = [*headers, f"respond `{page.html()}` {status}"]
    if not programs:
        return block("route", lines)
    for_program = block("handle @program",
                        block("header", "Content-Type application/json",
                              f'Content-Security-Policy "{POLICY_OF_DATA}"', *careful),
                        f"respond `{page.json()}` {status}")
    return block("route", for_program, *lines)
