"""What all containers share: limits in either version of the control groups, and what an operator set stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialup_ext.spawner.everybody import FEWEST_TASKS, RESERVE, limit_all, memory, tasks

NONE = str((1 << 63) - 4096)
"""What version 1 of the kernel's groups says where there is no limit."""


@pytest.fixture
def old(tmp_path: Path) -> dict[str, Path]:
    """Version 1, as the kernel shows it."""
    return _files(tmp_path, {"memory/dialup/memory.limit_in_bytes": NONE, "pids/dialup/pids.max": "max",
                             "cpu/dialup/cpu.shares": "1024"})


@pytest.fixture
def new(tmp_path: Path) -> dict[str, Path]:
    """Version 2."""
    (tmp_path / "cgroup.controllers").write_text("cpu io memory pids\n")
    return _files(tmp_path, {"dialup/memory.max": "max", "dialup/pids.max": "max", "dialup/cpu.weight": "100",
                             "dialup/io.weight": "default 100"})


def _files(root: Path, texts: dict[str, str]) -> dict[str, Path]:
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{text}\n")
    return {Path(name).name: root / name for name in texts}


def test_the_old_kind_of_group_is_limited(tmp_path: Path, old: dict[str, Path]) -> None:
    assert limit_all("/dialup", tmp_path)
    assert {name: path.read_text() for name, path in old.items()} == {
        "memory.limit_in_bytes": str(memory()), "pids.max": str(tasks()), "cpu.shares": "512"}


def test_the_new_kind_of_group_is_limited(tmp_path: Path, new: dict[str, Path]) -> None:
    assert limit_all("/dialup", tmp_path)
    assert {name: path.read_text() for name, path in new.items()} == {
        "memory.max": str(memory()), "pids.max": str(tasks()), "cpu.weight": "50", "io.weight": "default 50"}


def test_a_limit_that_somebody_set_stays(tmp_path: Path, new: dict[str, Path]) -> None:
    new["memory.max"].write_text("6442450944\n")

    assert limit_all("/dialup", tmp_path)
    assert new["memory.max"].read_text() == "6442450944\n"
    assert new["pids.max"].read_text() == str(tasks())


def test_where_nothing_may_be_written_it_goes_on_without(tmp_path: Path) -> None:
    assert not limit_all("/dialup", tmp_path / "nowhere")


@pytest.mark.parametrize(("total", "shared"), [(24 << 30, (24 << 30) - RESERVE), (2 << 30, 3 << 29)])
def test_a_part_of_the_memory_stays_with_the_machine(total: int, shared: int) -> None:
    assert memory(total) == shared


def test_there_are_always_processes_enough_for_a_site(tmp_path: Path) -> None:
    assert tasks() >= FEWEST_TASKS
