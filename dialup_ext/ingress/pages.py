"""The pages people see when something does not answer: self-contained, calm, in light and dark.

They must work while the hub is down, so their text is part of Caddy's configuration. No page
shows anything a visitor has sent.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from html import escape

STYLE = (
    ":root{color-scheme:light dark}"
    "body{margin:0;min-height:100vh;display:grid;place-items:center;background:#f7f7f5;color:#1d1d1b;"
    "font:17px/1.55 system-ui,sans-serif}"
    "main{max-width:27rem;padding:2rem}h1{font-size:1.35rem;margin:0 0 .6rem}p{margin:0 0 .6rem}"
    "a{color:#1b5fc1}.quiet{color:#666660;font-size:.9rem}"
    "@media(prefers-color-scheme:dark){body{background:#161616;color:#ececea}a{color:#8ab8ff}"
    ".quiet{color:#a0a09a}}"
)
"""One line, because its hash is in the Content-Security-Policy."""

POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True, slots=True)
class Page:
    """One thing to say: a title, what happened, what to do, and whether waiting may help.

    `retry` is in seconds, 0 for never: the page then loads itself again and `Retry-After` says so.
    `code` is what a program gets instead of the page, where programs are expected.
    """

    title: str
    message: str
    hint: str
    code: str
    retry: int = 0
    link: str = ""
    link_text: str = ""

    def html(self) -> str:
        """The whole document."""
        again = f'<meta http-equiv="refresh" content="{self.retry}">' if self.retry else ""
        link = f'<p><a href="{escape(self.link)}">{escape(self.link_text)}</a></p>' if self.link else ""
        waiting = '<p class="quiet">This page tries again by itself.</p>' if self.retry else ""
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8">{again}'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(self.title)}</title><style>{STYLE}</style></head><body><main>"
            f"<h1>{escape(self.title)}</h1><p>{escape(self.message)}</p><p>{escape(self.hint)}</p>"
            f"{link}{waiting}</main></body></html>"
        )

    def json(self) -> str:
        """The same in the API's shape of an error."""
        return json.dumps({"message": f"{self.title}: {self.message}", "reason": self.code,
                           "code": self.code, "hint": self.hint})


NO_SITE = Page("There is no site here", "Nothing is published at this address.",
               "Check the spelling, or ask the person who gave it to you.", "site_not_found")
NO_PAGE = Page("This page does not exist", "The site is here, but it has no page at this address.",
               "Start from its first page.", "page_not_found", link="/", link_text="First page")
SITE_SILENT = Page("This site is not answering", "It is published, but it does not answer just now.",
                   "Give it a moment. If it is yours, its log in the editor says more.",
                   "site_not_answering", retry=10)
HUB_AWAY = Page("Back in a moment", "This server is being restarted or updated.",
                "Nothing is lost; there is nothing you need to do.", "hub_away", retry=5)
TOO_LARGE = Page("That is too much at once", "The request is larger than this address takes.",
                 "Send less at once. Files of a site go through Deploy or “dialup deploy”.", "too_large")
REFUSED = Page("That did not work", "The server could not answer this request.",
               "Go back and try once more.", "refused")


def lab_silent(portal: str) -> Page:
    """The lab is known, the person may use it, and it does not answer."""
    return Page("Your lab is not answering", "It may still be starting, or it has stopped.",
                "Your files are safe. If this goes on, start the lab again in the portal.",
                "lab_not_answering", retry=5, link=portal, link_text="Open the portal")


def lab_asleep(portal: str) -> Page:
    """No lab runs at this address."""
    return Page("This lab is not running", "Your files are safe; the lab only has to be started.",
                "Start it in the portal.", "lab_not_running", link=portal, link_text="Open the portal")


def preview_asleep(portal: str) -> Page:
    """No preview runs at this address."""
    return Page("This preview is not running", "Previews stop when nobody has looked for a while.",
                "Start it again in the editor.", "preview_not_running", link=portal,
                link_text="Open the portal")
