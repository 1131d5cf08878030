"""What instances are told, in files that only they can read, in memory rather than on a disk.

One folder per instance, `<root>/<key>/`, gone when the instance is stopped:

    .variables.json    every variable, and which are secret; the start program reads it
    <NAME>             one file per secret, its value byte for byte

So no value is in a request to an engine, in its answers, in a journal or in a list of processes.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from dialup_ext.domain.variables import Given, Variable
from dialup_ext.durable import no_space
from dialup_ext.errors import Unavailable
from dialup_ext.settings import Settings

FILE = ".variables.json"
"""No variable can have this name."""

YOUNG = 600.0
"""Seconds between making a folder and starting its instance, fetching an image included."""

_IN_MEMORY = (Path("/run"), Path("/dev/shm"))  # noqa: S108 - a folder of our own in it, see `_own_folder`
_GUARD = threading.Lock()
"""The last one to leave removes the root, which must not happen while somebody moves in."""

_FILE_SYSTEMS = ("tmpfs", "ramfs")


class VariableFiles:
    """The folders of one installation. Any number of these objects share them."""

    def __init__(self, settings: Settings, places: Iterable[Path] = _IN_MEMORY) -> None:
        self._settings = settings
        self._places = tuple(places)

    @property
    def root(self) -> Path:
        """In memory where this machine has room in memory for us, in the runtime folder otherwise."""
        name = f"dialup-{os.geteuid()}-{hashlib.sha256(os.fsencode(self._settings.home)).hexdigest()[:12]}"
        memory = _mounted_in_memory()
        for place in self._places:
            if place in memory and os.access(place, os.W_OK | os.X_OK):
                return place / name
        return self._settings.run / "variables"

    @property
    def in_memory(self) -> bool:
        return self.root.parent in self._places

    def put(self, key: str, variables: Iterable[Variable]) -> Path:
        """Make the folder of the instance `key`, whole, in place of what was there."""
        given = list(variables)
        with _GUARD:
            self._remove(key)
            return self._put(_own_folder(self.root) / key, given)

    def path(self, key: str) -> Path | None:
        """The folder of `key`; None when it was given nothing."""
        folder = self.root / key
        return folder if (folder / FILE).is_file() else None

    def given(self, key: str) -> Given | None:
        """What `key` was given; None when nothing, or after its machine was started anew."""
        try:
            found = json.loads((self.root / key / FILE).read_bytes())
        except (OSError, ValueError):
            return None
        return Given(dict(found["variables"]), frozenset(found["secret"]))

    def remove(self, key: str) -> None:
        """Forget what `key` was given. Idempotent."""
        with _GUARD:
            self._remove(key)
            with suppress(OSError):  # others' folders are in it, or it is gone
                self.root.rmdir()

    def sweep(self, keys: Collection[str]) -> int:
        """Remove what a crash left: folders, whole or half made, of none of `keys`; returns how many.

        Not young ones: somebody may be about to start what they are for.
        """
        try:
            found = [path for path in self.root.iterdir() if path.name not in keys]
            old = [path for path in found if time.time() - path.lstat().st_mtime > YOUNG]
        except FileNotFoundError:
            return 0
        for path in old:
            shutil.rmtree(path, ignore_errors=True)
        return len(old)

    def _put(self, folder: Path, given: list[Variable]) -> Path:
        half = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}")
        try:
            with no_space():
                half.mkdir(mode=0o700)
                _write(half / FILE, json.dumps({
                    "variables": {one.name: one.value for one in given},
                    "secret": [one.name for one in given if one.secret]}))
                for one in given:
                    if one.secret:
                        _write(half / one.name, one.value)
                half.rename(folder)
        except BaseException:
            shutil.rmtree(half, ignore_errors=True)
            raise
        return folder

    def _remove(self, key: str) -> None:
        if not self.root.is_symlink():
            shutil.rmtree(self.root / key, ignore_errors=True)


def _own_folder(root: Path) -> Path:
    """`root`, ours alone. In a place for everybody somebody else may have made it first: then not there."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = root.lstat()
    if root.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise Unavailable(f"{root} is not dialup's own folder.", code="variables_folder_taken",
                          hint="Somebody else on this machine made it. Have it removed, then try again.")
    return root


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as file:
        file.write(text.encode())


def _mounted_in_memory() -> set[Path]:
    """Mount points whose files never reach a disk (swap apart)."""
    try:
        lines = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:
        return set()
    fields = (line.split(" ") for line in lines)
    return {Path(field[1]) for field in fields if field[2] in _FILE_SYSTEMS}
