"""Looks at a folder and says what would be deployed: regular files only, each with its SHA-256.

Links are never followed, wherever they point; they and everything else that is no regular file
are listed in `skipped`. What `.dialupignore` and the built-in list leave out is not mentioned.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dialup_ext.client.folder import Folder, changed
from dialup_ext.client.hashes import HashCache, Stamp, digest_of, stamp_of
from dialup_ext.client.ignore import IGNORE_FILE, Ignore
from dialup_ext.domain.manifest import MAX_DEPTH, MAX_FILES, FileEntry, Manifest, check_path
from dialup_ext.errors import BadInput, TooLarge


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in the folder that is not deployed, and why, in a word or two."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Walked:
    """What a walk found. `places` leads from a manifest's path to the file's name on disk."""

    folder: Folder
    manifest: Manifest
    places: dict[str, str]
    skipped: tuple[Skipped, ...]
    bytes_read: int
    cache: HashCache = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Found:
    place: str
    stamp: Stamp
    executable: bool


def walk(root: Path, on_read: Callable[[int, int], None] | None = None, *,
         cache: HashCache | None = None) -> Walked:
    """Find and hash the files below `root`. `on_read(done, total)` counts files.

    Raises `BadInput` for paths no site may have, `TooLarge` above the caps (before reading
    anything), `Conflict` (`changed_while_reading`) when a file changes under our eyes.
    """
    folder = Folder(root)
    cache = cache or HashCache(folder.root)
    skipped: list[Skipped] = []
    found = sorted(_find(folder, _ignore_of(folder), skipped), key=lambda file: file.place)
    _check_sizes(found)
    entries, bytes_read = dict[str, FileEntry](), 0
    for number, file in enumerate(found, 1):
        path = unicodedata.normalize("NFC", file.place)  # macOS hands out decomposed names
        digest, read = _digest(folder, file, cache)
        entries[file.place] = FileEntry(path, file.stamp[0], digest, file.executable)
        bytes_read += read
        if on_read is not None:
            on_read(number, len(found))
    manifest = Manifest(entries.values())
    cache.save()
    places = {entry.path: place for place, entry in entries.items()}
    return Walked(folder, manifest, places, tuple(skipped), bytes_read, cache)


def _find(folder: Folder, ignore: Ignore, skipped: list[Skipped]) -> Iterator[_Found]:
    waiting, count = [""], 0
    while waiting:
        parent = waiting.pop()
        for path, status in _children(folder, parent):
            if stat.S_ISDIR(status.st_mode):
                if not ignore.folder(path):
                    waiting.append(_not_too_deep(path))
            elif ignore.file(path):
                continue
            elif not stat.S_ISREG(status.st_mode):
                skipped.append(Skipped(path, "a link" if stat.S_ISLNK(status.st_mode) else "not a regular file"))
            else:
                count += 1
                if count > MAX_FILES:
                    raise _too_many()
                check_path(unicodedata.normalize("NFC", path))
                yield _Found(path, stamp_of(status), os.name != "nt" and bool(status.st_mode & stat.S_IXUSR))


def _children(folder: Folder, parent: str) -> Iterator[tuple[str, os.stat_result]]:
    try:
        with folder.entries(parent) as entries:
            for entry in entries:
                yield f"{parent}/{entry.name}" if parent else entry.name, entry.stat(follow_symlinks=False)
    except PermissionError as error:
        raise BadInput(f"The folder “{parent or folder.root}” cannot be read: permission denied.",
                       code="unreadable_folder", hint="Make it readable, or list it in .dialupignore.") from error
    except OSError as error:
        raise changed(parent or str(folder.root)) from error


def _digest(folder: Folder, file: _Found, cache: HashCache) -> tuple[str, int]:
    known = cache.get(file.place, file.stamp)
    if known is not None:
        return known, 0
    with folder.open(file.place) as content:
        digest = digest_of(content)
        if stamp_of(os.fstat(content.fileno())) != file.stamp:
            raise changed(file.place)
    cache.put(file.place, file.stamp, digest)
    return digest, file.stamp[0]


def _ignore_of(folder: Folder) -> Ignore:
    if not os.path.lexists(folder.root / IGNORE_FILE):
        return Ignore()
    with folder.open(IGNORE_FILE) as file:
        text = file.read(1 << 20).decode("utf-8", "replace")
    try:
        return Ignore(text.splitlines())
    except ValueError as error:
        raise BadInput(f"{IGNORE_FILE} has a line that cannot be understood: {error}", code="bad_ignore_file",
                       hint="It has the syntax of .gitignore.") from error


def _check_sizes(found: list[_Found]) -> None:
    """Refuse what is too large before reading any of it; the digests do not matter for that."""
    Manifest(FileEntry(unicodedata.normalize("NFC", file.place), file.stamp[0], "0" * 64) for file in found)


def _not_too_deep(path: str) -> str:
    if path.count("/") >= MAX_DEPTH:
        raise BadInput(f"“{path[:120]}” is more than {MAX_DEPTH} folders deep.", code="bad_path",
                       hint="Move it up, or list it in .dialupignore.")
    return path


def _too_many() -> TooLarge:
    return TooLarge(f"The folder has more than {MAX_FILES:,} files, the most a site may have.",
                    code="too_many_files",
                    hint="Leave out what is not part of the site: list it in .dialupignore.")
