"""A kernel for each visitor, and no more of them than fit: those nobody is connected to end soon."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Int

GRACE = 30.0
"""Seconds a kernel waits for a visitor to connect, or to come back: as long as a network is away now and then."""

LONGEST = 600.0
"""Seconds a kernel may compute while no page holds it; a loop without an end would keep its place for ever."""


class Visitors(AsyncMappingKernelManager):
    """Voila's kernels, `most` of them at once: one more waits for room."""

    most = Int(6).tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        self._room = asyncio.Condition()
        self._starting = 0
        self._left: dict[str, tuple[bool, float]] = {}
        """Since when nobody holds it, and whether it computed then."""

    @property
    def is_full(self) -> bool:
        """True when one kernel more would be one too many."""
        return len(self) + self._starting >= self.most

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """Start one when there is room."""
        async with self._room:
            await self._room.wait_for(lambda: not self.is_full)
            self._starting += 1
        try:
            return str(await super().start_kernel(**kwargs))
        finally:
            async with self._room:
                self._starting -= 1
                self._room.notify_all()  # one that could not start leaves its room to the next

    async def shutdown_kernel(self, kernel_id: str, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """End one; whoever waits for room goes on."""
        try:
            await super().shutdown_kernel(kernel_id, *args, **kwargs)  # type: ignore[no-untyped-call]
        finally:
            self._left.pop(kernel_id, None)
            async with self._room:
                self._room.notify_all()

    async def end_abandoned(self, warm: Collection[str]) -> None:
        """End kernels no page has held for `GRACE`, those that wait for their visitor (`warm`) apart.

        One that computes is left alone, its page is still being made; but not for more than `LONGEST`.
        """
        now = time.monotonic()
        for kernel_id in self.list_kernel_ids():
            computes = getattr(self.get_kernel(kernel_id), "execution_state", "idle") != "idle"
            if kernel_id in warm or self._kernel_connections.get(kernel_id):
                self._left.pop(kernel_id, None)
                continue
            before, since = self._left.get(kernel_id, (computes, now))
            self._left[kernel_id] = (computes, since if before == computes else now)
            if now - self._left[kernel_id][1] > (LONGEST if computes else GRACE):
                await self.shutdown_kernel(kernel_id)
