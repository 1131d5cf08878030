"""Real disks on real loop devices: they hold what is stored, refuse what is too much, and survive any crash."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dialup_ext.crashpoint import VARIABLE
from dialup_ext.domain.account import Account, Quota, Role
from dialup_ext.domain.instance import InstanceKind, InstanceSpec, Runtime
from dialup_ext.domain.manifest import FileEntry, Manifest
from dialup_ext.errors import Unavailable
from dialup_ext.releases.blobs import BlobStore
from dialup_ext.releases.trees import ReleaseTrees
from dialup_ext.settings import Settings
from dialup_ext.spawner.disks import Disks
from dialup_ext.spawner.loop_disk import LoopDisk, hindrance, image_mb
from dialup_ext.testing.driver import FakeDriver

MIB = 1 << 20
POINTS = ("D1", "D2", "D3", "D6", "D7", "D8", "D8:2", "D8:3")
AGAIN = """
import sys
from pathlib import Path
from tests.spawner.test_disks import account, disks
disks(Path(sys.argv[1])).prepare(account("ana"))
"""


def account(name: str, storage_mb: int = 40) -> Account:
    return Account(f"id-{name}", name, None, Role.USER, datetime.now(UTC), Quota(max_storage_mb=storage_mb))


def disks(home: Path, driver: FakeDriver | None = None) -> Disks:
    return Disks(Settings(home), driver or FakeDriver(answers=True), makes=True)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    home = tmp_path / "home"
    home.mkdir()
    yield home
    assert disks(home).unmount_all() == []


def filled(write: Callable[[int], object]) -> OSError:
    """Do it until it cannot be done any more."""
    for number in range(1 << 20):
        try:
            write(number)
        except OSError as error:
            return error
    raise AssertionError("nothing refused it")


def contents(home: Path, name: str = "ana") -> dict[str, bytes]:
    """Everything of an account, by the place everybody knows."""
    tops = (home / "homes" / name, home / "store" / f"id-{name}", home / "sites" / name)
    return {str(path.relative_to(home)): path.read_bytes() for top in tops for path in top.rglob("*")
            if path.is_file()}


def furnish(home: Path, name: str = "ana") -> dict[str, bytes]:
    """Files of an account from before it had a disk; a release shares one with the store."""
    blob = home / "store" / f"id-{name}" / "blobs" / "ab" / "abc"
    page = home / "sites" / name / "blog" / "r1" / "public" / "index.html"
    for path, text in ((blob, b"<h1>hello</h1>"), (home / "homes" / name / "blog" / "a.txt", b"draft")):
        path.parent.mkdir(parents=True)
        path.write_bytes(text)
    page.parent.mkdir(parents=True)
    page.hardlink_to(blob)
    return contents(home, name)


def test_this_machine_has_what_it_takes(tmp_path: Path) -> None:
    assert hindrance(tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


def test_whoever_fills_their_disk_fills_nobody_elses(home: Path) -> None:
    both = disks(home)
    for name in ("ana", "bob"):
        both.prepare(account(name))
    before = os.statvfs(home).f_bavail * os.statvfs(home).f_frsize

    with (home / "homes" / "ana" / "filler").open("wb", buffering=0) as file:
        error = filled(lambda _: file.write(bytes(MIB)))

    assert error.errno == errno.ENOSPC
    assert 40 * MIB <= (home / "homes" / "ana" / "filler").stat().st_size <= 1.3 * 40 * MIB + 40 * MIB
    (home / "homes" / "bob" / "letter").write_bytes(bytes(10 * MIB))
    (home / "data").mkdir()
    (home / "data" / "database").write_bytes(b"goes on")
    assert before - os.statvfs(home).f_bavail * os.statvfs(home).f_frsize < 2 * image_mb(40) * MIB + 64 * MIB


def test_whoever_makes_too_many_files_is_alone_with_that_too(home: Path) -> None:
    both = disks(home)
    for name in ("ana", "bob"):
        both.prepare(account(name))

    error = filled(lambda number: (home / "homes" / "ana" / f"{number}").touch())

    assert error.errno == errno.ENOSPC
    assert os.statvfs(home / "homes" / "ana").f_favail == 0
    (home / "homes" / "bob" / "letter").touch()
    (home / "else").touch()


def test_beneath_a_disk_that_is_not_mounted_nothing_can_be_written(home: Path) -> None:
    one = disks(home)
    one.prepare(account("ana"))
    (home / "homes" / "ana" / "letter").write_text("dear bob")
    assert one.unmount_all() == []

    for place in ("homes/ana", "store/id-ana", "sites/ana", "volumes/ana"):
        with pytest.raises(OSError, match=r"No such file|File exists"):
            (home / place / "new").mkdir(parents=True)
        with pytest.raises(FileNotFoundError):
            (home / place / "new").write_text("lost")

    one.mount_all()
    assert (home / "homes" / "ana" / "letter").read_text() == "dear bob"


def test_a_new_hub_finds_the_disks_mounted_or_mounts_them(home: Path) -> None:
    disks(home).prepare(account("ana"))
    (home / "homes" / "ana" / "letter").write_text("dear bob")
    inode = (home / "homes" / "ana").stat().st_ino

    for stopped in (False, True):
        if stopped:
            disks(home).unmount_all()
        disks(home).mount_all()
        disks(home).prepare(account("ana"))
        assert (home / "homes" / "ana" / "letter").read_text() == "dear bob"
    assert (home / "homes" / "ana").stat().st_ino == inode


def test_files_from_before_are_moved_in_and_go_on_sharing(home: Path) -> None:
    before, driver = furnish(home), FakeDriver(answers=True)
    driver.start(InstanceSpec("lab-ana-1", InstanceKind.LAB, "ana", Runtime.LAB, (("python",),), home))

    disks(home, driver).prepare(account("ana"))

    assert contents(home) == before
    assert driver.list() == []  # nothing writes while they are moved
    blob = home / "store/id-ana/blobs/ab/abc"
    assert blob.stat().st_nlink == 2 and blob.stat().st_dev != home.stat().st_dev
    assert sorted(path.name for path in home.rglob("*.moved")) == []


def test_files_that_do_not_fit_stay_where_they_are_and_are_moved_by_a_later_start(
        home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, driver = furnish(home), FakeDriver(answers=True)
    monkeypatch.setattr("dialup_ext.spawner.disks._bytes", lambda _: 0)
    film = home / "homes" / "ana" / "film"
    film.write_bytes(os.urandom(120 * MIB))
    first = disks(home, driver)

    first.prepare(account("ana"))
    driver.start(InstanceSpec("lab-ana-1", InstanceKind.LAB, "ana", Runtime.LAB, (("python",),), home))
    first.prepare(account("ana"))  # as every few seconds

    assert len(driver.list()) == 1  # it is not ended again and again
    assert not (home / "homes" / "ana").is_symlink() and film.exists()
    film.unlink()
    (home / "homes" / "ana" / "blog" / "a.txt").write_bytes(b"edited since")
    disks(home, driver).prepare(account("ana"))
    assert (home / "homes" / "ana").is_symlink()
    assert contents(home) == before | {"homes/ana/blog/a.txt": b"edited since"}


@pytest.mark.parametrize("led", [0, 1, 2])
def test_a_copy_that_is_older_than_the_files_is_never_taken_for_them(
        home: Path, monkeypatch: pytest.MonkeyPatch, led: int) -> None:
    before = furnish(home)
    real, calls = Disks._lead, list[Path]()

    def fails(self: Disks, folder: Path, inside: Path) -> None:
        calls.append(folder)
        if len(calls) > led:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(self, folder, inside)

    monkeypatch.setattr(Disks, "_lead", fails)
    disks(home).prepare(account("ana"))
    monkeypatch.setattr(Disks, "_lead", real)
    for path in before:
        (home / path).write_bytes(b"newer")
    (home / "sites" / "ana" / "extra").write_bytes(b"new")

    disks(home).prepare(account("ana"))

    assert contents(home) == dict.fromkeys(before, b"newer") | {"sites/ana/extra": b"new"}
    assert all((home / place).is_symlink() for place in ("homes/ana", "store/id-ana", "sites/ana"))


def test_nor_is_one_that_a_crash_left_on_a_disk_which_could_then_not_be_mounted(
        home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = furnish(home)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Disks, "_lead", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        disks(home).prepare(account("ana"))  # copied, and nothing leads there yet
    disks(home).unmount_all()
    image = home / "disks" / "id-ana.img"
    kept = image.read_bytes()
    image.write_bytes(bytes(len(kept)))
    disks(home).prepare(account("ana"))  # goes on where the files are
    for path in before:
        (home / path).write_bytes(b"newer")
    image.write_bytes(kept)

    disks(home).prepare(account("ana"))

    assert contents(home) == dict.fromkeys(before, b"newer")


def test_a_disk_that_cannot_be_mounted_is_out_of_reach_and_says_so(home: Path) -> None:
    disks(home).prepare(account("ana"))
    disks(home).unmount_all()
    image = home / "disks" / "id-ana.img"
    kept = image.read_bytes()
    image.write_bytes(bytes(len(kept)))
    broken = disks(home)
    broken.mount_all()  # says so in the log, and goes on to the next

    with pytest.raises(Unavailable) as caught:
        broken.prepare(account("ana"))

    assert caught.value.code == "disk_unavailable" and caught.value.hint
    image.write_bytes(kept)
    broken.prepare(account("ana"))
    (home / "homes" / "ana" / "letter").write_text("dear bob")


def test_a_backup_of_the_files_without_the_image_comes_back_on_a_disk(home: Path, tmp_path: Path) -> None:
    before = furnish(home)
    disks(home).prepare(account("ana"))
    other = tmp_path / "other"
    subprocess.run(["cp", "-a", str(home), str(other)], check=True)
    (other / "disks" / "id-ana.img").unlink()

    disks(other).prepare(account("ana"))

    try:
        assert contents(other) == before
        assert (other / "store/id-ana/blobs/ab/abc").stat().st_dev != other.stat().st_dev
        assert sorted(path.name for path in (other / "disks").iterdir()) == ["id-ana", "id-ana.img"]
    finally:
        disks(other).unmount_all()
    assert list((other / "disks" / "id-ana").glob("*")) == []  # nothing is hidden beneath


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_at_any_point_loses_nothing_and_is_gone_on_with(home: Path, point: str) -> None:
    before = furnish(home)
    (home / "volumes" / "ana").mkdir(parents=True)

    died = subprocess.run([sys.executable, "-c", AGAIN, str(home)], env={**os.environ, VARIABLE: point},
                          capture_output=True, check=False)

    assert died.returncode == -signal.SIGKILL, died.stderr
    assert contents(home) == before  # with the disk mounted as it was left
    disks(home).unmount_all()  # and after a crash of the whole machine
    again = disks(home)
    again.mount_all()
    again.prepare(account("ana"))
    assert contents(home) == before
    assert all((home / place).is_symlink() for place in ("homes/ana", "store/id-ana", "sites/ana", "volumes/ana"))
    assert [*home.glob("*/.*"), *home.glob("disks/*.half"), *home.glob("disks/*/half")] == []


def test_a_release_shares_its_files_with_the_store_on_the_disk(home: Path) -> None:
    import hashlib
    import io

    disks(home).prepare(account("ana"))
    settings, text = Settings(home), b"<h1>hello</h1>"
    digest = hashlib.sha256(text).hexdigest()
    BlobStore(home / "store" / "id-ana").put(digest, len(text), io.BytesIO(text))
    trees = ReleaseTrees(settings)

    tree = trees.materialise("ana", "id-ana", "blog", "r1", Manifest([FileEntry("index.html", len(text), digest)]),
                             "", None, runs=False)

    assert tree.public is not None
    page = tree.public / "index.html"
    assert page.stat().st_nlink == 2
    way = [page, *page.parents[: len(page.relative_to(home).parts)], *page.resolve().parents[:6]]
    assert all(place.stat().st_mode & 0o001 for place in way[1:] if place != home)  # Caddy may be somebody else
    assert page.stat().st_mode & 0o004
    assert (home / "disks" / "id-ana.img").stat().st_mode & 0o077 == 0
    trees.remove("ana", "blog", "r1")
    assert not page.exists()


def test_a_disk_grows_with_the_quota_and_never_shrinks(home: Path) -> None:
    one = disks(home)
    one.prepare(account("ana", 40))
    (home / "homes" / "ana" / "letter").write_text("dear bob")

    one.prepare(account("ana", 400))
    disks(home).unmount_all()  # where the kernel lets nobody grow it in use, the next mount does
    again = disks(home)
    again.mount_all()
    room = os.statvfs(home / "homes" / "ana")
    again.prepare(account("ana", 80))

    assert room.f_bavail * room.f_frsize >= 400 * MIB
    assert again.disk("id-ana").size_mb == image_mb(400)
    assert (home / "homes" / "ana" / "letter").read_text() == "dear bob"


@pytest.mark.parametrize("point", ["D4", "D5"])
def test_a_crash_while_it_grows_is_made_good(home: Path, point: str) -> None:
    disks(home).prepare(account("ana", 40))
    script = AGAIN.replace('account("ana")', 'account("ana", 400)')
    died = subprocess.run([sys.executable, "-c", script, str(home)], env={**os.environ, VARIABLE: point}, check=False)
    assert died.returncode == -signal.SIGKILL

    disks(home).unmount_all()
    again = disks(home)
    again.mount_all()
    again.prepare(account("ana", 400))

    room = os.statvfs(home / "homes" / "ana")
    assert room.f_bavail * room.f_frsize >= 400 * MIB


def test_nothing_on_a_disk_gives_anybody_powers(home: Path) -> None:
    disks(home).prepare(account("ana"))
    (line,) = [line for line in Path("/proc/self/mounts").read_text().splitlines() if str(home / "disks") in line]
    assert {"nosuid", "nodev"} <= set(line.split()[3].split(","))


def test_a_disk_in_use_is_not_taken_away_and_comes_back(home: Path) -> None:
    disk = LoopDisk(home / "one.img", home / "one")
    disk.make(16)
    disk.mount()
    with (disk.place / "open").open("w"):
        assert not disk.unmount()
    assert disk.mounted
    disk.remove()
    disk.remove()
    assert list(home.iterdir()) == []
