"""What both drivers do with an instance's variables: the last step alone is told, and the files end with it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dialup_ext.domain.instance import InstanceKind, InstanceSpec, Mount, Runtime
from dialup_ext.domain.ports import Driver
from dialup_ext.domain.variables import LONGEST_VALUE, MOST_BYTES, Variable
from dialup_ext.settings import Settings
from dialup_ext.spawner.docker import DockerDriver
from dialup_ext.spawner.process import ProcessDriver
from dialup_ext.spawner.variable_files import VariableFiles
from dialup_ext.testing.engine import docker_home

CANARY = "c4nary-of-the-driver"
SHOWS = {
    Runtime.LAB: ("python", "-u", "-c", "import json, os; print(json.dumps([os.environ.get('TOKEN'), "
                                        "os.environ.get('SECRETS_DIR') and os.listdir(os.environ['SECRETS_DIR'])]))"),
    Runtime.NODE: ("node", "-e", "console.log(JSON.stringify([process.env.TOKEN ?? null, "
                                 "fs.readdirSync(process.env.SECRETS_DIR)]))"),
}


@pytest.fixture(params=["process", "docker"])
def driver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Driver, Settings]]:
    if request.param == "process":
        settings = Settings(tmp_path / "home")
        process = ProcessDriver(settings)
        yield process, settings
        process.stop("site-blog-1", grace=0)
        process.close()
        return
    request.getfixturevalue("docker_engine")
    with docker_home(tmp_path / "home") as (settings, installation):
        docker = DockerDriver(settings, installation)
        yield docker, settings
        docker.stop("site-blog-1", grace=0)
        docker.close()


def spec(tmp_path: Path, settings: Settings, runtime: Runtime, steps: int) -> InstanceSpec:
    folder = VariableFiles(settings).put("site-blog-1", [
        Variable("TOKEN", CANARY, secret=True, changed_at=datetime.now(UTC)),
        Variable("PLAIN", CANARY, secret=False, changed_at=datetime.now(UTC))])
    app = tmp_path / "app"
    app.mkdir()
    return InstanceSpec("site-blog-1", InstanceKind.SITE, "ana", runtime, (SHOWS[runtime],) * steps, app, site="blog",
                        mounts=(Mount(app),), listens=False, variables=folder)


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("runtime", list(SHOWS))
def test_the_last_step_is_told_and_no_other(driver: tuple[Driver, Settings], tmp_path: Path, runtime: Runtime,
                                            steps: int) -> None:
    it, settings = driver
    it.start(spec(tmp_path, settings, runtime, steps))
    assert it.wait("site-blog-1", 30).exit_code == 0
    seen = [json.loads(line) for line in it.log("site-blog-1").data.decode().splitlines()]
    assert [token for token, _ in seen] == [*([None] * (steps - 1)), CANARY]
    assert sorted(seen[-1][1]) == [".variables.json", "TOKEN"]


def test_nothing_that_shows_says_a_value_and_the_files_end_with_the_instance(driver: tuple[Driver, Settings],
                                                                             tmp_path: Path) -> None:
    it, settings = driver
    it.start(spec(tmp_path, settings, Runtime.NODE, 2))
    it.wait("site-blog-1", 30)
    if isinstance(it, DockerDriver):
        found: Any = it._containers.look("site-blog-1")
        assert CANARY not in json.dumps(found)
        assert CANARY not in subprocess.run(["docker", "inspect", found["Id"]], capture_output=True, text=True,
                                            check=True).stdout
    written = [path for path in settings.home.rglob("*") if path.is_file() and path.name != "log"]
    assert not [path for path in written if CANARY.encode() in path.read_bytes()]
    assert VariableFiles(settings).path("site-blog-1") is not None
    it.stop("site-blog-1", grace=0)
    assert VariableFiles(settings).path("site-blog-1") is None


def test_the_files_are_in_memory_where_there_is_some(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "home")
    assert VariableFiles(settings).in_memory
    assert VariableFiles(settings).root.parent in (Path("/run"), Path("/dev/shm"))
    without = VariableFiles(settings, places=[tmp_path])
    assert not without.in_memory
    assert without.root == settings.run / "variables"


def test_as_much_as_may_be_set_can_be_given(driver: tuple[Driver, Settings], tmp_path: Path) -> None:
    it, settings = driver
    wanted = spec(tmp_path, settings, Runtime.LAB, 1)
    pieces = [Variable(f"A{number}", "x" * (LONGEST_VALUE - 10), secret=True, changed_at=datetime.now(UTC))
              for number in range(MOST_BYTES // LONGEST_VALUE)]
    VariableFiles(settings).put("site-blog-1", [*pieces, Variable("TOKEN", "z", secret=True, changed_at=datetime.now(UTC))])
    it.start(wanted)
    assert it.wait("site-blog-1", 30).exit_code == 0
    token, files = json.loads(it.log("site-blog-1").data)
    assert (token, len(files)) == ("z", len(pieces) + 2)


def test_what_a_crash_left_is_swept_when_it_is_old(tmp_path: Path) -> None:
    files = VariableFiles(Settings(tmp_path / "home"), places=())
    one = Variable("TOKEN", CANARY, secret=True, changed_at=datetime.now(UTC))
    left, kept, young = (files.put(key, [one]) for key in ("site-a-1", "site-b-1", "site-c-1"))
    half = files.root / ".site-d-1.0123456789abcdef"
    half.mkdir()
    for old in (left, kept, half):
        os.utime(old, (0, 0))
    assert files.sweep(["site-b-1"]) == 2
    assert [path.exists() for path in (left, half, kept, young)] == [False, False, True, True]
