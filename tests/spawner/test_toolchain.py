"""Node is found, is new enough, and its npm works; or the refusal says what to install."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from dialup_ext.domain.instance import Runtime
from dialup_ext.errors import Unavailable
from dialup_ext.spawner.toolchain import Toolchain, node_version


def fake_node(folder: Path, version: str, *, npm: bool = True) -> str:
    """A folder for PATH with a `node` that says `version`."""
    folder.mkdir()
    (folder / "node").write_text(f"#!/bin/sh\necho v{version}\n")
    (folder / "node").chmod(0o755)
    if npm:
        (folder / "npm").touch(mode=0o755)
        (folder / "npm-cli.js").touch()
    return str(folder)


@pytest.fixture
def no_wheel(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)


def test_a_new_node_on_path_is_taken(tmp_path):
    path = fake_node(tmp_path / "bin", "23.1.0")
    found = Toolchain(tmp_path / "tools", path).node()
    assert (found / "node").resolve() == tmp_path / "bin" / "node"


def test_an_old_node_on_path_gives_way_to_the_package(tmp_path):
    path = fake_node(tmp_path / "bin", "20.20.2")
    found = Toolchain(tmp_path / "tools", path).node()
    version = node_version(found / "node")
    assert version is not None
    assert version >= (22, 12)


def test_npm_and_npx_of_the_package_work(tmp_path):
    found = Toolchain(tmp_path / "tools", "").node()
    for program in ("npm", "npx"):
        done = subprocess.run([found / program, "--version"], env={"PATH": f"{found}:/usr/bin:/bin", "HOME": str(tmp_path)},
                              check=True, capture_output=True, text=True, timeout=60)
        assert done.stdout.strip()[0].isdigit()


def test_looking_twice_makes_nothing_new(tmp_path):
    first = Toolchain(tmp_path / "tools", "").node()
    assert Toolchain(tmp_path / "tools", "").node() == first
    assert sorted(path.name for path in first.iterdir()) == ["node", "npm", "npx"]


def test_without_node_the_refusal_names_the_package(tmp_path, no_wheel):
    with pytest.raises(Unavailable) as refusal:
        Toolchain(tmp_path / "tools", "").folders(Runtime.NODE)
    assert refusal.value.code == "node_missing"
    assert "dialup-ext[node]" in refusal.value.hint


def test_an_old_node_alone_is_refused_with_its_version(tmp_path, no_wheel):
    path = fake_node(tmp_path / "bin", "18.0.1")
    with pytest.raises(Unavailable) as refusal:
        Toolchain(tmp_path / "tools", path).node()
    assert refusal.value.code == "node_too_old"
    assert "18.0.1" in refusal.value.message


def test_python_does_without_node(tmp_path, no_wheel):
    assert Toolchain(tmp_path / "tools", "").folders(Runtime.LAB) == [Path(sys.executable).parent]
