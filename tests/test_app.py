"""What an installation chooses once: disks for accounts, where they can be had and nobody's files are in the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dialup_ext.app import choose_walls
from dialup_ext.errors import Unavailable
from dialup_ext.settings import Settings
from dialup_ext.store.engine import Store
from dialup_ext.store.values import StoredValues


@pytest.fixture
def values(tmp_path: Path) -> Iterator[StoredValues]:
    store = Store(f"sqlite:///{tmp_path / 'database.sqlite'}")
    store.prepare()
    yield StoredValues(store)
    store.close()


def chosen(home: Path, values: StoredValues, driver: str = "docker", walls: str = "auto") -> bool:
    home.mkdir(exist_ok=True)
    return choose_walls(Settings(home, storage_walls=walls), values, cast(Any, SimpleNamespace(name=driver)))


def test_a_new_installation_with_containers_has_them_and_keeps_to_it(tmp_path: Path, values: StoredValues) -> None:
    assert chosen(tmp_path / "home", values) is True
    (tmp_path / "home" / "homes").mkdir()
    assert chosen(tmp_path / "home", values) is True


def test_one_with_files_or_without_containers_has_none_until_it_is_asked_for(tmp_path: Path,
                                                                             values: StoredValues) -> None:
    (tmp_path / "home" / "store").mkdir(parents=True)
    assert chosen(tmp_path / "home", values) is False
    assert chosen(tmp_path / "home", values) is False
    assert chosen(tmp_path / "home", values, walls="on") is True
    assert chosen(tmp_path / "home", values) is True
    assert chosen(tmp_path / "home", values, walls="off") is False


def test_the_process_driver_has_none_by_itself(tmp_path: Path, values: StoredValues) -> None:
    assert chosen(tmp_path / "home", values, driver="process") is False


def test_asking_for_what_cannot_be_had_is_refused_with_the_reason(
        tmp_path: Path, values: StoredValues, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dialup_ext.spawner.loop_disk.PROGRAMS", ("mkfs.nothing",))
    with pytest.raises(Unavailable) as caught:
        chosen(tmp_path / "home", values, walls="on")
    assert "mkfs.nothing is missing" in caught.value.message and caught.value.hint
    assert chosen(tmp_path / "home", values) is False
