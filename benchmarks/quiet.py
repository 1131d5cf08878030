"""What hubs take while nobody asks them anything."""

from __future__ import annotations

import time
from collections.abc import Mapping

import psutil

from benchmarks.memory import family, pss
from dialup_ext.ingress.caddy import Caddy
from dialup_ext.testing.installation import Installation

WATCHED = 10.0
"""Seconds; two of a hub's rounds, in which it looks after all its sites."""


def idle(installation: Installation, name: str) -> dict[str, float]:
    """PSS in MiB of the hub, of Caddy, and of both."""
    assert installation.process is not None
    caddy = Caddy(installation.settings).process_id() or 0
    hub, edge = pss(family(installation.process.pid, but=[caddy])), pss([caddy])
    return {f"{name}.hub": hub, f"{name}.caddy": edge, f"{name}.both": hub + edge}


def quiet(standing: Mapping[str, Installation]) -> dict[str, float]:
    """All at once, under the names given: memory, and percent of a core over ten seconds."""
    before = {name: _cpu(one) for name, one in standing.items()}
    time.sleep(WATCHED)
    figures = {f"sites.{name}.cpu": 100 * (_cpu(one) - before[name]) / WATCHED for name, one in standing.items()}
    for name, one in standing.items():
        figures |= idle(one, f"sites.{name}")
    return figures


def _cpu(installation: Installation) -> float:
    """Seconds the hub's own process has worked."""
    assert installation.process is not None
    times = psutil.Process(installation.process.pid).cpu_times()
    return float(times.user + times.system)
