"""A folder that is read without ever leaving it, whatever happens in it meanwhile.

Each part of a path is opened relative to the one before and never through a link, so swapping a
folder for a link during a walk cannot lead outside. Where the system lacks such calls (Windows),
every part is checked just before it is used.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from dialup_ext.errors import BadInput, Conflict, NotFound

_RELATIVE = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
_FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FILE_FLAGS = (os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
               | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
"""O_NONBLOCK: a pipe put in a file's place must not hang us."""


class Folder:
    """The folder at `root`. `root` itself may be a link: the person named it."""

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().resolve()
        if not self.root.exists():
            raise NotFound(f"There is no folder {root}.", code="folder_not_found", hint="Check the path.")
        if not self.root.is_dir():
            raise BadInput(f"{root} is a file, not a folder.", code="not_a_folder",
                           hint="Give the folder your site is in.")
        if self.root in (Path(self.root.anchor), Path.home().resolve()):
            raise BadInput(f"{self.root} is your whole home, not the folder of a site.", code="whole_home",
                           hint="Put the site into a folder of its own and deploy that.")

    @contextmanager
    def entries(self, path: str) -> Iterator[Iterator[os.DirEntry[str]]]:
        """The entries of the folder at `path` (“” for the root)."""
        if not _RELATIVE:
            with os.scandir(self._checked(path)) as entries:
                yield entries
            return
        handle = self._open_folder(path.split("/") if path else [])
        try:
            with os.scandir(handle) as entries:
                yield entries
        finally:
            os.close(handle)

    @contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        """The regular file at `path`, for reading. Raises `Conflict` when it is no longer one."""
        try:
            handle = self._open_file(path)
        except OSError as error:
            if isinstance(error, PermissionError):
                raise BadInput(f"“{path}” cannot be read: permission denied.", code="unreadable_file",
                               hint="Make it readable, or list it in .dialupignore.") from error
            raise changed(path) from error
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise changed(path)
            yield file

    def _open_file(self, path: str) -> int:
        if not _RELATIVE:
            return os.open(self._checked(path), _FILE_FLAGS)
        *folders, name = path.split("/")
        parent = self._open_folder(folders)
        try:
            return os.open(name, _FILE_FLAGS, dir_fd=parent)
        finally:
            os.close(parent)

    def _open_folder(self, parts: list[str]) -> int:
        handle = os.open(self.root, _FOLDER_FLAGS)
        for part in parts:
            try:
                deeper = os.open(part, _FOLDER_FLAGS, dir_fd=handle)
            finally:
                os.close(handle)
            handle = deeper
        return handle

    def _checked(self, path: str) -> Path:
        place = self.root
        for part in path.split("/") if path else []:
            place /= part
            if place.is_symlink() or place.is_junction() if hasattr(place, "is_junction") else place.is_symlink():
                raise changed(path)
        return place


def changed(path: str) -> Conflict:
    """What is raised when a file is not what it was a moment ago."""
    return Conflict(f"“{path}” changed while it was being read.", code="changed_while_reading",
                    hint="Nothing was deployed. Wait until it is saved, then deploy again.")
