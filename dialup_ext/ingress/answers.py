"""Put the pages into the configuration: which one answers which failure."""

from __future__ import annotations

from dialup_ext.ingress.blocks import Lines, block
from dialup_ext.ingress.pages import POLICY, Page


def errors(*body: Lines) -> Lines:
    """What to answer when nothing else did; `body` chooses by `@hub`, `@silent` and `@program`.

    The variable `place` is who was being asked: the hub, or what lies behind its door.
    """
    usual = ["@hub vars {http.vars.place} hub", "@silent expression `{err.status_code} >= 500`",
             "@program not header Accept *text/html*"]
    return block("handle_errors", block("route", usual, *body))


def answer(page: Page, status: int | str, framed: str = "", programs: bool = False) -> Lines:
    """`page`, or with `programs` the same as JSON for whoever does not ask for a page.

    `framed` says who may put it into a frame; nothing said is everybody.
    """
    policy = POLICY + (f"; frame-ancestors {framed}" if framed else "")
    headers = block("header", 'Content-Type "text/html; charset=utf-8"',
                    f'Content-Security-Policy "{policy}"', "Cache-Control no-store",
                    "X-Content-Type-Options nosniff",
                    *([f"Retry-After {page.retry}"] if page.retry else []))
    lines = [*headers, f"respond `{page.html()}` {status}"]
    if not programs:
        return block("route", lines)
    for_program = block("handle @program", "header Content-Type application/json",
                        "header Cache-Control no-store", f"respond `{page.json()}` {status}")
    return block("route", for_program, *lines)
