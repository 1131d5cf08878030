"""Where an account's contents lie, and the check that keeps every name inside its folder."""

from __future__ import annotations

import re
from pathlib import Path

from dialup_ext.durable import make_folder
from dialup_ext.errors import BadInput
from dialup_ext.settings import Settings

_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,128}")

PASSABLE = 0o711
"""Folders on the way: the owner of a release may pass through, nobody may look around."""


def store_of(settings: Settings, account_id: str) -> Path:
    """`store/<account_id>`: one folder per account, so nobody can ask for another's contents (T25)."""
    return settings.home / "store" / plain(account_id)


def plain(name: str) -> str:
    """`name` if it is one harmless part of a path; ids and checked names always are."""
    if not _PLAIN.fullmatch(name):
        raise BadInput(f"“{name[:60]!r}” cannot name a folder.", code="bad_path")
    return name


def make_passable(folder: Path, beneath: Path) -> None:
    """Create `folder` and its parents below `beneath` durably, each passable but not listable."""
    line = [folder, *folder.parents]
    beneath.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in reversed(line[: line.index(beneath)]):
        make_folder(path, PASSABLE)
