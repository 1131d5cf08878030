"""The kernels behind open dashboards: each lives as long as somebody looks at its page.

Jupyter's own culling does not do here: a dashboard's kernel sends news every few seconds, which
counts as activity, also when nobody is left to see it.
"""

from __future__ import annotations

import time
from typing import Any

from jupyter_core.utils import ensure_async
from tornado.ioloop import PeriodicCallback

from dialup_ext.errors import TooMany

GRACE_SECONDS = 45.0
"""How long a page may take to connect, or to come back after a reload or a lost network."""
LOOK_EVERY_SECONDS = 15.0
MOST_AT_ONCE = 12


class Viewers:
    """Stands before the lab's kernel manager, starts dashboards' kernels and ends them."""

    def __init__(self, kernels: Any, *, grace: float = GRACE_SECONDS) -> None:
        self._kernels = kernels
        self._grace = grace
        self._last_seen: dict[str, float] = {}
        self._watch = PeriodicCallback(self.look, LOOK_EVERY_SECONDS * 1000)

    async def start_kernel(self, **kwargs: Any) -> str:
        """Start one, and watch it from now on. Raises `TooMany`: each takes some 50 MB."""
        if len(self._last_seen) >= MOST_AT_ONCE:
            raise TooMany(f"{MOST_AT_ONCE} dashboards are open.", code="too_many_dashboards",
                          hint="Close one of them and try again in a minute.")
        kernel_id: str = await ensure_async(self._kernels.start_kernel(**kwargs))
        self._last_seen[kernel_id] = time.monotonic()
        if not self._watch.is_running():
            self._watch.start()
        return kernel_id

    def get_kernel(self, kernel_id: str) -> Any:
        return self._kernels.get_kernel(kernel_id)

    async def look(self) -> None:
        """End every kernel that has had no page for longer than the grace time."""
        now = time.monotonic()
        for kernel_id, seen in list(self._last_seen.items()):
            if kernel_id not in self._kernels:
                del self._last_seen[kernel_id]
            elif self._kernels.kernel_model(kernel_id)["connections"]:
                self._last_seen[kernel_id] = now
            elif now - seen > self._grace:
                del self._last_seen[kernel_id]
                await ensure_async(self._kernels.shutdown_kernel(kernel_id))
        if not self._last_seen:
            self._watch.stop()
