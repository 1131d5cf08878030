"""How many bytes an account's contents and dependency layers take: what its quota is held against.

Counted from what lies there, so nothing escapes it: not a content without a release, not one
that two releases share (it counts once), not what a crash left. Counting again is cheap, because
what is stored never changes: only folders that changed since are looked at.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from dialup_ext.errors import DialupError
from dialup_ext.releases.manifests import ManifestStore
from dialup_ext.releases.places import store_of
from dialup_ext.settings import Settings

SETTLED = 2 * 10**9
"""Nanoseconds after which a folder's time of change is believed: two changes may share one tick."""

MOST_KEPT = 5000
"""Sets of releases whose sum is remembered."""


@dataclass(slots=True)
class _Counted:
    """What was found in one account's store, by folder."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    blobs: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Of each folder of blobs: its time of change, and the bytes in it then."""
    layers: dict[tuple[str, int], int] = field(default_factory=dict)
    """Of each sealed layer, by name and inode: its bytes. Sealed means it never changes."""


class StoredBytes:
    """Counts, and remembers what it counted. Thread-safe; nothing of it is needed after a restart."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._counted: dict[str, _Counted] = {}
        self._sums: dict[tuple[str, frozenset[str]], int] = {}

    def of_account(self, account_id: str) -> int:
        """Bytes of everything the account has in the store now; 0 when it never sent anything."""
        root = store_of(self._settings, account_id)
        counted = self._counted.setdefault(account_id, _Counted())
        with counted.lock:
            _count_blobs(root / "blobs", counted.blobs)
            _count_layers(root / "layers", counted.layers)
            return sum(size for _changed, size in counted.blobs.values()) + sum(counted.layers.values())

    def of_manifests(self, account_id: str, digests: Collection[str]) -> int:
        """Bytes of the distinct contents in these manifests together; unreadable ones count nothing."""
        key = (account_id, frozenset(digests))
        found = self._sums.get(key)
        if found is None:
            found = self._sum(account_id, digests)
            if len(self._sums) >= MOST_KEPT:
                self._sums.clear()
            self._sums[key] = found
        return found

    def _sum(self, account_id: str, digests: Collection[str]) -> int:
        known = ManifestStore(store_of(self._settings, account_id))
        sizes: dict[str, int] = {}
        for digest in digests:
            try:
                sizes.update(known.contents(digest))
            except DialupError:  # a damaged release is told of when it is deployed
                continue
        return sum(sizes.values())


def _count_blobs(folder: Path, counted: dict[str, tuple[int, int]]) -> None:
    seen = set()
    for part in _entries(folder):
        seen.add(part.name)
        now, changed = time.time_ns(), part.stat().st_mtime_ns
        if counted.get(part.name, (None, 0))[0] == changed:
            continue
        size = sum(_size(blob) for blob in _entries(Path(part.path)))
        counted[part.name] = (changed if changed < now - SETTLED else 0, size)
    for gone in counted.keys() - seen:
        del counted[gone]


def _count_layers(folder: Path, counted: dict[tuple[str, int], int]) -> None:
    present = {(layer.name, layer.inode()): layer.path for layer in _entries(folder) if "." not in layer.name}
    for key in present.keys() - counted.keys():
        counted[key] = sum(os.lstat(name, dir_fd=descriptor).st_size for _path, _folders, files, descriptor
                           in os.fwalk(present[key], follow_symlinks=False) for name in files)
    for gone in counted.keys() - present.keys():
        del counted[gone]


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except FileNotFoundError:
        return []


def _size(blob: os.DirEntry[str]) -> int:
    try:
        return blob.stat(follow_symlinks=False).st_size
    except FileNotFoundError:  # swept while we looked
        return 0
