"""Keeps an eye on running instances: notices ends, enforces deadlines, memory and log sizes.

One thread for all of them. It sleeps until a process ends or a second has passed, and with
nothing to watch it sleeps for good.
"""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack

from dialup_ext.spawner.family import handle_on
from dialup_ext.spawner.journal import Record

PERIOD = 1.0
"""Seconds between two looks at memory, deadline and log size."""

_log = logging.getLogger(__name__)


class Watch:
    """`look(record)` is asked every second, `ended(record)` once its first process is gone.

    Both come from the one thread of this watch. Adding and dropping is safe from anywhere.
    """

    def __init__(self, look: Callable[[list[Record]], None], ended: Callable[[Record], None]) -> None:
        self._look, self._ended = look, ended
        self._records: dict[str, Record] = {}
        self._lock = threading.Lock()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._thread: threading.Thread | None = None
        self._closed = False

    def add(self, records: Iterable[Record]) -> None:
        """Watch these from now on; watching one twice is watching it once."""
        with self._lock:
            new = {one.key: one for one in records if one.key not in self._records}
            if not new or self._closed:
                return
            self._records |= new
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="dialup-watch", daemon=True)
                self._thread.start()
        os.eventfd_write(self._wake, 1)

    def drop(self, key: str) -> None:
        """Watch it no longer."""
        with self._lock:
            self._records.pop(key, None)

    def close(self) -> None:
        """Stop watching; what runs goes on running."""
        with self._lock:
            self._closed = True
            thread = self._thread
        os.eventfd_write(self._wake, 1)
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        next_look = time.monotonic()
        while not self._closed:
            records = self._snapshot()
            for record in self._sleep(records, next_look):
                self._call(self._ended, record)
                self.drop(record.key)
            if records and time.monotonic() >= next_look:
                self._call(self._look, self._snapshot())
                next_look = time.monotonic() + PERIOD

    def _snapshot(self) -> list[Record]:
        with self._lock:
            return list(self._records.values())

    def _sleep(self, records: list[Record], until: float) -> list[Record]:
        """Wait for an end, a call, or the next look; return those that have ended."""
        poll, handles = select.poll(), dict[int, Record]()
        poll.register(self._wake, select.POLLIN)
        with ExitStack() as stack:
            gone = []
            for record in records:
                handle = stack.enter_context(handle_on(record.pid, record.ticks))
                if handle is None:
                    gone.append(record)
                else:
                    handles[handle] = record
                    poll.register(handle, select.POLLIN)
            rest = max(0.0, until - time.monotonic()) * 1000 + 1
            ready = {handle for handle, _ in poll.poll(0 if gone else rest if records else None)}
        if self._wake in ready:
            os.eventfd_read(self._wake)
        return gone + [handles[handle] for handle in ready & handles.keys()]

    @staticmethod
    def _call(function: Callable[..., None], argument: object) -> None:
        try:
            function(argument)
        except Exception:  # noqa: BLE001 - the thread must outlive one bad instance; the log says which
            _log.exception("watching failed", extra={"subject": repr(argument)})
