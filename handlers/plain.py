"""A page for hosts that are not the portal: one title, a few sentences, nothing loaded from anywhere.

Its only style is inline and allowed by its hash, so it works on a site's, preview's or lab's host
without trusting a file of theirs. It follows the reader's light or dark scheme.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from html import escape

_STYLE = (
    ":root{color-scheme:light dark;--back:#f7f6f3;--ink:#1f2328;--soft:#636972;--card:#fff;--line:#e5e2dc;"
    "--tone:#8a8f98;--link:#1f5fbf}"
    "@media(prefers-color-scheme:dark){:root{--back:#14161a;--ink:#e9ebee;--soft:#9aa1ab;--card:#1c1f25;"
    "--line:#2c3038;--link:#8ab4ff}}"
    "*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;"
    "grid-template-columns:minmax(0,1fr);place-items:center;padding:1.25rem;"
    "background:var(--back);color:var(--ink);font:1.0625rem/1.6 system-ui,-apple-system,'Segoe UI',sans-serif}"
    "main{max-width:29rem;width:100%;background:var(--card);border:1px solid var(--line);border-radius:16px;"
    "padding:2.25rem 2rem;box-shadow:0 1px 2px rgb(0 0 0/.04),0 12px 32px -18px rgb(0 0 0/.25)}"
    "svg{display:block;width:40px;height:40px;margin:0 0 1.1rem;color:var(--tone)}"
    "h1{font-size:1.375rem;line-height:1.3;letter-spacing:-.01em;margin:0 0 .6rem;text-wrap:balance}"
    "p{margin:0 0 .6rem;text-wrap:pretty}p:last-child{margin:0}.hint{color:var(--soft)}"
    "code{font:.9em ui-monospace,monospace;overflow-wrap:anywhere}a{color:var(--link)}"
    "main.wide{max-width:52rem}pre{font:.8125rem/1.5 ui-monospace,monospace;margin:0 0 .9rem;padding:.75rem .9rem;"
    "max-height:50vh;overflow:auto;border:1px solid var(--line);border-radius:8px;background:var(--back)}"
)
_ICONS = {
    "moon": '<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5Z"/>',
    "sprout": '<path d="M12 21v-9m0 0c0-4 3-6 7.5-6 0 4.5-3 6-7.5 6Zm0 2.5c0-3-2.5-5-7-5 0 3.5 2.5 5 7 5Z"/>',
    "cloud": '<path d="M7 18a4 4 0 0 1-.6-7.95A6 6 0 0 1 18 9.5 4.3 4.3 0 0 1 17.5 18Z"/>',
    "search": '<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.5 4.5"/>',
    "lock": '<rect x="5" y="11" width="14" height="9" rx="2"/><path d="M8 11V8a4 4 0 0 1 8 0v3"/>',
}


@dataclass(frozen=True, slots=True)
class PlainPage:
    """What to say. `icon` is one of the names above; `link` is a URL and its words; `log` the last
    lines of one. With `retry` the page loads itself again after so many seconds.
    """

    title: str
    message: str
    hint: str = ""
    icon: str = "search"
    link: tuple[str, str] | None = None
    log: tuple[str, ...] = ()
    retry: int = 0

    def html(self) -> str:
        """The whole document; every text is escaped."""
        link = ""
        if self.link:
            link = f'<p><a href="{escape(self.link[0])}">{escape(self.link[1])}</a></p>'
        log = f'<pre tabindex="0">{escape(chr(10).join(self.log))}</pre>' if self.log else ""
        wide = ' class="wide"' if self.log else ""
        again = f'<meta http-equiv="refresh" content="{self.retry}">' if self.retry else ""
        hint = f'<p class="hint">{escape(self.hint)}</p>' if self.hint else ""
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8">{again}'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>{escape(self.title)}</title><style>{_STYLE}</style></head><body>"
            f"<main{wide}>"
            '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.6" '
            f'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{_ICONS[self.icon]}</svg>'
            f"<h1>{escape(self.title)}</h1><p>{escape(self.message)}</p>{log}{hint}{link}</main></body></html>"
        )


def plain_csp(frame: str = "'none'") -> str:
    """The policy under which a `PlainPage` works, and nothing else; `frame`: who may frame it."""
    digest = b64encode(sha256(_STYLE.encode()).digest()).decode()
    return (f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
            f"frame-ancestors {frame}")
