"""The folder in which a site keeps what outlives its program."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialup_ext.errors import Unavailable
from dialup_ext.settings import Settings
from dialup_ext.spawner.data import make_data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Settings(tmp_path).volume("ana", "s1")


def test_it_is_made_for_nobody_but_its_account_and_left_as_it_is_afterwards(folder: Path) -> None:
    make_data(folder)
    (folder / "row").write_text("kept")
    make_data(folder)

    assert (folder / "row").read_text() == "kept"
    assert [place.stat().st_mode & 0o777 for place in (folder, folder.parent, folder.parent.parent)] == [0o700] * 3


def test_on_the_accounts_own_disk_it_is_made_there(folder: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disks/1/files/volumes/ana"
    disk.mkdir(parents=True)
    folder.parent.parent.mkdir()
    folder.parent.symlink_to(disk)

    make_data(folder)

    assert (disk / "s1").is_dir()


def test_nothing_begins_empty_while_the_disk_is_not_there(folder: Path, tmp_path: Path) -> None:
    folder.parent.parent.mkdir()
    folder.parent.symlink_to(tmp_path / "disks/1/files/volumes/ana")

    with pytest.raises(Unavailable, match="cannot be reached"):
        make_data(folder)


def test_a_site_without_data_needs_none() -> None:
    make_data(None)
