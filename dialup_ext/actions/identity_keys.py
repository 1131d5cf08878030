"""The text of an API key: `dlp_<8 id>_<43 secret><6 checksum>` (R16).

The prefix lets leak scanners find keys, the checksum refuses a mistyped one without a look-up.
"""

from __future__ import annotations

import re
import secrets
import string
import zlib

_FORM = re.compile(r"dlp_([a-z0-9]{8})_([A-Za-z0-9_-]{43})([0-9A-Za-z]{6})")
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase


def new_key() -> tuple[str, str, str]:
    """`(public id, secret, whole text)` of a fresh key."""
    public_id = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(8))
    secret = secrets.token_urlsafe(32)
    return public_id, secret, f"dlp_{public_id}_{secret}{_checksum(public_id, secret)}"


def parse_key(text: str) -> tuple[str, str] | None:
    """`(public id, secret)`, or None when this cannot be a key."""
    found = _FORM.fullmatch(text)
    if not found or found[3] != _checksum(found[1], found[2]):
        return None
    return found[1], found[2]


def _checksum(public_id: str, secret: str) -> str:
    number, text = zlib.crc32(f"dlp_{public_id}_{secret}".encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        text = _DIGITS[digit] + text
    return text
