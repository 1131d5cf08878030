"""Pages of the static preview: the script put into every page, and what to say when there is none."""

from __future__ import annotations

import re

from dialup_ext.handlers.plain import PlainPage
from dialup_ext.handlers.static_dev.folder import ROOTS

SCRIPT_PATH = "/__dialup/live.js"
_PLACES = tuple(re.compile(rb"<!--.*?-->|(" + tag + rb"\b[^>]*>)", re.IGNORECASE | re.DOTALL)
                for tag in (rb"<head", rb"<html", rb"<!doctype"))


def with_script(html: bytes, version: str) -> bytes:
    """`html` with the live script first in its head, so that it sees the errors of all others.

    A document in UTF-16 is left alone: its bytes are not ours to cut.
    """
    if html.startswith((b"\xff\xfe", b"\xfe\xff")):
        return html
    script = f'<script src="{SCRIPT_PATH}?v={version}"></script>'.encode()
    place = _place(html)
    return html[:place] + script + html[place:]


def no_index_page() -> bytes:
    """For a workspace without an index.html: what to do, until one appears."""
    folders = ", ".join(f"{root}/" for root in ROOTS[:3])
    page = PlainPage("Nothing to show yet", "This site has no index.html.",
                     f"Add one at the top of its folder, or in {folders} and this page will show it at once.",
                     icon="sprout")
    return page.html().encode()


def missing_page(path: str) -> bytes:
    """For an address with no file behind it."""
    page = PlainPage("There is no such page", f"Nothing in this site’s folder answers to {path[:200]}",
                     "Look at the spelling: capital letters count. Save the file and this page reloads.",
                     link=("/", "To the first page"))
    return page.html().encode()


def _place(html: bytes) -> int:
    """Right after the head begins; after the doctype at least, for before it changes the layout."""
    for pattern in _PLACES:
        found = next((match for match in pattern.finditer(html) if match.group(1)), None)
        if found:
            return found.end()
    return 0
