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


def upstream() -> Lines:
    """Towards anything a person wrote: cookies for the whole domain, or named like ours, stay out."""
    return block(
        "(upstream)",
        # Node closes idle connections after 5 s, others after 2: a POST sent just then would fail.
        block("transport http", "keepalive 1s"),
        r'header_down Set-Cookie "(?i);\s*domain\s*=[^;]*" ""',
        'header_down Set-Cookie "(?i)^[^a-z0-9]*__Host-dialup.*" "x=; Max-Age=0"',
        "stream_close_delay 5m",
        "stream_timeout 12h",
    )


def map_upstream() -> Lines:
    """The name of the one file in `up/` is the address; nothing else can become one."""
    return block("map {http.matchers.file.relative} {upstream}",
                 r'~^/?([0-9.]+:[0-9]+)$ "${1}"', r'~^/?(\[[0-9a-f:]+\]:[0-9]+)$ "${1}"')


def to_upstream(places: Places, serving: str, *more: str) -> Lines:
    """To the address in `serving`/up, or to the hub's gate; on to the next line when there is none."""
    gate = block("handle @gate", "vars place hub", f'reverse_proxy "{places.socket("gate")}"')
    app = block("handle", block("reverse_proxy {upstream}", "import upstream", *more))
    return [
        *block("@up file", f'root "{serving}/up"', "try_files /*"),
        *block("handle @up", "@gate vars {http.matchers.file.relative} gate /gate", gate, app),
    ]


def only_names(label: str) -> Lines:
    """A label is part of a path below, where `*` or `[` would mean more than themselves (R3)."""
    return [f"@strange not vars_regexp {label} ^[a-z0-9-]{{1,63}}$", "abort @strange"]
