"""A whole dialup on a free port for as long as a part needs it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.rounds import Bench
from dialup_ext.domain.account import Quota
from dialup_ext.testing.installation import Installation, Person

ROOMY = Quota(max_sites=5000, max_memory_mb=16384, max_cpu_cores=16.0, max_storage_mb=20480)


@contextmanager
def installation(bench: Bench, name: str, **options: str) -> Iterator[Installation]:
    """Started; stopped afterwards, and with `driver=docker` nothing of it is left in the engine."""
    made = Installation(bench.folder / name, options=options)
    try:
        yield made.start()
    finally:
        made.stop()
        if options.get("driver") == "docker":
            _clear(made)


def owner(standing: Installation, name: str = "robin") -> Person:
    """Somebody with room for all the sites a part makes."""
    return standing.account(name, quota=ROOMY)


def _clear(made: Installation) -> None:
    from dialup_ext.spawner.docker import DockerDriver

    driver = DockerDriver(made.settings, json.loads((made.home / "data/installation").read_text())["id"])
    driver.remove_everything()
    driver.close()
