"""Asks a site again and again, as an impatient visitor, and notes when the new words came first."""

from __future__ import annotations

import http.client
import threading
import time
from contextlib import suppress

from dialup_ext.testing.installation import Installation

PAUSE = 0.002


class Watcher(threading.Thread):
    """Runs from `start()` until `words` were answered at `host`; `seen` is then the time by `perf_counter`."""

    def __init__(self, standing: Installation, host: str, words: str) -> None:
        super().__init__(daemon=True)
        self._standing, self._words = standing, words.encode()
        self._host = f"{host}.{standing.settings.domain}:{standing.port}"
        self._ended = threading.Event()
        self.seen = 0.0

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._standing.port, timeout=10)
        while not self._ended.wait(PAUSE):
            with suppress(OSError, http.client.HTTPException):
                connection.request("GET", "/", headers={"Host": self._host})
                body = connection.getresponse().read()
                if self._words in body:
                    self.seen = time.perf_counter()
                    break
                continue
            connection.close()
        connection.close()

    def finish(self, seconds: float = 30.0) -> float:
        """When the words were seen; waits for them. Raises `TimeoutError` when they never came."""
        self.join(seconds)
        self._ended.set()
        if not self.seen:
            raise TimeoutError(f"{self._host} never said {self._words.decode()}")
        return self.seen
