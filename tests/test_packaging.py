"""What is installed: versions that agree, files in their places, and imports that cost nothing."""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import dialup_ext

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built with the hatchling of this environment; the panel as it is, built or not."""
    folder = tmp_path_factory.mktemp("wheel")
    environment = {**os.environ, "DIALUP_SKIP_LABEXTENSION": "1"}
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT,
                   env=environment, check=True, capture_output=True)
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_the_wheel_holds_the_code_behind_the_links_once(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()

    assert len(names) == len(set(names))
    assert not [name for name in names if name.startswith(("handlers/", "spawner/", "tests/"))]
    for room in ("handlers", "spawner"):
        written = {path.name for path in (ROOT / room).glob("*.py")}
        assert written <= {name.rsplit("/", 1)[1] for name in names if name.startswith(f"dialup_ext/{room}/")}


def test_the_wheel_switches_the_extension_on_and_carries_the_templates(wheel: zipfile.ZipFile) -> None:
    shared = [name.partition(".data/data/")[2] for name in wheel.namelist() if ".data/data/" in name]

    assert "etc/jupyter/jupyter_server_config.d/dialup_ext.json" in shared
    assert not [name for name in shared if "node_modules" in name or "__pycache__" in name]
    for template in (path for path in (ROOT / "site_templates").iterdir() if path.is_dir()):
        assert [name for name in shared if name.startswith(f"share/dialup/site_templates/{template.name}/")]


def test_the_wheel_is_typed_and_names_both_commands(wheel: zipfile.ZipFile) -> None:
    scripts = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    found = configparser.ConfigParser()
    found.read_string(wheel.read(scripts).decode())

    assert "dialup_ext/py.typed" in wheel.namelist()
    assert dict(found["console_scripts"]) == {
        "deploy": "dialup_ext.cli.deploy:main", "dialup": "dialup_ext.cli.dialup:main"}


def test_the_panel_has_the_version_of_the_package() -> None:
    assert json.loads((ROOT / "labextension/package.json").read_text())["version"] == dialup_ext.__version__


def test_lock_files_name_no_address() -> None:
    text = (ROOT / "labextension/yarn.lock").read_text()

    assert not re.findall(r"https?://", text)


def test_importing_the_package_loads_neither_jupyter_nor_the_hub() -> None:
    heavy = ("jupyter_server", "sqlalchemy", "httpx", "docker", "tornado")
    code = f"import dialup_ext, sys; print([name for name in {heavy} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = dialup_ext.Nothing


def test_jupyterlab_is_told_where_the_panel_is() -> None:
    assert dialup_ext._jupyter_labextension_paths() == [{"src": "labextension", "dest": "@dialup/labextension"}]


def test_there_is_one_extra_per_place_it_runs_in() -> None:
    assert {"server", "lab", "node", "test"} == set(PROJECT["project"]["optional-dependencies"])


@pytest.mark.parametrize("room", ["handlers", "spawner"])
def test_the_rooms_at_the_top_are_links_in_the_package(room: str) -> None:
    link = ROOT / "dialup_ext" / room

    assert link.is_symlink()
    assert link.readlink() == Path("..") / room
