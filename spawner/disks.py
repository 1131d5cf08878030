"""Each account's files on a disk of its own, so that whoever fills theirs fills nobody else's.

    disks/<account id>.img                    the file system, see `loop_disk`
    disks/<account id>/files/…                what is on it: homes/<name>, store/<id>, sites/<name>, volumes/<name>
    homes/<name>, store/<id>, …               links to those, at the places everybody knows

Links and not further mounts, for two reasons: contents and releases share files, which two mounts of the same
disk could not; and beneath a disk that is not mounted a link leads nowhere, so nothing is ever written to the
wrong place. Moving an account's files in is done whole or not at all, and gone on with after a crash.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import threading
from pathlib import Path

from dialup_ext.crashpoint import crashpoint
from dialup_ext.domain.account import Account
from dialup_ext.domain.ports import Driver
from dialup_ext.durable import exchange, sync, sync_file_system, write_file
from dialup_ext.errors import DialupError, Unavailable
from dialup_ext.settings import Settings
from dialup_ext.spawner.loop_disk import MIB, LoopDisk, image_mb

log = logging.getLogger("dialup")

PLACES = ("homes", "store", "sites", "volumes")


class Disks:
    """The disks of one home. Thread-safe. With `makes`, accounts that have none get one.

    Whatever runs of an account is ended by `driver` before its files are moved; the hub brings it back.
    """

    def __init__(self, settings: Settings, driver: Driver, *, makes: bool) -> None:
        self._home = settings.home
        self._root = settings.home / "disks"
        self._driver = driver
        self.makes = makes
        self._lock = threading.Lock()
        self._sizes: dict[str, int] = {}
        self._stays: set[str] = set()
        """Accounts whose files could not be moved in: they stay where they are until the next start."""

    def mount_all(self) -> None:
        """Every disk there is, whoever it belongs to: before anything is started. One that is broken is logged."""
        for image in sorted(self._root.glob("*.img")):
            try:
                self.disk(image.stem).mount()
            except DialupError as error:
                log.warning("the disk of account %s cannot be mounted: %s", image.stem, error.message)

    def prepare(self, account: Account) -> None:
        """The account's disk, made, mounted, moved into and large enough. Idempotent; quick when it is.

        Files that cannot be moved in stay where they are, in use, until the next start tries again: nobody's
        programs are stopped twice for it. Raises `Unavailable` (`disk_unavailable`) when a disk that holds files
        cannot be had; they are then out of reach, and safe.
        """
        disk = self.disk(account.id)
        if not (self.makes or disk.exists) or account.id in self._stays:
            return
        folders = [self._home / place / (account.id if place == "store" else account.name) for place in PLACES]
        with self._lock:
            try:
                self._ensure(disk, account, folders)
            except (DialupError, OSError) as error:
                self._after_failure(disk, account, folders, error)

    def unmount_all(self) -> list[str]:
        """Take all of them away; the ids of those that are still in use, which stay."""
        with self._lock:
            self._sizes.clear()
            return [image.stem for image in sorted(self._root.glob("*.img")) if not self.disk(image.stem).unmount()]

    def disk(self, account_id: str) -> LoopDisk:
        return LoopDisk(self._root / f"{account_id}.img", self._root / account_id)

    def all(self) -> list[LoopDisk]:
        """Every disk there is, mounted or not."""
        return [self.disk(image.stem) for image in sorted(self._root.glob("*.img"))]

    # -- making ---------------------------------------------------------------------------------
    def _ensure(self, disk: LoopDisk, account: Account, folders: list[Path]) -> None:
        quota_mb = account.quota.max_storage_mb
        if self._sizes.get(account.id) == quota_mb and disk.mounted:
            return
        if not disk.exists:
            old = [folder for folder in folders if _is_plain(folder)]
            if old:
                self._still(account.name)
            restored = self._take_aside(disk)
            disk.make(image_mb(quota_mb, sum(_bytes(folder) for folder in [*old, restored]) // MIB))
        disk.mount()
        self._move_in(disk, account.name, folders)
        disk.grow(image_mb(quota_mb))
        self._sizes[account.id] = quota_mb

    def _after_failure(self, disk: LoopDisk, account: Account, folders: list[Path], error: Exception) -> None:
        """Where files are still where they were, they go on there, and no copy of them may be taken for them later."""
        said = error.message if isinstance(error, DialupError) else str(error)
        plain = [folder for folder in folders if _is_plain(folder)]
        if not plain:
            raise Unavailable(f"The account's disk cannot be used: {said}", code="disk_unavailable",
                              hint="Its admin finds the reason in the server's log.") from error
        write_file(self._outdated(disk), "\n".join(str(folder.relative_to(self._home)) for folder in plain).encode())
        self._stays.add(account.id)
        for folder in plain if disk.mounted else ():
            shutil.rmtree(disk.place / "files" / folder.relative_to(self._home), ignore_errors=True)
        log.warning("the files of %s stay where they are until the next start: %s", account.name, said)

    def _outdated(self, disk: LoopDisk) -> Path:
        """Says what went on outside the disk: a copy made before cannot be removed while the disk is not mounted."""
        return disk.place.with_name(f"{disk.place.name}.outdated")

    def _forget_outdated(self, disk: LoopDisk, folders: list[Path]) -> None:
        note = self._outdated(disk)
        if not note.exists():
            return
        said = note.read_text().splitlines()
        for one in (str(folder.relative_to(self._home)) for folder in folders if _is_plain(folder)):
            if one in said and (disk.place / "files" / one).exists():
                shutil.rmtree(disk.place / "files" / one)
        sync_file_system(disk.place)
        note.unlink()
        sync(note.parent)

    def _restored(self, disk: LoopDisk) -> Path:
        return disk.place.with_name(f"{disk.place.name}.restored")

    def _take_aside(self, disk: LoopDisk) -> Path:
        """Files that lie where the disk will be seen: a backup brought them, without the image."""
        restored = self._restored(disk)
        if (disk.place / "files").is_dir() and not disk.mounted:
            disk.place.rename(restored)
        return restored

    def _still(self, name: str) -> None:
        for instance in self._driver.list():
            if instance.account == name:
                self._driver.stop(instance.key, grace=5.0)

    # -- moving in ------------------------------------------------------------------------------
    def _move_in(self, disk: LoopDisk, name: str, folders: list[Path]) -> None:
        files = disk.place / "files"
        self._forget_outdated(disk, folders)
        if not files.is_dir():
            if any(_is_plain(folder) for folder in folders):
                self._still(name)
            self._copy(disk, folders, files)
        if (restored := self._restored(disk)).exists():
            shutil.rmtree(restored)
        late = [folder for folder in folders if _is_plain(folder) and not (files / folder.relative_to(self._home)).exists()]
        if late:  # left out by an earlier failure
            self._still(name)
            self._copy_late(disk, late, files)
        for folder in folders:
            self._lead(folder, files / folder.relative_to(self._home))

    def _copy_late(self, disk: LoopDisk, folders: list[Path], files: Path) -> None:
        half = disk.place / "half"
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(mode=0o711)
        _copy(self._home, [str(folder.relative_to(self._home)) for folder in folders], half)
        sync_file_system(disk.place)
        for folder in folders:
            (half / folder.relative_to(self._home)).rename(files / folder.relative_to(self._home))
        shutil.rmtree(half)
        sync_file_system(disk.place)

    def _copy(self, disk: LoopDisk, folders: list[Path], files: Path) -> None:
        """All of it in one go, so that what shares a file goes on sharing it; appears under its name at the end."""
        half = disk.place / "half"
        if half.exists():
            shutil.rmtree(half)
        half.mkdir(mode=0o711)
        for place in (self._restored(disk) / "files", self._home):
            old = [one for folder in folders if _is_plain(place / (one := str(folder.relative_to(self._home))))]
            if old:
                _copy(place, old, half)
        crashpoint("D6")
        for folder in folders:
            inside = half / folder.relative_to(self._home)
            inside.parent.mkdir(mode=0o711, exist_ok=True)
            inside.parent.chmod(0o711)
            inside.mkdir(mode=0o700 if folder.parent.name in ("homes", "volumes") else 0o711, exist_ok=True)
        sync_file_system(disk.place)
        half.rename(files)
        sync_file_system(disk.place)
        crashpoint("D7")

    def _lead(self, folder: Path, inside: Path) -> None:
        """Let `folder` lead to `inside`; what was there is on the disk by now and goes."""
        target = os.path.relpath(inside, folder.parent)
        aside = folder.with_name(f".{folder.name}.moved")
        if not (folder.is_symlink() and os.fspath(folder.readlink()) == target):
            folder.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
            aside.unlink(missing_ok=True)
            aside.symlink_to(target)
            if not os.path.lexists(folder):
                aside.rename(folder)
            elif not exchange(aside, folder):
                raise Unavailable("The account's files could not be led to its disk.", code="disk_unavailable",
                                  hint="The home's file system cannot exchange two names in one step.")
            sync(folder.parent)
            crashpoint("D8")
        if aside.is_symlink():
            aside.unlink()
        elif aside.exists():
            shutil.rmtree(aside)


def _is_plain(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink()


def _copy(place: Path, folders: list[str], target: Path) -> None:
    """These folders below `place` with all that is said of them, in one go."""
    done = subprocess.run(["/bin/cp", "-a", "--parents", "--", *folders, str(target)], cwd=place,
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable("The account's files could not be moved to its disk: "
                          f"{(done.stderr.strip() or 'cp failed').splitlines()[0]}.", code="disk_unavailable",
                          hint="Nothing was lost: they are where they were. Make room, then start again.")


def _bytes(folder: Path) -> int:
    total = 0
    for path, _folders, files in os.walk(folder):
        total += sum(os.lstat(os.path.join(path, name)).st_blocks * 512 for name in files)  # noqa: PTH118 - many
    return total
