"""A workspace, read without ever leaving it: links inside it lead nowhere, hidden files are none."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

INDEX = "index.html"
ROOTS = ("public", "dist", "build", "_site", "site", "docs", "out")
"""Folders looked into when there is no index.html at the top; the same a deployment looks into."""

_ENTER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Found:
    """An open regular file; whoever gets it closes `descriptor`."""

    descriptor: int
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Moved:
    """Ask there instead: a folder's address ends in a slash."""

    path: str


class Folder:
    """The workspace at `top`. Each call looks afresh, so it may be changed or replaced meanwhile."""

    def __init__(self, top: Path) -> None:
        self.top = top

    def root(self) -> str | None:
        """The folder that is the site: “” for the top, None when there is no index.html yet."""
        for root in ("", *ROOTS):
            found = self._open([*([root] if root else []), INDEX])
            if found:
                os.close(found.descriptor)
                return root
        return None

    def find(self, path: str) -> Found | Moved | None:
        """What a URL path leads to, as on the public site: a file, a folder's index, or `path.html`."""
        parts = _parts(path)
        if parts is None:
            return None
        root = self.root()
        start = [root] if root else []
        if path.endswith("/"):
            return self._open([*start, *parts, INDEX])
        index = self._open([*start, *parts, INDEX])
        if index:
            os.close(index.descriptor)
            return Moved(path + "/")
        return self._open([*start, *parts]) or self._open([*start, *parts[:-1], f"{parts[-1]}.html"])

    def own_404(self) -> Found | None:
        """The site's own page for what is missing."""
        root = self.root()
        return self._open([*([root] if root else []), "404.html"])

    def is_hidden(self, path: Path) -> bool:
        """True for what is not part of the site: dot files, packages, what editors leave behind."""
        parts = path.relative_to(self.top).parts
        return any(part.startswith(".") or part in ("node_modules", "__pycache__") for part in parts) \
            or path.name.endswith("~") or path.name == "4913"  # how vim tries whether it may write

    def _open(self, parts: list[str]) -> Found | None:
        """Walk down one name at a time, following no link, and open what is there if it is a file."""
        try:
            here = os.open(self.top, _ENTER)
        except OSError:
            return None
        try:
            for part in parts[:-1]:
                below = os.open(part, _ENTER, dir_fd=here)
                os.close(here)
                here = below
            descriptor = os.open(parts[-1], _OPEN, dir_fd=here)
        except (OSError, ValueError):
            return None
        finally:
            os.close(here)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            return None
        return Found(descriptor, parts[-1], status.st_size)


def _parts(path: str) -> list[str] | None:
    """The names in a URL path, or None when one of them is hidden or leads elsewhere."""
    names = unquote(path, errors="surrogateescape").split("/")[1:]
    if names and names[-1] == "":
        names.pop()
    for name in names:
        if not name or "\0" in name or (name.startswith(".") and name != ".well-known"):
            return None
    return names
