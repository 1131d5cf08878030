"""Threads that do something again and again until the hub stops."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from dialup_ext.errors import DialupError

log = logging.getLogger("dialup")


class Rounds:
    """`go` begins one; all end when `closed` is set."""

    def __init__(self, closed: threading.Event) -> None:
        self._closed = closed
        self._threads: list[threading.Thread] = []

    def go(self, seconds: float, work: Callable[[], object]) -> None:
        """Do `work` now and every `seconds` in a thread of its own, whatever it raises."""
        thread = threading.Thread(target=self._round, args=(seconds, work), name="dialup-round", daemon=True)
        self._threads.append(thread)
        thread.start()

    def join(self, seconds: float) -> None:
        """Wait for each to end its round."""
        for thread in self._threads:
            thread.join(timeout=seconds)

    def _round(self, seconds: float, work: Callable[[], object]) -> None:
        while not self._closed.is_set():
            try:
                work()
            except DialupError as error:
                log.warning("%s %s", error.message, error.hint)
            except Exception:
                log.exception("a round failed; the next one tries again")
            self._closed.wait(seconds)
