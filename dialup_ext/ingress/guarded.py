"""The hosts with a door in front: the portal, which is its own, labs and previews."""

from __future__ import annotations

from dialup_ext.ingress import pages
from dialup_ext.ingress.answers import NOBODY, answer, errors
from dialup_ext.ingress.blocks import Lines, block
from dialup_ext.ingress.cookies import GUEST, SESSION, STATE, XSRF, labs_cookies, sites_cookies
from dialup_ext.ingress.places import Places
from dialup_ext.ingress.upstreams import SMALL_BODY, body_limit, only_names, to_upstream

API = "/dialup/api/v1"
BODIES = {"listing": (f"{API}/sites/*/uploads", "12MiB"), "files": (f"{API}/uploads/*/files", "1GiB")}
"""What may be larger than a form: the list of a release's files, and their contents. As the hub has it."""

USUAL_BODY = "128KiB"
LONG_KEY = f"^{'.' * 24}.{{1000}}"
"""An Authorization header of a kilobyte is no key of ours; the hub would hang up on a longer one."""

OWNERS_LAB = "{http.request.header.X-Dialup-Frame}"


def door(places: Places) -> Lines:
    """Who is there, asked of the hub for every request; nothing is kept, so logging out is at once.

    Cookie headers are rebuilt from the cookies that are ours: a sibling site can plant others.
    """
    edge = places.socket("edge")
    enter = block(f'reverse_proxy "{edge}"', f'header_up Cookie "{SESSION}; {STATE}"')
    ask = block(f'forward_auth "{edge}"', "uri /_auth",
                block("transport http", "response_header_timeout 3s"),
                f'header_up Cookie "{SESSION}; {GUEST}"',
                "copy_headers X-Dialup-User X-Dialup-Lab X-Dialup-Frame")
    return block("(door)", "vars place hub", "import cookies", "request_header -Authorization",
                 block("handle /_dialup/*", body_limit(SMALL_BODY), enter), ask,
                 r'request_header Cookie "(^|;\s*)__Host-dialup[^;]*" ""', "vars place inside")


def portal(places: Places) -> Lines:
    """`admin` and the bare `editor`: the hub itself, which is its own door (R4)."""
    return [
        *block("route", "import strip", "import cookies", f'request_header Cookie "{SESSION}; {XSRF}"',
               f"@long header_regexp Authorization {LONG_KEY}", "error @long 431", *_body_limits(),
               block(f'reverse_proxy "{places.socket("hub")}"', "stream_close_delay 5m")),
        *errors(answer(pages.HUB_AWAY, 503, framed=NOBODY, programs=True), framed=NOBODY),
    ]


def labs(places: Places) -> Lines:
    """One host per account."""
    silent, asleep = pages.lab_silent(places.portal), pages.lab_asleep(places.portal)
    return [
        *block("route", only_names(places.lab_label), "import strip", "import door",
               *labs_cookies(), to_upstream(places, places.lab), "error 404"),
        *errors(block("handle @hub", answer(pages.HUB_AWAY, 503, framed=NOBODY, programs=True)),
                block("handle @silent", answer(silent, 503, framed=NOBODY, programs=True)),
                block("handle", answer(asleep, 404, framed=NOBODY, programs=True)), framed=NOBODY),
    ]


def preview(places: Places) -> Lines:
    """For its owner and invited guests; only the owner's lab may put it into a frame.

    The door has compared the Origin with the preview's own by then. A development server knows itself by
    another name and would refuse it: Next does, for its websocket and what its pages report. What says
    nothing of an origin counts as no page's request to all of them, so there it is left out.
    """
    # Deferred: beside the removal below, an addition in the same place would be removed as well.
    frame = block("header", f'+Content-Security-Policy "frame-ancestors {OWNERS_LAB}"', "defer")
    inside = ("header_up -X-Dialup-*", "header_down -X-Frame-Options",
              'header_down Content-Security-Policy "(?i)frame-ancestors[^;]*;?" ""')
    return [*frame, "import door", *sites_cookies(), *_unnamed(), *to_upstream(places, places.site, *inside), "error 404"]


def _unnamed() -> Lines:
    return [*block("@socket", "header Upgrade websocket"), "request_header @socket -Origin",
            "@reports path /_next/* /__nextjs*", "request_header @reports -Origin"]


def preview_errors(places: Places) -> Lines:
    """They have to show inside the owner's frame as well. The hub knows why a preview is silent."""
    asleep = pages.preview_asleep(places.portal)
    silent = block(f'reverse_proxy "{places.socket("gate")}"', "header_up -Cookie")
    return [
        *block("handle @hub", answer(pages.HUB_AWAY, 503, framed=OWNERS_LAB)),
        *block("handle @silent", silent),
        *block("handle", answer(asleep, 404, framed=OWNERS_LAB)),
    ]


def _body_limits() -> Lines:
    """Before anybody has said who they are, the portal takes a form's worth of bytes.

    `request_body` of two that match would be the smaller one, so the usual limit excepts the others.
    """
    paths = " ".join(path for path, _ in BODIES.values())
    lines = [f"@usual not path {paths}", *body_limit(USUAL_BODY, "@usual")]
    for name, (path, most) in BODIES.items():
        lines += [f"@{name} path {path}", *body_limit(most, f"@{name}")]
    return lines
