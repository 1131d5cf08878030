"""Make sure a folder holds nothing but files that are meant for everybody (rule R25).

Caddy follows links and serves whatever a hard link leads to: its root is no fence. So a tree is
looked at once, before the first visitor, and never changes afterwards.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from dialup_ext.errors import BadInput

WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
WRITABLE = WRITABLE_BY_OTHERS | stat.S_IWUSR
SPECIAL = stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX


def check_public_tree(path: Path) -> None:
    """Raise `BadInput` (code `not_public`) unless everything under `path` may be served.

    Allowed are folders and regular files that belong to us (or root) and that nobody else can
    change. A file with a second name must be sealed, as the store seals its own (nobody may write
    it and everybody may read it): that way a second name of something private cannot pass.
    """
    if stat.S_ISLNK(path.lstat().st_mode):
        raise _not_public(path, "it is a link")
    folders = [path]
    _check(path, path.lstat())
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                found = entry.stat(follow_symlinks=False)
                _check(Path(entry.path), found)
                if stat.S_ISDIR(found.st_mode):
                    folders.append(Path(entry.path))


def _check(path: Path, found: os.stat_result) -> None:
    problem = _problem(found)
    if problem:
        raise _not_public(path, problem)


def _problem(found: os.stat_result) -> str:
    mode = found.st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        return "it is a link" if stat.S_ISLNK(mode) else "it is neither a file nor a folder"
    if found.st_uid not in (os.geteuid(), 0):
        return "it belongs to somebody else"
    if mode & WRITABLE_BY_OTHERS:
        return "others can change it"
    if stat.S_ISREG(mode):
        return _problem_of_file(found)
    return ""


def _problem_of_file(found: os.stat_result) -> str:
    if found.st_mode & SPECIAL:
        return "it runs with somebody else's rights"
    sealed = not found.st_mode & WRITABLE and found.st_mode & stat.S_IROTH
    return "" if found.st_nlink == 1 or sealed else "it is a second name of another file"


def _not_public(path: Path, why: str) -> BadInput:
    return BadInput(f"{path.name} cannot be served to visitors: {why}.", code="not_public",
                    hint="Only plain files and folders can be published. What was live stays live.")
