"""The log of a container, with offsets: the engine knows lines and times, but no bytes.

What the engine has is copied, piece by piece and only when somebody reads, into a file whose
bytes can be counted; beside it stands how far the copy has come. Both survive the hub, and both
are worth nothing more than the engine's own log: losing them starts the log over.

The engine's list of messages only grows. So "all since `anchor`, but for the first `seen`" is
what is new, even where the two streams of a program bring their times slightly out of order.
Of a program that says more than `MOST` between two looks, the newest is kept: reading all of it
would keep the whole hub busy.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from dialup_ext.domain.instance import LogChunk
from dialup_ext.durable import no_space
from dialup_ext.spawner.output import create_log, cut_log, read_log

SLACK = 5_000_000_000
"""Nanoseconds by which the two streams of one program may be out of order, with room to spare."""

MOST = 10_000
"""Messages asked for at a time; the engine takes a tenth of a millisecond for each."""

Fetch = Callable[[str], bytes]
"""The last `MOST` messages since a time (`<seconds>.<nanoseconds>`), in the engine's frames."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far the copy has come: its length, how many messages since `anchor` it holds, the newest one's time."""

    length: int = 0
    anchor: int = 0
    seen: int = 0
    newest: int = 0


class Logs:
    """The copies, one folder per key below `root`. Thread-safe."""

    def __init__(self, root: Path, most: int) -> None:
        self._root, self._most = root, most
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def read(self, key: str, offset: int, limit: int, fetch: Fetch) -> LogChunk:
        """Bring the copy up to date, then read from it; see `Driver.log` for the offsets."""
        folder = self._root / key
        with self._lock(key), no_space():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._catch_up(folder, fetch)
            return read_log(folder / "log", offset, limit)

    def end(self, key: str, fetch: Fetch) -> int:
        """Bring the copy up to date; the offset after its last byte."""
        folder = self._root / key
        with self._lock(key), no_space():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._catch_up(folder, fetch)
            return (folder / "log").stat().st_size

    def forget(self, key: str) -> None:
        """Remove the copy. Idempotent."""
        folder = self._root / key
        with self._lock(key):
            for name in ("log", "position.json", "position.new"):
                (folder / name).unlink(missing_ok=True)
            if folder.is_dir():
                folder.rmdir()
        with self._guard:
            self._locks.pop(key, None)

    def sweep(self, keep: Collection[str]) -> int:
        """Remove the copies of all others, left by a crash between a removal and `forget`; returns how many."""
        gone = [path.name for path in self._root.glob("*") if path.name not in keep]
        for key in gone:
            self.forget(key)
        return len(gone)

    def _catch_up(self, folder: Path, fetch: Fetch) -> None:
        path = folder / "log"
        position = _start(path, _load(folder / "position.json"))
        found = list(messages(fetch(f"{position.anchor // 10**9}.{position.anchor % 10**9:09d}")))
        new = unseen(found, position)
        if not new:
            return
        _append(path, b"".join(data for _time, data in new))
        cut_log(path, self._most)
        _save(folder / "position.json", advance(position, [time for time, _data in found], path.stat().st_size))

    def _lock(self, key: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(key, threading.Lock())


def unseen(found: list[tuple[int, bytes]], position: Position) -> list[tuple[int, bytes]]:
    """Those the copy does not hold yet. Pure. Where the oldest may be missing, counting says nothing."""
    if len(found) >= MOST:
        return [one for one in found if one[0] > position.newest]
    return found[position.seen :] if position.seen <= len(found) else found


def advance(position: Position, times: list[int], length: int) -> Position:
    """Where the copy is after `times`, the times of all messages since the old anchor. Pure.

    The anchor moves only well behind the newest message, to a time no late one can have.
    """
    newest = max(times, default=0)
    anchor = max(position.anchor, newest - SLACK)
    return Position(length, anchor, sum(1 for time in times if time >= anchor), max(position.newest, newest))


def messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The messages in the engine's frames: when, in nanoseconds since 1970, and what. Pure."""
    place = 0
    while place + 8 <= len(data):
        size = int.from_bytes(data[place + 4 : place + 8], "big")
        stamp, _, text = data[place + 8 : place + 8 + size].partition(b" ")
        yield _nanoseconds(stamp.decode()), text
        place += 8 + size


def _nanoseconds(stamp: str) -> int:
    from datetime import datetime

    seconds, _, fraction = stamp.rstrip("Z").partition(".")
    return int(datetime.fromisoformat(f"{seconds}+00:00").timestamp()) * 10**9 + int(f"{fraction:0<9}"[:9])


def _start(path: Path, position: Position) -> Position:
    """Bring the copy to what is known of it. After a power cut it may be shorter than that, and is begun anew."""
    with path.open("ab") as file:
        size = os.fstat(file.fileno()).st_size
        if size < position.length:
            position = Position()
        if size > position.length:  # a crash between the two writes
            file.truncate(position.length)
    return position


def _append(path: Path, data: bytes) -> None:
    handle = create_log(path)
    try:
        while data:
            data = data[os.write(handle, data) :]
    finally:
        os.close(handle)


def _load(path: Path) -> Position:
    try:
        return Position(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return Position()


def _save(path: Path, position: Position) -> None:
    new = path.with_suffix(".new")
    new.write_text(json.dumps(asdict(position)))
    new.replace(path)
