"""Turn what a build left behind into a read-only layer nobody can change any more.

The build's own user wrote these files, so nothing about them is believed. They are first moved
to where only the hub can go, then walked by folder descriptors that follow no link (T27), and
whatever is not a plain file, a folder, or a relative link that stays inside is deleted.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dialup_ext.durable import locked, no_space, sync, sync_file_system
from dialup_ext.errors import TooLarge

MAX_BYTES = 1 << 30
MAX_ENTRIES = 200_000
MODULES = "node_modules"
_PASSABLE = 0o711


def seal(staging: Path, final: Path, folder: str = MODULES) -> Path:
    """Move `staging/node_modules`, or another `folder`, to `final`, cleaned, read-only and durable.

    The build must be over. A layer that is there already is kept as it is. Raises `TooLarge`
    (`dependencies_too_large`) over a cap, `NoSpace`; then nothing is left at `final`.
    """
    with no_space():
        final.parent.mkdir(mode=_PASSABLE, parents=True, exist_ok=True)
        with locked(final.parent):
            if not final.is_dir():
                _seal(staging, final, folder)
            os.utime(final)  # a sweep counts the day from the last use
    return final


def delete(path: Path) -> None:
    """Delete a folder with whatever is in it, read-only folders too. Idempotent."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for _name, _folders, _files, descriptor in os.fwalk(path, follow_symlinks=False):
        os.fchmod(descriptor, 0o700)
    shutil.rmtree(path, ignore_errors=True)


def stays_inside(link: PurePosixPath, target: str) -> bool:
    """True when `link`, a path inside a tree, cannot lead out of it with `target`. Pure.

    `..` is allowed in front only: `a/../b` would leave by way of a link called `a`.
    """
    if target.startswith("/") or not target:
        return False
    parts = [part for part in target.split("/") if part not in ("", ".")]
    climbs = 0
    while climbs < len(parts) and parts[climbs] == "..":
        climbs += 1
    return ".." not in parts[climbs:] and climbs <= len(link.parent.parts)


@dataclass
class _Count:
    """Entries and bytes so far, against the caps."""

    entries: int = 0
    size: int = 0

    def add(self, entries: int, size: int) -> None:
        self.entries += entries
        self.size += size
        if self.entries > MAX_ENTRIES or self.size > MAX_BYTES:
            raise TooLarge(
                f"The dependencies are too large: the most is {MAX_BYTES >> 20:,} MiB "
                f"in {MAX_ENTRIES:,} files.", code="dependencies_too_large",
                hint="Remove what the site does not need from “dependencies” in package.json; tools belong "
                     "in “devDependencies”.")


def _seal(staging: Path, final: Path, folder: str) -> None:
    half = final.with_name(f"{final.name}.tmp-{secrets.token_hex(8)}")
    half.mkdir(mode=0o700)
    try:
        _clean(_take(staging / folder, half / folder))
        half.chmod(_PASSABLE)
        sync_file_system(half)
        half.rename(final)
        sync(final.parent)
    finally:
        delete(half)


def _take(found: Path, modules: Path) -> Path:
    """Move first and look then: where it is now, nobody can change what it is any more."""
    with contextlib.suppress(FileNotFoundError):
        found.rename(modules)
    if modules.is_symlink() or not modules.is_dir():
        modules.unlink(missing_ok=True)
        modules.mkdir()
    return modules


def _clean(top: Path) -> None:
    count = _Count()
    for name, folders, files, descriptor in os.fwalk(top, follow_symlinks=False):
        inside = PurePosixPath(os.path.relpath(name, top))
        _own(descriptor, 0o755)
        for entry in list(folders):  # fwalk lists links to folders here
            if stat.S_ISLNK(os.lstat(entry, dir_fd=descriptor).st_mode):
                folders.remove(entry)
                files.append(entry)
        count.add(len(folders) + len(files), 0)
        for entry in files:
            count.add(0, _clean_entry(entry, inside, descriptor))
    for _name, _folders, _files, descriptor in os.fwalk(top, topdown=False, follow_symlinks=False):
        os.fchmod(descriptor, 0o555)


def _clean_entry(entry: str, inside: PurePosixPath, folder: int) -> int:
    """Keep one entry, read-only, or delete it; return the bytes it takes."""
    found = os.lstat(entry, dir_fd=folder)
    if stat.S_ISLNK(found.st_mode):
        if not stays_inside(inside / entry, os.readlink(entry, dir_fd=folder)):
            os.unlink(entry, dir_fd=folder)
        return 0
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        os.unlink(entry, dir_fd=folder)  # a second name would be a way to change it later
        return 0
    descriptor = os.open(entry, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        _own(descriptor, 0o555 if found.st_mode & 0o111 else 0o444)
    finally:
        os.close(descriptor)
    return found.st_size


def _own(descriptor: int, mode: int) -> None:
    """Make it the hub's, when the build ran as somebody else; no set-uid bit survives `mode`."""
    if os.fstat(descriptor).st_uid != os.geteuid():
        os.fchown(descriptor, os.geteuid(), os.getegid())
    os.fchmod(descriptor, mode)
