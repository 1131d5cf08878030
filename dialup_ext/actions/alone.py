"""One program at a time, for a site with a data folder: two must not write into one database.

    the host leads to the gate, which holds what comes · what is inside ends · the old program stops ·
    the new one starts and answers · the host leads there, and what was held goes on

Killed anywhere in between, the host goes on leading to the gate, and whoever comes next (the deployment, or
the rounds) does the same again: nothing of the order depends on what was done before.
"""

from __future__ import annotations

from collections.abc import Callable

from dialup_ext.actions.context import Context
from dialup_ext.crashpoint import crashpoint
from dialup_ext.domain.deployment import StepCancelled
from dialup_ext.domain.instance import InstanceKind
from dialup_ext.domain.ports import GATE, Target
from dialup_ext.domain.site import Site

HOLD = "hold-"
"""How the target of a held host begins; the gate knows by it that waiting is worth while, in a new hub too."""

GRACE = 2.0
"""Seconds a program has between SIGTERM and SIGKILL: nobody is inside any more, and everybody waits."""

LOOK = 0.02
"""Seconds between two looks whether somebody is still inside."""

LOOKS = 5
"""So many looks in a row must find nobody: a request that Caddy read the old address for is there after the first."""


def make_way(context: Context, site: Site, key: str, cancelled: Callable[[], bool] = lambda: False) -> None:
    """Hold the site's visitors, and end whatever runs of it but `key`. Idempotent; blocks.

    Requests that are inside have `drain_seconds` to end; a stream that lasts longer is cut. On return the host
    leads to the gate. Raises `StepCancelled`; then what ran may run on, and the host leads to the gate as well.
    """
    context.ingress.point(site.host(context.settings.domain), Target(f"{HOLD}{site.id}", upstream=GATE))
    crashpoint("V1")
    end = context.clock.monotonic() + context.settings.drain_seconds
    for other in context.driver.list():
        if other.kind is InstanceKind.SITE and other.site == site.name and other.key != key:
            _wait_until_empty(context, other.key, end, cancelled)
            context.driver.stop(other.key, grace=GRACE)
    crashpoint("V2")


def _wait_until_empty(context: Context, key: str, end: float, cancelled: Callable[[], bool]) -> None:
    empty = 0
    while empty < LOOKS and context.clock.monotonic() < end:
        empty = 0 if context.driver.connections(key) else empty + 1
        if cancelled() or context.workers.closed.wait(LOOK):
            raise StepCancelled
