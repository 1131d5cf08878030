"""The list of files in an upload, and the path rules R22-R23 that keep it harmless.

A manifest names regular files only: path, size in bytes, SHA-256. No links, no devices, no
modes beyond "may be executed". Its digest names the content of a release.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dialup_ext.errors import BadInput, TooLarge

MAX_FILES = 20_000
MAX_FILE_BYTES = 50 << 20
MAX_TOTAL_BYTES = 500 << 20
MAX_DEPTH = 32
MAX_PATH_BYTES = 1024
MAX_COMPONENT_BYTES = 255

_DIGEST = re.compile(r"[0-9a-f]{64}")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\]")


@dataclass(frozen=True, slots=True, order=True)
class FileEntry:
    """One regular file: a clean relative path with `/`, its size and its SHA-256 in hex."""

    path: str
    size: int
    sha256: str
    executable: bool = False


class Manifest:
    """An ordered, checked set of files. Building one raises instead of keeping anything unsafe."""

    __slots__ = ("_by_path", "digest", "files", "total_bytes")

    def __init__(self, files: Iterable[FileEntry]) -> None:
        self.files: tuple[FileEntry, ...] = tuple(sorted(files))
        self.total_bytes = sum(entry.size for entry in self.files)
        self._check()
        self._by_path = {entry.path: entry for entry in self.files}
        self.digest = hashlib.sha256(self._canonical()).hexdigest()

    def __len__(self) -> int:
        return len(self.files)

    def __iter__(self) -> Iterator[FileEntry]:
        return iter(self.files)

    def __contains__(self, path: object) -> bool:
        return path in self._by_path

    def get(self, path: str) -> FileEntry | None:
        return self._by_path.get(path)

    def digests(self) -> dict[str, int]:
        """Every distinct content, with its size."""
        return {entry.sha256: entry.size for entry in self.files}

    def under(self, prefix: str) -> Manifest:
        """The files below folder `prefix` (“” for all), with paths relative to it."""
        if not prefix:
            return self
        start = prefix.rstrip("/") + "/"
        return Manifest(
            FileEntry(entry.path[len(start) :], entry.size, entry.sha256, entry.executable)
            for entry in self.files
            if entry.path.startswith(start)
        )

    def to_json(self) -> list[list[object]]:
        """Rows of `[path, size, sha256, executable]`: the form kept on disk."""
        return [[e.path, e.size, e.sha256, e.executable] for e in self.files]

    @classmethod
    def from_json(cls, rows: Iterable[list[object]]) -> Manifest:
        """The reverse of `to_json`; raises `BadInput` on anything that is not that."""
        try:
            entries = [FileEntry(str(p), int(str(s)), str(d), bool(x)) for p, s, d, x in rows]
        except (TypeError, ValueError) as error:
            raise BadInput("The list of files is malformed.", code="bad_manifest",
                           hint="Each row is path, size, sha256, executable.") from error
        return cls(entries)

    def _canonical(self) -> bytes:
        return json.dumps(self.to_json(), separators=(",", ":"), ensure_ascii=True).encode()

    def _check(self) -> None:
        if len(self.files) > MAX_FILES:
            raise TooLarge(f"The folder has {len(self.files):,} files; the most is {MAX_FILES:,}.",
                           hint="Leave out what is not part of the site: list it in .dialupignore.",
                           code="too_many_files")
        if self.total_bytes > MAX_TOTAL_BYTES:
            raise TooLarge(
                f"The folder has {self.total_bytes >> 20} MiB; the most is {MAX_TOTAL_BYTES >> 20} MiB.",
                hint="Leave out what is not part of the site: list it in .dialupignore.",
                code="upload_too_large")
        seen: dict[str, str] = {}
        folders: dict[str, str] = {}
        for entry in self.files:
            check_path(entry.path)
            _check_content(entry)
            key = _fold(entry.path)
            if key in seen:
                raise _bad(entry.path, f"it clashes with “{seen[key]}”")
            seen[key] = entry.path
            parts = entry.path.split("/")
            for depth in range(1, len(parts)):
                folders.setdefault(_fold("/".join(parts[:depth])), entry.path)
        for key, path in seen.items():
            if key in folders:
                raise _bad(path, f"it is a folder as well, in “{folders[key]}”")


def check_path(path: str) -> str:
    """Return `path` if a file may have it, or raise `BadInput` (code `bad_path`)."""
    try:
        raw = path.encode()
    except UnicodeEncodeError:
        raise _bad(path.encode("utf-8", "replace").decode(), "it is not valid UTF-8") from None
    if not path or len(raw) > MAX_PATH_BYTES:
        raise _bad(path[:80], "a path has 1 to 1,024 bytes")
    if _FORBIDDEN.search(path):
        raise _bad(path, "it holds a backslash or a control character")
    if unicodedata.normalize("NFC", path) != path:
        raise _bad(path, "its letters are not in Unicode's composed form (NFC)")
    parts = path.split("/")
    if len(parts) > MAX_DEPTH:
        raise _bad(path, f"it is more than {MAX_DEPTH} folders deep")
    for part in parts:
        if part in ("", ".", ".."):
            raise _bad(path, "it leaves its folder or has an empty part")
        if part[-1] in ". " or len(part.encode()) > MAX_COMPONENT_BYTES:
            raise _bad(path, "a part ends in a dot or a space, or is longer than 255 bytes")
    return path


def _check_content(entry: FileEntry) -> None:
    if not _DIGEST.fullmatch(entry.sha256):
        raise BadInput(f"The digest of “{entry.path}” is not a SHA-256.", code="bad_digest",
                       hint="Send 64 lower-case hexadecimal digits.")
    if entry.size < 0:
        raise BadInput(f"The size of “{entry.path}” is negative.", code="bad_manifest")
    if entry.size > MAX_FILE_BYTES:
        raise TooLarge(
            f"“{entry.path}” has {entry.size >> 20} MiB; the most for one file is {MAX_FILE_BYTES >> 20} MiB.",
            hint="Host large media elsewhere and link to it, or list the file in .dialupignore.",
            code="file_too_large")


def _fold(path: str) -> str:
    return unicodedata.normalize("NFC", path.casefold())


def _bad(path: str, why: str) -> BadInput:
    shown = path if path.isprintable() else repr(path)
    return BadInput(f"The path “{shown[:120]}” cannot be used: {why}.", code="bad_path",
                    hint="Rename the file and try again.")
