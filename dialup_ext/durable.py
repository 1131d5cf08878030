"""Files that survive a power cut: written aside, synced, renamed, their folder synced (R39).

`no_space` turns a full disk into the refusal people read; `locked` keeps two writers of one
folder apart, in this process and in others. Linux only, standard library only.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dialup_ext.errors import NoSpace

FEW = 16
"""Up to so many files are synced one by one; above, the file system is synced once (40 times faster)."""

_LIBC = ctypes.CDLL(None, use_errno=True)
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def write_file(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Put `data` at `path`, whole or not at all; durable on return. Replaces what was there."""
    half = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with no_space(), os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        half.rename(path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
    sync(path.parent)


def make_folder(folder: Path, mode: int = 0o700) -> None:
    """Create `folder` durably, with `mode` whatever the umask; its parent must be there. Idempotent."""
    if folder.is_dir():
        return
    with no_space():
        folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(mode)
    sync(folder.parent)


def sync(path: Path) -> None:
    """Make one file's bytes, or one folder's list of names, durable; of links those to folders are followed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with no_space():
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_all(paths: Iterable[Path], place: Path) -> None:
    """Make these files and folders below `place` durable, at the price of few of them (see `FEW`)."""
    waiting = list(paths)
    if len(waiting) > FEW:
        sync_file_system(place)
    else:
        for path in waiting:
            sync(path)


def sync_file_system(place: Path) -> None:
    """Make everything on the file system of `place` durable, errors of writing back included."""
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if _LIBC.syncfs(descriptor) != 0:
            code = ctypes.get_errno()
            with no_space():
                raise OSError(code, os.strerror(code), str(place))
    finally:
        os.close(descriptor)


def exchange(left: Path, right: Path) -> bool:
    """Swap two names in one step; False when the file system or kernel cannot."""
    return bool(_LIBC.renameat2(_AT_FDCWD, os.fsencode(left), _AT_FDCWD, os.fsencode(right),
                                _RENAME_EXCHANGE) == 0)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder` alone, against other threads and processes; waits for whoever has it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def no_space() -> Iterator[None]:
    """Say a full disk (blocks, inodes or a quota) in words, as `NoSpace`."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise NoSpace("There is no room left on the disk; nothing that is live was touched.",
                      hint="Remove what you do not need if your storage is full, else ask your admin to make room; "
                           "then try again.") from error
