"""One thread that ends containers over their time and keeps the firewall in place."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from dialup_ext.errors import DialupError

FIREWALL_EVERY = 60.0
"""Seconds; whoever reloads the machine's firewall drops our rules."""

AGAIN = 5.0
"""Seconds until the next attempt when the engine does not answer."""

_log = logging.getLogger(__name__)


class DockerWatch:
    """`end(key)` is called once a key's time is over, `renew()` every minute.

    The thread starts with the first key or `start`, and sleeps in between.
    """

    def __init__(self, end: Callable[[str], None], renew: Callable[[], None]) -> None:
        self._end, self._renew = end, renew
        self._due: dict[str, float] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._renewal = time.monotonic() + FIREWALL_EVERY

    def start(self) -> None:
        """Begin watching. Idempotent."""
        with self._changed:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="dialup-docker-watch", daemon=True)
                self._thread.start()

    def add(self, key: str, seconds: float) -> None:
        """End `key` in `seconds` from now."""
        with self._changed:
            self._due.setdefault(key, time.monotonic() + max(0.0, seconds))
            self._changed.notify()
        self.start()

    def hurry(self) -> None:
        """Call `renew` now and not only when its minute is over."""
        with self._changed:
            self._renewal = time.monotonic()
            self._changed.notify()
        self.start()

    def drop(self, key: str) -> None:
        """It is over already."""
        with self._changed:
            self._due.pop(key, None)

    def close(self) -> None:
        """Stop watching; what runs goes on running."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while (over := self._sleep()) is not None:
            for key in over:
                if not self._guarded(self._end, key):
                    self.add(key, AGAIN)
            if time.monotonic() >= self._renewal:
                self._renewal = time.monotonic() + FIREWALL_EVERY
                self._guarded(self._renew)

    def _sleep(self) -> list[str] | None:
        """Until the next thing is due, or there is a new one; those over their time, None at the end."""
        with self._changed:
            nearest = min([self._renewal, *self._due.values()])
            if not self._closed:
                self._changed.wait(max(0.0, nearest - time.monotonic()))
            if self._closed:
                return None
            now = time.monotonic()
            over = [key for key, due in self._due.items() if due <= now]
            for key in over:
                del self._due[key]
            return over

    @staticmethod
    def _guarded(work: Callable[..., None], *arguments: str) -> bool:
        try:
            work(*arguments)
        except DialupError as error:
            _log.warning("watching containers: %s", error.message)
            return False
        except Exception:  # noqa: BLE001 - no memory for another process, say: there is no other thread
            _log.exception("watching containers")
            return False
        return True
