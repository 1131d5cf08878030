"""One number per account: who its labs, previews, builds and sites are to the kernel."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from dialup_ext.durable import locked, write_file
from dialup_ext.errors import Forbidden

FIRST = 20000
"""Above people's and services' own numbers, below the 65534 of `nobody`."""


class Uids:
    """The numbers given out, kept in `path`. A number is never given twice, not even after a removal."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, account: str) -> int:
        """The account's number; a new one the first time, the same one for ever after."""
        known = self._read()
        if account not in known:
            with locked(self._path.parent):
                known = self._read()
                if account not in known:
                    known[account] = max(known.values(), default=FIRST - 1) + 1
                    write_file(self._path, json.dumps(known, indent=1, sort_keys=True).encode() + b"\n")
        return known[account]

    def _read(self) -> dict[str, int]:
        try:
            found = json.loads(self._path.read_text())
        except FileNotFoundError:
            return {}
        return {str(name): int(uid) for name, uid in found.items()}


def settled(path: Path) -> Path:
    """`path`, or where it leads when it is a link of our own: one in a folder nobody else may write to."""
    parent = os.lstat(path.parent)
    ours = parent.st_uid == os.geteuid() and not parent.st_mode & 0o022
    return path.resolve() if ours and path.is_symlink() else path


def give(path: Path, uid: int) -> int:
    """Make the folder `path` and what is in it belong to `uid`; returns how many entries changed.

    Follows no link, neither `path` itself nor one inside, and leaves a file alone that has a
    second name: it may be one of somebody else's. Raises `Forbidden` when `path` is a link.
    """
    try:
        top = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise Forbidden(f"{path.name} is not a plain folder, so it cannot be given to its account.",
                        code="not_a_folder", hint="Remove the link, then try again.") from error
    try:
        count = _own(top, uid)
        for _name, _folders, files, folder in os.fwalk(".", dir_fd=top, follow_symlinks=False):
            count += _own(folder, uid)
            count += sum(_own_entry(name, folder, uid) for name in files)
        return count
    finally:
        os.close(top)


def _own(descriptor: int, uid: int) -> int:
    found = os.fstat(descriptor)
    if found.st_uid == uid and found.st_gid == uid:
        return 0
    os.fchown(descriptor, uid, uid)
    return 1


def _own_entry(name: str, folder: int, uid: int) -> int:
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if found.st_uid == uid or (stat.S_ISREG(found.st_mode) and found.st_nlink > 1):
            return 0
        os.chown(name, uid, uid, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:  # its program removed it meanwhile
        return 0
    return 1
