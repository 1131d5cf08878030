"""Put one content into a tree: as a hard link where only Caddy reads, as a copy where code runs.

Every folder above the target was made by us a moment ago, inside a folder nobody else may enter
(mode 0700 until it is published), and its name came through the manifest's path rules. So there
is no link to be led astray by; `O_EXCL | O_NOFOLLOW` on the file itself is all that is needed,
and `openat2(RESOLVE_BENEATH)` would guard a door that does not exist.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

from dialup_ext.releases.blobs import damaged

_NO_LINK = {errno.EXDEV, errno.EMLINK, errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}
_NO_RANGE = {errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS, errno.EPERM}


def link(source: Path, target: Path) -> bool:
    """A hard link, else a copy: another file system, or 65,000 links to one content.

    True for a link, whose bytes are as durable as the content's; a copy's are still to be synced.
    """
    try:
        os.link(source, target, follow_symlinks=False)
        return True
    except FileNotFoundError:
        raise damaged() from None
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        copy(source, target, 0o444)
        return False


def copy(source: Path, target: Path, mode: int) -> None:
    """Own bytes: nothing written to `target` can ever reach the store (T26).

    `copy_file_range` shares the blocks where the file system can (Btrfs, XFS) and copies inside
    the kernel where it cannot.
    """
    try:
        reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise damaged() from None
    try:
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            found = os.fstat(reading)
            _copy_bytes(reading, writing, found.st_size)
            os.fchmod(writing, mode)
            os.utime(writing, ns=(found.st_atime_ns, found.st_mtime_ns))
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def _copy_bytes(reading: int, writing: int, size: int) -> None:
    done = 0
    move: Callable[[int, int, int], int] = _share
    while done < size:
        try:
            count = move(reading, writing, size - done)
        except OSError as error:
            if move is not _share or error.errno not in _NO_RANGE:
                raise
            move = _send
            continue
        if count == 0:
            raise damaged()
        done += count


def _share(reading: int, writing: int, count: int) -> int:
    return os.copy_file_range(reading, writing, count)


def _send(reading: int, writing: int, count: int) -> int:
    """Read and write: for kernels and file systems without `copy_file_range`."""
    data = os.read(reading, min(count, 1 << 20))
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(writing, rest) :]
    return len(data)
