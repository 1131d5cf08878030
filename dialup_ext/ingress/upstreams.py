"""The way from a host to what runs for it, shared by labs, previews and public sites."""

from __future__ import annotations

from dialup_ext.ingress.blocks import Lines, block
from dialup_ext.ingress.places import Places

SPOOFABLE = ("*dialup*", "Remote-*", "Remote_*", "X-Forwarded-*", "X_Forwarded_*", "Forwarded",
             "X-Real-Ip", "X_Real_Ip")
"""Request headers by which a visitor could claim to be somebody or somewhere else (R1).

Caddy adds its own `X-Forwarded-For`, `-Host` and `-Proto` afterwards.
"""


def strip() -> Lines:
    """The snippet every host begins with."""
    return block("(strip)", *(f"request_header -{header}" for header in SPOOFABLE))


SMALL_BODY = "8KiB"
"""For what only ever gets a form of ours, or nothing."""


def upstream() -> Lines:
    """Towards anything a person wrote: what would reach beyond its own host stays out.

    That is cookies for the whole domain or named like ours, and `Clear-Site-Data`, by which
    browsers clear the cookies of the whole registrable domain: the portal's login with them.
    """
    return block(
        "(upstream)",
        # `off` or 1s: Node closes idle connections after 5 s, others after 2; a POST sent just then would fail.
        block("transport http", "keepalive {args[0]}"),
        r'header_down Set-Cookie "(?i);\s*domain\s*=[^;]*" ""',
        'header_down Set-Cookie "(?i)^[^a-z0-9]*__Host-dialup.*" "x=; Max-Age=0"',
        "header_down -Clear-Site-Data",
        "stream_close_delay 5m",
        "stream_timeout 12h",
    )


def map_upstream() -> Lines:
    """The name of the one file in `up/` is the address; nothing else can become one."""
    return block("map {http.matchers.file.relative} {upstream}",
                 r'~^/?([0-9.]+:[0-9]+)(?:~once)?$ "${1}"', r'~^/?(\[[0-9a-f:]+\]:[0-9]+)(?:~once)?$ "${1}"')


_IS_GATE = "vars {http.matchers.file.relative} gate /gate"


def to_upstream(places: Places, serving: str, *more: str) -> Lines:
    """To the address in `serving`/up; on to the next line when there is none.

    Where the address is the hub's gate, the gate is asked first, as the door is: with the request's
    headers and nothing of its body. What it refuses, it answers. It may take its time (a site that
    sleeps is woken meanwhile), and once it agrees Caddy looks again, and sends the request itself: bodies,
    streams and websockets never go through the hub.
    """
    once = ["@once vars_regexp {http.matchers.file.relative} ~once$",
            *block("handle @once", block("reverse_proxy {upstream}", "import upstream off", *more))]
    gate = block("route", "vars place hub", _ask_gate(places), "vars place inside", _look("@woken", serving),
                 block("handle @woken", f"@still {_IS_GATE}", block("handle @still", "error 503"),
                       *_to_program(more, "@woken_once")), "error 503")
    # Whatever is not just an address is told by one question, so a site that simply runs is asked no other.
    special = block("handle @special", once, gate)
    app = block("handle", block("reverse_proxy {upstream}", "import upstream 1s", *more))
    # What `header_down` removes, it does not remove from 101 and 103.
    early = block("header", "-Set-Cookie", "-Clear-Site-Data", block("match", "status 1xx"))
    return [
        *early,
        *_look("@up", serving),
        *block("handle @up", "@special vars_regexp {http.matchers.file.relative} ^/?gate$|~once$", special, app),
    ]


def _to_program(more: tuple[str, ...], once: str) -> Lines:
    """To `{upstream}`, whose connection waits there for a next request unless its file says `~once`."""
    return [f"{once} vars_regexp {{http.matchers.file.relative}} ~once$",
            *block(f"handle {once}", block("reverse_proxy {upstream}", "import upstream off", *more)),
            *block("handle", block("reverse_proxy {upstream}", "import upstream 1s", *more))]


def _look(name: str, serving: str) -> Lines:
    """Matches when `serving`/up names an address.

    Caddy lists the folder and then looks for what it found. When the host is led elsewhere in between, it is
    not there; so it looks again. Three switches within a few microseconds do not happen.
    """
    return block(f"{name} file", f'root "{serving}/up"', "try_files /* /* /*")


def _ask_gate(places: Places) -> Lines:
    """Cookies are none of its business, and it would refuse a request for the sheer size of planted ones."""
    return block(f'forward_auth "{places.socket("gate")}"', "uri /_gate",
                 block("transport http", f"response_header_timeout {places.wake_seconds + 5:g}s"),
                 "header_up -Cookie", "header_up -Authorization")


def body_limit(most: str, matcher: str = "") -> Lines:
    """Bodies larger than `most` end in an error 413."""
    return block(f"request_body {matcher}".rstrip(), f"max_size {most}")


def only_names(label: str) -> Lines:
    """A label is part of a path below, where `*` or `[` would mean more than themselves (R3)."""
    return [f"@strange not vars_regexp {label} ^[a-z0-9-]{{1,63}}$", "abort @strange"]
