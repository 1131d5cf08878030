"""The operator's commands that change quotas, and the one that takes an installation away."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dialup_ext.cli.dialup import main
from dialup_ext.domain.account import Quota
from dialup_ext.testing.drivers import installed
from dialup_ext.testing.installation import Installation


def run(home: Path, *words: str, said: str | None = None, **environment: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), *words], input=said,
                              env={"DIALUP_FORCE": "1", "DIALUP_DRIVER": "process", **environment})


def test_a_quota_is_shown_and_changed_in_part(tmp_path: Path) -> None:
    run(tmp_path / "home", "users", "add", "ana")

    done = run(tmp_path / "home", "users", "quota", "ana", "--memory", "2048", "--cpu", "1.5", "--builds", "2")
    shown = run(tmp_path / "home", "users", "quota", "ana", "--json")

    assert done.exit_code == 0 and "2,048 MiB of memory and 1.5 cores" in done.output
    assert json.loads(shown.output) == {"name": "ana", "sites": 3, "memory": 2048, "cpu": 1.5,
                                        "storage": Quota().max_storage_mb, "builds": 2}


@pytest.mark.parametrize("words", [("--storage", "0"), ("--memory", "-1"), ("--builds", "0"), ("--cpu", "much")])
def test_a_quota_that_cannot_be_is_refused(tmp_path: Path, words: tuple[str, str]) -> None:
    run(tmp_path / "home", "users", "add", "ana")
    assert run(tmp_path / "home", "users", "quota", "ana", *words).exit_code == 2


def test_nobody_elses_quota_is_shown_for_a_name_there_is_not(tmp_path: Path) -> None:
    assert run(tmp_path / "home", "users", "quota", "nobody").exit_code == 1


def test_removing_asks_for_the_name_and_another_name_removes_nothing(tmp_path: Path) -> None:
    run(tmp_path / "home", "users", "add", "ana")
    refused = run(tmp_path / "home", "remove", "--data", said="another\n")
    assert refused.exit_code == 1 and "nothing was removed" in refused.output
    assert (tmp_path / "home" / "data" / "database.sqlite").exists()

    assert run(tmp_path / "home", "remove", "--data", said="home\n").exit_code == 0
    assert not (tmp_path / "home").exists()


def test_an_installation_that_runs_is_not_removed(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    try:
        installation.start()
        done = run(tmp_path / "home", "remove", "--yes")
        assert done.exit_code == 1 and "already runs" in done.output
    finally:
        installation.stop()


def test_after_a_crash_nothing_of_it_is_left_but_the_data(docker_engine: None, tmp_path: Path,
                                                          node_folder: Callable[[str], Path]) -> None:
    home = tmp_path / "home"
    with installed("docker", home, "node", drain_seconds="0.2") as installation:
        installation.account("ana").deploy("program", node_folder("hello"))
        installation.kill()
        assert left(home)

        done = run(home, "remove", "--yes", DIALUP_DRIVER="docker")

        assert done.exit_code == 0, done.output
        assert left(home) == []
        assert (home / "data" / "database.sqlite").exists()
        again = run(home, "remove", "--yes", "--data", DIALUP_DRIVER="docker")
        assert again.exit_code == 0 and not home.exists()


def left(home: Path) -> list[str]:
    """Containers, networks, firewall rules, mounts and processes of an installation."""
    mark = json.loads((home / "data" / "installation").read_text())["id"]
    label = f"label=dialup.installation={mark}"
    asked = [["docker", "ps", "-aq", "--filter", label], ["docker", "network", "ls", "-q", "--filter", label]]
    found = [line for words in asked for line in _said(*words)]
    rules = [line for line in _said("iptables", "-S") if f"dlp{mark[:6]}" in line.lower()]
    mounts = [line for line in Path("/proc/self/mounts").read_text().splitlines() if str(home) in line]
    processes = [path.name for path in Path("/proc").glob("[0-9]*")
                 if str(home).encode() in _read(path / "cmdline") and int(path.name) != os.getpid()]
    return found + rules + mounts + processes


def _said(*words: str) -> list[str]:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.fixture
def node_folder(tmp_path: Path) -> Callable[[str], Path]:
    def make(words: str) -> Path:
        folder = tmp_path / "node"
        folder.mkdir()
        (folder / "package.json").write_text('{"name":"t","type":"module","scripts":{"start":"node server.js"}}')
        (folder / "server.js").write_text("import http from 'node:http';\n"
                                          f"http.createServer((q, a) => a.end({words!r})).listen(process.env.PORT);\n")
        return folder

    return make
