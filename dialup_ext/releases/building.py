"""Build one release's folder, aside and durable; naming it is the caller's last step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dialup_ext.crashpoint import crashpoint
from dialup_ext.domain.manifest import FileEntry
from dialup_ext.durable import sync_all, sync_file_system
from dialup_ext.errors import Conflict
from dialup_ext.releases.blobs import BlobStore
from dialup_ext.releases.outline import LAYERS, Outline, folders
from dialup_ext.releases.packed import Packed
from dialup_ext.releases.places import PASSABLE
from dialup_ext.releases.placing import copy, link


def build_tree(half: Path, wanted: Outline, blobs: BlobStore, packed: Packed) -> None:
    """Fill the new folder `half`; on return all of it is on the disk. The caller removes failures."""
    top = half / wanted.name
    half.mkdir(mode=0o700)
    top.mkdir(mode=0o700)
    made = [top / name for name in folders(entry.path for entry in wanted.files)]
    for folder in made:
        folder.mkdir(mode=0o700)
    if wanted.is_public:
        all_linked = _link_files(top, wanted, blobs, packed)
    else:
        all_linked = _copy_files(top, wanted, blobs)
    _close([top, *made], 0o755 if wanted.is_public else 0o555)
    half.chmod(PASSABLE)
    if all_linked:
        sync_all([half, top, *made], half)  # the bytes have been durable since they arrived
    else:
        sync_file_system(half)
    crashpoint("C4")


def _link_files(top: Path, wanted: Outline, blobs: BlobStore, packed: Packed) -> bool:
    """True when no file was copied."""
    all_linked = True
    taken = {entry.path for entry in wanted.files} | set(folders(entry.path for entry in wanted.files))
    for entry in _one_by_one(wanted):
        all_linked &= link(blobs.path(entry.sha256), top / entry.path)
        for suffix, path in packed.siblings(entry):
            if entry.path + suffix not in taken:  # the person's own packed file comes first
                all_linked &= link(path, top / (entry.path + suffix))
    return all_linked


def _copy_files(top: Path, wanted: Outline, blobs: BlobStore) -> bool:
    """False: every file is a copy."""
    for entry in _one_by_one(wanted):
        copy(blobs.path(entry.sha256), top / entry.path, wanted.mode(entry))
    if wanted.layer is not None:
        packages = layer_path(blobs.root, wanted.layer)
        if packages is None:
            raise Conflict("The dependencies of this release are gone from the server.",
                           code="layer_missing", hint="Deploy again; they are installed anew.")
        (top / packages.name).symlink_to(packages)
    return False


def _one_by_one(wanted: Outline) -> Iterator[FileEntry]:
    for entry in wanted.files:
        yield entry
        crashpoint("C3")


def layer_path(store: Path, layer: str) -> Path | None:
    """The one folder in a sealed dependency layer, of `LAYERS`; None when the layer is not there."""
    return next((path for name in LAYERS if (path := store / "layers" / layer / name).is_dir()), None)


def _close(made: list[Path], mode: int) -> None:
    for folder in reversed(made):
        folder.chmod(mode)
