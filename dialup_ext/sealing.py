"""Encryption of what the database keeps for people: AES-256-GCM under one key in a file of its own.

Each text is bound to what it is about, so a row moved elsewhere cannot be read there. The key is made at
the first need; once something was sealed with it, nothing makes another in its place.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from dialup_ext.durable import no_space, sync
from dialup_ext.errors import Unavailable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
_NONCE_BYTES = 12
"""NIST SP 800-38D: 96 random bits, good for 2^32 texts under one key."""

_FORM = "1:"


class Seal:
    """Seals texts with the key in `path`. The file is read at each use: one put back is good at once.

    `in_use` says whether anything was sealed before; without the key that is `Unavailable`
    (`secrets_key_missing`), and nothing is changed.
    """

    def __init__(self, path: Path, in_use: Callable[[], bool]) -> None:
        self._path = path
        self._in_use = in_use

    def close(self, text: str, about: str) -> str:
        """`text` sealed for `about`. Makes the key if it is the first."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = _cipher(self._key(make=True)).encrypt(nonce, text.encode(), about.encode())
        return _FORM + base64.b64encode(nonce + sealed).decode()

    def open(self, sealed: str, about: str) -> str:
        """The text sealed for `about`. Raises `Unavailable` (`secrets_key_wrong`) when key or row do not fit."""
        from cryptography.exceptions import InvalidTag

        key = self._key(make=False)
        try:
            raw = base64.b64decode(sealed.removeprefix(_FORM), validate=True)
            text: bytes = _cipher(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], about.encode())
        except (InvalidTag, binascii.Error, ValueError):
            raise Unavailable(f"The variables of this site cannot be read with the key in {self._path}.",
                              code="secrets_key_wrong",
                              hint="Put the key back that belongs to this database; both are in the same backup.",
                              ) from None
        return text.decode()

    def _key(self, *, make: bool) -> bytes:
        try:
            key = base64.b64decode(self._path.read_bytes().strip(), validate=True)
        except FileNotFoundError:
            if not make or self._in_use():
                raise self._missing() from None
            return self._make()
        except binascii.Error:
            key = b""
        if len(key) != _KEY_BYTES:
            raise Unavailable(f"{self._path} holds no key.", code="secrets_key_wrong",
                              hint="Put the file back from a backup. Nothing was changed.")
        return key

    def _make(self) -> bytes:
        """Whole or not at all, durable, and of two at once the first one's: a link replaces nothing."""
        half = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        try:
            with no_space(), os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # somebody was quicker, and theirs counts
                self._path.hardlink_to(half)
        finally:
            half.unlink(missing_ok=True)
        sync(self._path.parent)
        return self._key(make=False)

    def _missing(self) -> Unavailable:
        return Unavailable(f"The key of the sites' variables is missing: {self._path}.", code="secrets_key_missing",
                           hint="Put it back from a backup. Nothing was lost or changed; without it, remove the "
                                "variables and set them anew.")


def _cipher(key: bytes) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # 30 ms, for those who have variables

    return AESGCM(key)
