"""The hosts with a door in front: the portal, which is its own, labs and previews."""

from __future__ import annotations

from dialup_ext.ingress import pages
from dialup_ext.ingress.answers import answer, errors
from dialup_ext.ingress.blocks import Lines, block
from dialup_ext.ingress.places import Places
from dialup_ext.ingress.upstreams import only_names, to_upstream

SESSION = "__Host-dialup={http.request.cookie.__Host-dialup}"
STATE = "__Host-dialup-state={http.request.cookie.__Host-dialup-state}"
XSRF = "_xsrf={http.request.cookie._xsrf}"
NOBODY = "'none'"
OWNERS_LAB = "{http.request.header.X-Dialup-Frame}"


def door(places: Places) -> Lines:
    """Who is there, asked of the hub for every request; nothing is kept, so logging out is at once.

    Cookie headers are rebuilt from the cookies that are ours: a sibling site can plant others.
    """
    edge = places.socket("edge")
    enter = block(f'reverse_proxy "{edge}"', f'header_up Cookie "{SESSION}; {STATE}"')
    ask = block(f'forward_auth "{edge}"', "uri /_auth",
                block("transport http", "response_header_timeout 3s"),
                f'header_up Cookie "{SESSION}"',
                "copy_headers X-Dialup-User X-Dialup-Lab X-Dialup-Frame")
    return block("(door)", "vars place hub", "request_header -Authorization",
                 block("handle /_dialup/*", enter), ask,
                 r'request_header Cookie "(^|;\s*)__Host-dialup[^;]*" ""', "vars place inside")


def portal(places: Places) -> Lines:
    """`admin` and the bare `editor`: the hub itself, which is its own door (R4)."""
    return [
        *block("route", "import strip", f'request_header Cookie "{SESSION}; {XSRF}"',
               block(f'reverse_proxy "{places.socket("hub")}"', "stream_close_delay 5m")),
        *errors(answer(pages.HUB_AWAY, 503, framed=NOBODY, programs=True)),
    ]


def labs(places: Places) -> Lines:
    """One host per account."""
    silent, asleep = pages.lab_silent(places.portal), pages.lab_asleep(places.portal)
    return [
        *block("route", only_names(places.lab_label), "import strip", "import door",
               to_upstream(places, places.lab), "error 404"),
        *errors(block("handle @hub", answer(pages.HUB_AWAY, 503, framed=NOBODY, programs=True)),
                block("handle @silent", answer(silent, 503, framed=NOBODY, programs=True)),
                block("handle", answer(asleep, 404, framed=NOBODY, programs=True))),
    ]


def preview(places: Places) -> Lines:
    """For its owner only, and only the owner's lab may put it into a frame."""
    # Deferred: beside the removal below, an addition in the same place would be removed as well.
    frame = block("header", f'+Content-Security-Policy "frame-ancestors {OWNERS_LAB}"', "defer")
    inside = ("header_up -X-Dialup-*", "header_down -X-Frame-Options",
              'header_down Content-Security-Policy "(?i)frame-ancestors[^;]*;?" ""')
    return [*frame, "import door", *to_upstream(places, places.site, *inside), "error 404"]


def preview_errors(places: Places) -> Lines:
    """They have to show inside the owner's frame as well."""
    silent, asleep = pages.preview_silent(places.portal), pages.preview_asleep(places.portal)
    return [
        *block("handle @hub", answer(pages.HUB_AWAY, 503, framed=OWNERS_LAB)),
        *block("handle @silent", answer(silent, 503, framed=OWNERS_LAB)),
        *block("handle", answer(asleep, 404, framed=OWNERS_LAB)),
    ]
