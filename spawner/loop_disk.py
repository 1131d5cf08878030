"""A file system in a file: as large as an account may store, so that the kernel says no and not a sum of ours.

`make` it whole or not at all, `mount` it after every start of the machine, `grow` it while it is in use. Needs
root, loop devices and e2fsprogs. ext4, mounted without set-user-id and without devices.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import struct
import subprocess
from contextlib import suppress
from pathlib import Path

from dialup_ext.crashpoint import crashpoint
from dialup_ext.durable import sync
from dialup_ext.errors import Unavailable

MIB = 1 << 20
OVERHEAD = 1.06
"""Journal, tables and directories take about a twentieth: so much more is made than may be stored."""

LEAST_MB = 64
PER_INODE = 8192
"""Bytes for each file: dependencies are many small ones, 9 KiB on average for Next and Astro."""

RESERVED = 0.1
"""A disk of up to this share of what is free is reserved; a larger one takes what it is filled with."""

OPTIONS = "loop,nosuid,nodev,noatime"
PROGRAMS = ("mkfs.ext4", "e2fsck", "resize2fs", "losetup", "mount", "umount")
_SYSTEM = "/usr/sbin:/sbin:/usr/bin:/bin"


def hindrance(place: Path) -> str:
    """Why no such disks can be had here, and what to do; empty when they can. Tries it, below `place`."""
    if os.geteuid() != 0:
        return "Only root may mount disks."
    missing = [name for name in PROGRAMS if not _program(name)]
    if missing:
        return f"{missing[0]} is missing: `apt-get install e2fsprogs mount`."
    trial = LoopDisk(place / f".trial-{secrets.token_hex(4)}.img", place / f".trial-{secrets.token_hex(4)}")
    try:
        trial.make(16)
        trial.mount()
    except Unavailable as error:
        return f"{error.message} {error.hint}".strip()
    finally:
        trial.remove()
    return ""


class LoopDisk:
    """The disk in the file `image`, seen at the folder `place`."""

    def __init__(self, image: Path, place: Path) -> None:
        self.image, self.place = image, place

    @property
    def exists(self) -> bool:
        return self.image.exists()

    @property
    def size_mb(self) -> int:
        """What the file is long, in MiB; see `image_mb`."""
        return self.image.stat().st_size // MIB

    @property
    def allocated_mb(self) -> int:
        """What the file takes on the machine's disk now, in MiB."""
        return self.image.stat().st_blocks * 512 // MIB

    @property
    def mounted(self) -> bool:
        """Asked of the kernel each time: somebody else may have unmounted it."""
        return os.path.ismount(self.place)

    def make(self, size_mb: int) -> None:
        """The file with an empty file system in it. Idempotent; a crash leaves nothing but a half file."""
        if self.exists:
            return
        self.image.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        half = self.image.with_suffix(".half")
        half.unlink(missing_ok=True)
        with half.open("xb") as file:
            half.chmod(0o600)
            _extend(file.fileno(), size_mb * MIB)
        crashpoint("D1")
        _run("mkfs.ext4", "-q", "-F", "-m", "0", "-i", str(PER_INODE), "-E", "nodiscard", str(half))
        sync(half)
        half.rename(self.image)
        sync(self.image.parent)
        crashpoint("D2")

    def mount(self) -> None:
        """See it at `place`, checked and as large as its file. Idempotent. Raises `Unavailable`."""
        if self.mounted:
            return
        self.place.mkdir(mode=0o700, exist_ok=True)  # nothing is ever written beneath: links lead further in
        if not self._attached():  # else something still has it mounted where we do not look, such as a container
            _run("e2fsck", "-p", str(self.image), fine=(0, 1, 2))
            if self._lags(self.image):
                _run("e2fsck", "-f", "-p", str(self.image), fine=(0, 1, 2))
                _run("resize2fs", str(self.image))
        _run("mount", "-t", "ext4", "-o", OPTIONS, str(self.image), str(self.place))
        self.place.chmod(0o711)
        crashpoint("D3")

    def grow(self, size_mb: int) -> bool:
        """Make it `size_mb` large, never smaller, while it is in use. Idempotent, also after a crash half-way.

        False where the kernel does not let us (CAP_SYS_RESOURCE): then it is done by the next `mount`.
        """
        if size_mb > self.size_mb:
            with self.image.open("r+b") as file:
                _extend(file.fileno(), size_mb * MIB)
                os.fsync(file.fileno())
            crashpoint("D4")
        device = self._device()
        if not self._lags(device):
            return True
        _run("losetup", "-c", str(device))
        crashpoint("D5")
        return _call("resize2fs", str(device)).returncode == 0

    def unmount(self) -> bool:
        """Take it away; False while somebody uses it. Idempotent."""
        if self.mounted and _call("umount", str(self.place)).returncode:
            return False
        with suppress(OSError):  # not there, or somebody put something beneath
            self.place.rmdir()
        return True

    def remove(self) -> None:
        """The disk and all that is on it. Idempotent."""
        if self.unmount():
            self.image.unlink(missing_ok=True)
            self.image.with_suffix(".half").unlink(missing_ok=True)

    def _lags(self, place: Path) -> bool:
        """True while the file system is smaller than its file, which is cut to whole blocks."""
        return _file_system_bytes(place) < self.image.stat().st_size - MIB

    def _attached(self) -> bool:
        return bool(_call("losetup", "-j", str(self.image)).stdout.strip())

    def _device(self) -> Path:
        device = self.place.stat().st_dev
        return Path("/dev", Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve().name)


def image_mb(quota_mb: int, used_mb: int = 0) -> int:
    """How large the disk for a quota is; larger where more than that is stored already. Pure."""
    return max(LEAST_MB, int(max(quota_mb, used_mb * 1.1) * OVERHEAD) + 32)


def _extend(descriptor: int, size: int) -> None:
    """Reserve the blocks where there is plenty of room; else only promise them."""
    here = os.fstatvfs(descriptor)
    before = os.fstat(descriptor).st_size
    if size - before <= RESERVED * here.f_bavail * here.f_frsize:
        try:
            os.posix_fallocate(descriptor, before, size - before)
            return
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EOPNOTSUPP, errno.EINVAL):
                raise
    os.ftruncate(descriptor, size)


def _file_system_bytes(device: Path) -> int:
    """From the superblock (ext4: 1,024 bytes in; blocks at 4, the size of one at 24)."""
    with device.open("rb") as file:
        block = os.pread(file.fileno(), 1024, 1024)
    count, scale = struct.unpack_from("<I", block, 4)[0], struct.unpack_from("<I", block, 24)[0]
    return int(count << (10 + scale))


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path=_SYSTEM)


def _run(name: str, *arguments: str, fine: tuple[int, ...] = (0,)) -> None:
    done = _call(name, *arguments)
    if done.returncode not in fine:
        said = (done.stderr.strip() or done.stdout.strip() or name).splitlines()[-1]
        raise Unavailable(f"The account's disk could not be prepared: {said}.", code="disk_unavailable",
                          hint="Loop devices and e2fsprogs are needed; `dialup doctor` says more.")


def _call(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = _program(name)
    if path is None:
        raise Unavailable(f"{name} is not installed on this server.", code="disk_unavailable",
                          hint="Install the packages e2fsprogs and mount.")
    return subprocess.run([path, *arguments], capture_output=True, text=True, check=False)
