"""Compare a folder that is there with what it should be (crash points C4 and C6).

Files shared with the store are told by their inode, without reading them; copies are hashed.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from dialup_ext.domain.manifest import FileEntry
from dialup_ext.releases.blobs import BlobStore
from dialup_ext.releases.building import layer_path
from dialup_ext.releases.outline import Outline, folders


def stands(final: Path, wanted: Outline, store: Path) -> bool:
    """True when `final` holds exactly the wanted files: all of them, unaltered, nothing else."""
    top = final / wanted.name
    if not top.is_dir() or top.is_symlink():
        return False
    found = _names(top)
    expected = {entry.path for entry in wanted.files}
    extra = found - expected - set(folders(expected))
    if wanted.layer is not None:
        packages = layer_path(store, wanted.layer)
        if packages is None or not _leads_to(top / packages.name, packages):
            return False
        extra.discard(packages.name)
    if wanted.is_public:
        extra = {name for name in extra if not _is_packed(name, expected)}
    blobs = BlobStore(store)
    return (not extra and expected <= found
            and all(_same(top / entry.path, entry, blobs, wanted) for entry in wanted.files))


def _names(top: Path) -> set[str]:
    names: set[str] = set()
    for folder, inner, files in os.walk(top):
        base = os.path.relpath(folder, top)
        names.update(name if base == "." else f"{base}/{name}" for name in (*inner, *files))
    return names


def _leads_to(link: Path, target: Path) -> bool:
    return link.is_symlink() and link.readlink() == target and target.is_dir()


def _is_packed(name: str, expected: set[str]) -> bool:
    stem, _, suffix = name.rpartition(".")
    return suffix in ("gz", "br") and stem in expected


def _same(path: Path, entry: FileEntry, blobs: BlobStore, wanted: Outline) -> bool:
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_size != entry.size:
        return False
    if stat.S_IMODE(found.st_mode) != wanted.mode(entry):
        return False
    if wanted.is_public and _is_blob(found, blobs.path(entry.sha256)):
        return True
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == entry.sha256


def _is_blob(found: os.stat_result, blob: Path) -> bool:
    try:
        return os.path.samestat(found, blob.stat())
    except FileNotFoundError:
        return False
