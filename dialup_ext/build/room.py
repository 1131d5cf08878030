"""Sees to it that a build does not fill the disk."""

from __future__ import annotations

import os
import time
from pathlib import Path

from dialup_ext.domain.deployment import Failure, StepFailed
from dialup_ext.domain.disk import Disk
from dialup_ext.settings import Settings

EVERY = 2.0
"""Seconds between two sums of what a build has written: a second of writing at full speed is much."""


class Room:
    """Watches one build's folder."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings, self._folder = settings, folder
        self._next = time.monotonic() + EVERY / 2

    def check(self) -> None:
        """Raise `StepFailed` (`build_too_large`, `no_space`) when it wrote too much. Cheap to ask often."""
        # The server's disk: the account's own, where it has one, says no by itself.
        if Disk.of(self._settings.home).complaint(self._settings.min_free_mb):
            raise StepFailed(Failure("no_space", "The server's disk is nearly full, so the build was stopped.",
                                     "Ask your admin to make room. What was live still is.", "build"))
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY
        most = self._settings.build_disk_mb
        if written(self._folder) > most << 20:
            raise StepFailed(Failure("build_too_large",
                                     f"The build wrote more than {most:,} MiB, so it was stopped.",
                                     "Look at what it writes; large media are better kept elsewhere.", "build"))


def written(folder: Path) -> int:
    """Bytes on disk below `folder`, links not followed; what vanishes meanwhile counts nothing."""
    total = 0
    waiting = [os.fspath(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as found:
                for entry in found:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError:
            continue
    return total
