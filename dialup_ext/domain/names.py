"""What a site or an account may be called, and why not (rule R18).

Names become host names: `<site>.<domain>`, `<site>-dev.<domain>`, `<account>.editor.<domain>`.
Sites and accounts share one name space, so nobody can put a site where another person's name
would be expected.
"""

from __future__ import annotations

import re
import unicodedata

from dialup_ext.errors import BadInput

PATTERN = re.compile(r"[a-z](?:[a-z0-9]|-(?=[a-z0-9])){1,30}")
"""2 to 31 characters: a letter first, no hyphen at the end, no two hyphens in a row."""

LIKE_AN_ID = re.compile(r"[a-z2-7]{26}")
"""How ids look (`store.engine.new_id`): a name like that could pass for somebody else's id."""

GUARDED = ("admin", "editor", "login")
"""One edit away from these is refused too: `adm1n` is how phishing is spelt."""

RESERVED = frozenset((
    "abuse", "account", "accounts", "acme", "admin", "administrator", "api", "app", "apps",
    "assets", "auth", "autoconfig", "autodiscover", "backup", "backups", "billing",
    "blog-admin", "broadcasthost", "cdn", "certs", "config", "console", "dashboard", "dav",
    "db", "debug", "dialup", "dns", "docs", "edge", "editor", "email", "forum", "ftp", "gate",
    "git", "help", "host", "hostmaster", "hub", "imap", "info", "invite", "isatap", "jupyter",
    "keys", "lab", "labs", "live", "local", "localdomain", "localhost", "login", "logout",
    "mail", "mailer", "mx", "news", "no-reply", "noc", "noreply", "ns", "ns1", "ns2", "oauth",
    "ops", "owner-admin", "pop", "pop3", "portal", "postmaster", "preview", "previews", "proxy",
    "register", "root", "security", "server", "settings", "signin", "signup", "sites", "smtp",
    "ssh", "ssl", "staging", "static", "status", "support", "sysadmin", "system", "test-admin",
    "tls", "undefined", "update", "upgrade", "usenet", "user", "users", "uucp", "voila", "vpn",
    "webmail", "webmaster", "wpad", "www",
))
"""Names that mean something to mail, certificates, browsers or dialup itself."""


def check_name(text: str, what: str = "site") -> str:
    """Return `text` if it can be a name, or raise `BadInput` saying what is wrong with it."""
    problem = _problem(text)
    if problem is None:
        return text
    proposal = suggest_name(text)
    hint = f"Try “{proposal}”." if proposal else "Use 2 to 31 letters, digits and single hyphens."
    raise BadInput(f"“{text[:40]}” cannot be the name of {_article(what)}: {problem}.", hint=hint,
                   code="bad_name")


def suggest_name(text: str) -> str | None:
    """The nearest name to `text` that would pass, or None when nothing of it is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    plain = re.sub(r"^[^a-z]+", "", plain)
    plain = re.sub(r"(-dev)+$", "", plain)[:31].rstrip("-")
    if plain and _problem(plain) is not None:
        plain = f"my-{plain}"[:31].rstrip("-")
    return plain if plain and _problem(plain) is None else None


def _problem(text: str) -> str | None:
    if not PATTERN.fullmatch(text):
        return "a name is 2 to 31 lower-case letters, digits and single hyphens, a letter first"
    if text.startswith("xn-"):
        return "names starting with “xn-” are kept for other alphabets"
    if text.endswith("-dev"):
        return "names ending in “-dev” are kept for previews"
    if LIKE_AN_ID.fullmatch(text):
        return "names of exactly 26 letters and digits are kept for dialup's own use"
    if text in RESERVED:
        return "this name is reserved"
    near = next((word for word in GUARDED if _within_one_edit(text, word)), None)
    return f"it looks too much like “{near}”" if near else None


def _within_one_edit(left: str, right: str) -> bool:
    """True when one insertion, deletion or replacement turns `left` into `right`."""
    if abs(len(left) - len(right)) > 1:
        return False
    if len(left) == len(right):
        return sum(a != b for a, b in zip(left, right, strict=True)) <= 1
    short, long = sorted((left, right), key=len)
    return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))


def _article(what: str) -> str:
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"
