"""News inside the hub: workers publish, event streams listen. Nothing is kept.

A piece of news says only *what* changed; whoever sends it on looks up how it stands then, so a
slow reader never sees an old state after a newer one, and missing a piece costs nothing but time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class News:
    """`topic` is an account's id or `log:<deployment id>`; `kind` and `ref` name what changed."""

    topic: str
    kind: str
    ref: str = ""


Listener = Callable[[News], None]


class Feed:
    """Thread-safe. A listener is called in the publisher's thread and must return at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[str, set[Listener]] = {}

    def publish(self, topic: str, kind: str, ref: str = "") -> None:
        """Tell everybody who listens to `topic`."""
        with self._lock:
            listeners = tuple(self._listeners.get(topic, ()))
        for listener in listeners:
            listener(News(topic, kind, ref))

    @contextmanager
    def listening(self, topic: str, listener: Listener) -> Iterator[None]:
        """Call `listener` for news on `topic` while the block runs."""
        with self._lock:
            self._listeners.setdefault(topic, set()).add(listener)
        try:
            yield
        finally:
            with self._lock:
                self._listeners[topic].discard(listener)
                if not self._listeners[topic]:
                    del self._listeners[topic]
