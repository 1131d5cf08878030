"""Take a folder that a build left as contents of an account, by the rules uploads follow.

The folder lies where only the hub may go and nothing of the build runs any more. Still nothing in
it is believed: links are not followed and not taken, and neither is anything but plain files.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from dialup_ext.domain.manifest import MAX_FILES, MAX_TOTAL_BYTES, FileEntry, Manifest
from dialup_ext.errors import TooLarge
from dialup_ext.releases.blobs import CHUNK, BlobStore
from dialup_ext.releases.manifests import ManifestStore
from dialup_ext.releases.outline import is_served
from dialup_ext.releases.places import make_passable, store_of
from dialup_ext.settings import Settings

Room = Callable[[str, int], None]
"""Raises when so many more bytes do not fit into what an account may store."""


def collect(settings: Settings, room: Room, account_id: str, top: Path, *, public: bool = True) -> Manifest:
    """Store every file below `top` that may be served, and the list of them; durable on return.

    Not `public` is what runs: all its files, hidden ones too, none of which is served.
    The same files again give the same manifest and store nothing. What is stored is kept for a day
    without anybody naming it. Raises `TooLarge`, `BadInput` (`bad_path`), `NoSpace`, what `room`
    raises; nothing is stored then.
    """
    root = store_of(settings, account_id)
    make_passable(root, settings.home)
    found = {path: size for path, size in _files(top) if not public or is_served(path)}
    _check_sizes(found)
    manifest = Manifest(FileEntry(path, size, _digest(top / path)) for path, size in found.items())
    blobs, sizes = BlobStore(root), manifest.digests()
    blobs.lease(sizes)
    room(account_id, sum(sizes[digest] for digest in blobs.missing(sizes)))
    _store(blobs, top, manifest)
    ManifestStore(root).keep(manifest)
    return manifest


def _store(blobs: BlobStore, top: Path, manifest: Manifest) -> None:
    missing = set(blobs.missing(manifest.digests()))
    incoming = blobs.receive()
    try:
        for entry in manifest:
            if entry.sha256 not in missing:
                continue
            missing.remove(entry.sha256)
            incoming.begin(entry.sha256, entry.size)
            with (top / entry.path).open("rb") as file:
                while data := file.read(CHUNK):
                    incoming.write(data)
            incoming.end()
        incoming.commit()
    finally:
        incoming.discard()


def _files(top: Path) -> Iterator[tuple[str, int]]:
    """Relative path and size of every plain file."""
    for folder, _folders, files in os.walk(top, followlinks=False):
        for name in files:
            path = Path(folder, name)
            found = path.lstat()
            if stat.S_ISREG(found.st_mode):
                yield path.relative_to(top).as_posix(), found.st_size


def _check_sizes(found: dict[str, int]) -> None:
    """Before any of them is read; the manifest looks at the rest."""
    if len(found) > MAX_FILES or sum(found.values()) > MAX_TOTAL_BYTES:
        raise TooLarge(f"It has {len(found):,} files and {sum(found.values()) >> 20:,} MiB; the most is "
                       f"{MAX_FILES:,} files and {MAX_TOTAL_BYTES >> 20} MiB.", code="build_too_large")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
