"""Which processes belong to an instance, and how they are all ended.

Three signs, since a program may shake off any one of them: the session its first process leads,
the mark it was started with (`DIALUP_INSTANCE`), and being the child of one of the others.
"""

from __future__ import annotations

import hashlib
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dialup_ext.errors import Unavailable
from dialup_ext.spawner import proc
from dialup_ext.spawner.journal import Record
from dialup_ext.spawner.proc import Process

MARK = "DIALUP_INSTANCE"
_LAST_WAIT = 5.0
"""Seconds the kernel has to end a process after SIGKILL; only a stuck disk takes longer."""


class Families:
    """Finds the processes of instances. Remembers who was marked, so a look costs little.

    Thread-safe. `home` is part of the mark: two servers on one machine stay apart.
    """

    def __init__(self, home: Path) -> None:
        self._home = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
        self._boot = proc.boot()
        self._marks: dict[tuple[int, int], str | None] = {}
        self._lock = threading.Lock()
        self._table: tuple[float, list[Process]] = (0.0, [])

    def mark(self, key: str) -> str:
        """What the instance `key` carries in its environment."""
        return f"{key}@{self._home}"

    def alive(self, record: Record) -> bool:
        """True while the instance's first process runs."""
        found = proc.process(record.pid) if record.boot == self._boot else None
        return found is not None and found.ticks == record.ticks and not found.dead

    def table(self, oldest: float) -> list[Process]:
        """The process table, seen at most `oldest` seconds ago."""
        seen, table = self._table
        if time.monotonic() - seen > oldest:
            table = proc.processes()
            self._table = time.monotonic(), table
            present = {one.identity for one in table}
            with self._lock:
                self._marks = {who: mark for who, mark in self._marks.items() if who in present}
        return table

    def members(self, key: str, record: Record | None,
                table: list[Process] | None = None) -> list[Process]:
        """Its living processes. `table` is a snapshot to look in, else one is taken."""
        table = self.table(oldest=0.0) if table is None else table
        leader = (record.pid, record.ticks) if record and record.boot == self._boot else None
        led = leader is not None and any(one.identity == leader for one in table)
        marks = self._read_marks(table)
        mark = self.mark(key)
        mine = {one.pid for one in table
                if marks[one.identity] == mark or (led and leader and one.session == leader[0])}
        self._add_children(mine, table)
        with self._lock:
            # Once ours, always ours: its parent may end and its environment may change.
            self._marks |= {one.identity: mark for one in table if one.pid in mine}
        return [one for one in table if one.pid in mine and not one.dead]

    def end(self, key: str, record: Record | None, grace: float) -> None:
        """SIGTERM to all, up to `grace` seconds, then SIGKILL until nobody is left.

        Raises `Unavailable` (`cannot_end`) when the kernel does not let go of one.
        """
        def find() -> list[Process]:
            return self.members(key, record)

        if grace > 0 and find():
            _send(find(), signal.SIGTERM, signal.SIGCONT)
            _wait_until_gone(find, grace)
        deadline = time.monotonic() + _LAST_WAIT
        while left := find():
            if time.monotonic() > deadline:
                raise Unavailable(f"A process of “{key}” cannot be ended (pid {left[0].pid}).",
                                  code="cannot_end",
                                  hint="It waits for a disk that does not answer. Look at the server.")
            _send(left, signal.SIGKILL)
            for one in left:
                wait_for_end(one.pid, one.ticks, deadline - time.monotonic())

    def _read_marks(self, table: list[Process]) -> dict[tuple[int, int], str | None]:
        with self._lock:
            for one in table:
                if one.identity not in self._marks:
                    self._marks[one.identity] = proc.variable(one.pid, MARK)
            return dict(self._marks)

    @staticmethod
    def _add_children(mine: set[int], table: list[Process]) -> None:
        grown = True
        while grown:
            children = {one.pid for one in table if one.parent in mine} - mine
            grown = bool(children)
            mine |= children


@contextmanager
def handle_on(pid: int, ticks: int) -> Iterator[int | None]:
    """A descriptor of exactly this process, readable once it has ended; None when it is gone."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        yield None
        return
    try:
        found = proc.process(pid)
        yield handle if found and found.ticks == ticks else None
    finally:
        os.close(handle)


def wait_for_end(pid: int, ticks: int, timeout: float) -> bool:
    """True when this process has ended, waiting up to `timeout` seconds for it."""
    with handle_on(pid, ticks) as handle:
        if handle is None:
            return True
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(max(0.0, timeout) * 1000))


def _send(those: Iterable[Process], *numbers: signal.Signals) -> None:
    for one in those:
        with handle_on(one.pid, one.ticks) as handle:
            if handle is None:
                continue
            try:
                for number in numbers:
                    signal.pidfd_send_signal(handle, number)
            except ProcessLookupError:
                continue


def _wait_until_gone(find: Callable[[], list[Process]], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while (left := find()) and (rest := deadline - time.monotonic()) > 0:
        for one in left:
            wait_for_end(one.pid, one.ticks, rest)
            rest = deadline - time.monotonic()
