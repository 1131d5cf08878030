"""How many bytes an account has on this machine, part by part: what exists, not what somebody wrote down.

Contents and dependency layers are counted by `releases.stored`, whenever somebody asks; this counts the rest,
which programs change while nobody looks. Blocks count, not lengths, so a hole in a file is free, and what has
two names counts once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from dialup_ext.settings import Settings

PARTS = ("releases", "volumes", "home", "logs", "caches")
COUNTED_ELSEWHERE = ("blobs", "layers")
BLOCK = 512
"""Bytes in one of `st_blocks` (stat(2))."""


class Storage:
    """Measures accounts' folders below one home. Remembers release folders, which never change once there."""

    def __init__(self, settings: Settings) -> None:
        self._home = settings.home
        self._trees: dict[tuple[str, int], int] = {}

    def measure(self, account_id: str, name: str) -> dict[str, int]:
        """Bytes by part, without contents, layers and logs. Reads every folder of the account: milliseconds for
        a few thousand files. What vanishes meanwhile counts nothing.
        """
        store = self._home / "store" / account_id
        others = [entry for entry in _entries(store) if entry.name not in COUNTED_ELSEWHERE]
        caches = [entry for entry in others if entry.name.endswith("-cache")]
        return {
            "releases": self._released(self._home / "sites" / name)
                        + sum(_size(entry) for entry in others if entry not in caches),
            "volumes": tree_bytes(self._home / "volumes" / name),
            "home": tree_bytes(self._home / "homes" / name),
            "caches": sum(_size(entry) for entry in caches),
        }

    def logs(self, owner: Callable[[str], str | None]) -> dict[str, int]:
        """Bytes of logs by account id; `owner` tells whose a deployment's id or an instance's key is."""
        found: dict[str, int] = {}
        for place in ("logs/deployments", "container-logs", "instances"):
            for entry in _entries(self._home / place):
                account_id = owner(entry.name.removesuffix(".log"))
                if account_id is not None:
                    found[account_id] = found.get(account_id, 0) + _size(entry)
        return found

    def _released(self, sites: Path) -> int:
        """Own copies in release folders; what they share with the contents in the store is counted there."""
        total, seen = 0, set()
        for site in _entries(sites):
            for release in _entries(Path(site.path)):
                key = (release.path, release.inode())
                seen.add(key)
                if key not in self._trees or "." in release.name:
                    self._trees[key] = tree_bytes(Path(release.path), shared=False)
                total += self._trees[key]
        for gone in [key for key in self._trees if key not in seen and key[0].startswith(f"{sites}/")]:
            del self._trees[gone]
        return total


def tree_bytes(top: Path, *, shared: bool = True) -> int:
    """Bytes on disk of all plain files below `top`, links not followed; without `shared`, of those with one name."""
    total, seen = 0, set()
    for found in _files(os.fspath(top)):
        if found.st_nlink > 1:
            if not shared or found.st_ino in seen:
                continue
            seen.add(found.st_ino)
        total += found.st_blocks * BLOCK
    return total


def _files(top: str) -> Iterator[os.stat_result]:
    waiting = [top]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        yield entry.stat(follow_symlinks=False)
        except OSError:  # removed or closed to us while we looked
            continue


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _size(entry: os.DirEntry[str]) -> int:
    try:
        if entry.is_dir(follow_symlinks=False):
            return tree_bytes(Path(entry.path))
        return entry.stat(follow_symlinks=False).st_blocks * BLOCK
    except FileNotFoundError:
        return 0
