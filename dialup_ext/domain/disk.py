"""A nearly full disk: who is refused first, and in which words.

Below the least, uploads and builds are refused; sites, their logs and the database go on with what is left.
Below twice that, people are warned. The least is `min_free_mb`, or 5 % of the disk where that is more, but
never above 2 GiB: a large disk is not full because a twentieth of it is left. The same share of its inodes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from dialup_ext.errors import NoSpace

MIB = 1 << 20
SHARE = 0.05
MOST_MB = 2048
WARNING = 2
"""So many times the least is left when people are warned."""

MOST_INODES = 20_000


@dataclass(frozen=True, slots=True)
class Disk:
    """One file system as it stands: bytes and inodes, all there are and those left for us."""

    total: int
    free: int
    inodes: int
    inodes_free: int

    @classmethod
    def of(cls, place: Path) -> Disk:
        """The file system `place` is on; one that does not count inodes has 0 of them."""
        found = os.statvfs(place)
        return cls(found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize, found.f_files, found.f_favail)

    def least(self, min_free_mb: int) -> int:
        """Bytes that stay free for what runs already."""
        return max(min_free_mb * MIB, min(int(self.total * SHARE), MOST_MB * MIB))

    @property
    def least_inodes(self) -> int:
        return min(int(self.inodes * SHARE), MOST_INODES)

    def complaint(self, min_free_mb: int, *, times: int = 1) -> str:
        """What there is too little of, in a sentence; empty while there is enough."""
        least = times * self.least(min_free_mb)
        if self.free < least:
            return (f"Only {self.free // MIB:,} MiB of disk are left; uploads and builds stop below "
                    f"{self.least(min_free_mb) // MIB:,} MiB.")
        if self.inodes and self.inodes_free < times * self.least_inodes:
            return (f"The disk has room for {self.inodes_free:,} more files only; uploads and builds stop below "
                    f"{self.least_inodes:,}.")
        return ""


def check_disk(place: Path, min_free_mb: int, needed: int = 0) -> None:
    """Raise `NoSpace` when writing `needed` bytes more would leave less than the least."""
    disk = Disk.of(place)
    after = Disk(disk.total, disk.free - needed, disk.inodes, disk.inodes_free)
    if after.complaint(min_free_mb):
        said = disk.complaint(min_free_mb) or (
            f"The server has {disk.free // MIB:,} MiB of disk left and keeps {disk.least(min_free_mb) // MIB:,} MiB "
            f"of it free; this needs {-(-needed // MIB):,} MiB.")
        raise NoSpace(said, hint="Ask your admin to make room. What is live stays live.")
