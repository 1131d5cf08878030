"""The log of an instance: one file all its processes append to, kept below a size.

Cutting punches a hole over the oldest half instead of copying: nothing written meanwhile is lost,
no program notices, and the offset of a byte never changes. The file's length goes on growing,
what it takes on the disk does not. Where the file system knows no holes, the file is emptied.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from dialup_ext.domain.instance import LogChunk

_KEEP_SIZE, _PUNCH_HOLE = 1, 2
_BLOCK = 4096


def create_log(path: Path) -> int:
    """A file descriptor that appends to `path`; the caller closes it."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def read_log(path: Path, offset: int, limit: int) -> LogChunk:
    """Up to `limit` bytes from `offset`, or from the oldest byte kept, whichever is later.

    An offset beyond the end starts over: a program may truncate its own output.
    """
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        start = _oldest(file.fileno(), 0 if offset > size else max(0, offset), size)
        data = os.pread(file.fileno(), max(0, limit), start)
    return LogChunk(data, start, start + len(data))


def log_end(path: Path) -> int:
    """The offset behind the newest byte."""
    return path.stat().st_size


def cut_log(path: Path, most: int) -> bool:
    """Drop the oldest part when more than `most` bytes are on the disk; True when it did."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        status = os.fstat(handle)
        if status.st_blocks * 512 <= most:
            return False
        keep_from = (status.st_size - most // 2) // _BLOCK * _BLOCK
        if not _punch(handle, keep_from):
            os.ftruncate(handle, 0)
        return True
    finally:
        os.close(handle)


def _oldest(handle: int, offset: int, size: int) -> int:
    """The first byte at or after `offset` that is still there."""
    try:
        return os.lseek(handle, offset, os.SEEK_DATA)
    except OSError:  # nothing but a hole, or nothing at all, up to the end
        return size


def _punch(handle: int, length: int) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
    return bool(libc.fallocate(handle, _KEEP_SIZE | _PUNCH_HOLE, 0, length) == 0)
