"""Whole installations by the name of their driver, so that one test can be held to both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dialup_ext.settings import Settings
from dialup_ext.spawner.docker import DockerDriver
from dialup_ext.testing.engine import engine, need_images
from dialup_ext.testing.installation import Installation


@contextmanager
def installed(driver: str, home: Path, *images: str, start: tuple[str, ...] = (), **options: str
              ) -> Iterator[Installation]:
    """An installation that runs things by `driver` (`process` or `docker`); nothing of it is left afterwards.
    `start`: the words after `dialup` where they are not the usual ones.

    With containers, an engine answers for as long as it lasts, and `images` are there.
    """
    installation = Installation(home, options={"driver": driver, **options})
    if driver == "process":
        yield from _running(installation, start)
        return
    with engine():
        need_images(*images)
        try:
            yield from _running(installation, start)
        finally:
            mark = home / "data" / "installation"
            if mark.exists():
                DockerDriver(Settings(home), str(json.loads(mark.read_text())["id"])).remove_everything()


def _running(installation: Installation, start: tuple[str, ...]) -> Iterator[Installation]:
    try:
        yield installation.start(*start)
    finally:
        installation.stop()
