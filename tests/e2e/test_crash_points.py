"""`kill -9` at every named point: one whole release is served, all the time, and nothing is lost or left over.

The table of `docs/developers/crashes.md` says which points there are, what visitors see, and which
kind or driver never comes to one.
"""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dialup_ext.client import transport
from dialup_ext.crashpoint import VARIABLE
from dialup_ext.settings import Settings
from dialup_ext.testing.crash_scene import KEPT, MARGIN, OPTIONS, Scene, Visitor, number_of
from dialup_ext.testing.engine import engine, need_images
from dialup_ext.testing.installation import Installation, wait_until
from dialup_ext.testing.invariants import violations

TABLE = Path(__file__).resolve().parents[2] / "docs/developers/crashes.md"
NEVER_TOLD = {"C0", "C1"}
"""Dying there, the hub has nothing it could finish: the old release stays until somebody deploys again."""


LAST = "C14"


def points() -> dict[str, tuple[str, str]]:
    """By name: what visitors see, and who does not come by."""
    rows = re.findall(r"^\| (C\d+[a-z]?) \|.*\| ([^|]+) \| ?([^|]*) ?\|$", TABLE.read_text(), re.MULTILINE)
    return {name: (seen.strip(), spared) for name, seen, spared in rows}


INSTALLATIONS = [(driver, kind) for driver in ("process", "docker") for kind in ("static", "node")]


def matrix() -> list[tuple[tuple[str, str], str]]:
    """Every driver and kind with every point it comes to."""
    run = [(installation, point) for installation in INSTALLATIONS for point, (_seen, spared) in points().items()
           if not re.search(rf"\b({'|'.join(installation)}): |^everything", spared)]
    return [*run, *(((driver, "built"), "C5") for driver in ("process", "docker"))]  # in a site's own build


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, str], Scene]]:
    """`scenes("docker", "node")`: one installation for all points of a driver and a kind, one at a time."""
    found: dict[tuple[str, str], Scene] = {}
    with ExitStack() as everything:
        patch = everything.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(transport, "ATTEMPTS", 1)  # a client that asks again would hide what was acknowledged
        present = everything.enter_context(ExitStack())

        def get(driver: str, kind: str) -> Scene:
            if (driver, kind) not in found:
                present.close()
                found.clear()
                found[driver, kind] = _scene(driver, kind, tmp_path_factory.mktemp("c"), present)
            return found[driver, kind]

        yield get


def _scene(driver: str, kind: str, folder: Path, stack: ExitStack) -> Scene:
    """A site with as many releases as are kept."""
    if driver == "docker":
        stack.enter_context(engine())
        need_images("node")
    installation = Installation(folder / "home", options={**OPTIONS, "driver": driver}).start()
    stack.callback(_away, installation)
    scene = Scene(installation, installation.account("ana"), kind, folder / "site")
    for _ in range(KEPT):
        scene.write()
        scene.deploy()
    scene.settles(scene.marker)
    return scene


def _away(installation: Installation) -> None:
    installation.environment.pop(VARIABLE, None)
    if installation.process is None or installation.process.poll() is not None:
        installation.start()
    installation.stop()
    if installation.options["driver"] == "docker":
        from dialup_ext.spawner.docker import DockerDriver

        mark = json.loads((installation.home / "data/installation").read_text())["id"]
        driver = DockerDriver(Settings(installation.home), mark)
        driver.remove_everything()
        driver.close()


@pytest.mark.parametrize(("where", "point"), matrix(),
                         ids=lambda value: "-".join(value) if isinstance(value, tuple) else value)
def test_dying_there_loses_nothing(scenes: Callable[[str, str], Scene], where: tuple[str, str], point: str,
                                   record_property: Callable[[str, object], None]) -> None:
    scene = scenes(*where)
    seen = points()[point][0]
    old, new = scene.marker, scene.write(dependency=point == "C5")
    scene.restart(at=point)
    with Visitor(scene.installation, scene.site) as visitor:
        scene.deploy_until_death()
        shown = scene.shown()
        assert shown == new if seen == "new" else shown in (old, new) if seen == "old or new" else shown == old

        began = time.monotonic()
        scene.restart()
        scene.settles(old if point in NEVER_TOLD else new)
        took = time.monotonic() - began
        if point in NEVER_TOLD:
            scene.deploy()
            scene.settles(new)

    record_property("seconds", took)
    print(f"{point}: settled {took:.2f} s after the restart began")
    assert visitor.wrong == []
    assert {old, new} >= set(visitor.answers) and not visitor.went_back
    if point == LAST:
        _go_back(scene, new)


def _go_back(scene: Scene, before: str) -> None:
    """I10, done: after all those crashes a rollback still works."""
    assert scene.person.call("POST", f"/sites/{scene.site}/rollback", {}).status == 202
    wait_until(lambda: number_of(scene.shown()) < number_of(before), MARGIN)
    scene.settles(scene.shown())


def test_a_migration_that_is_interrupted_is_done_again(tmp_path: Path) -> None:
    """C16: dying in the first start, or with an older database, leaves the tables as they were."""
    installation = Installation(tmp_path / "home", environment={VARIABLE: "C16"})
    installation.process = installation.run("up", "--no-browser", "--no-sample")
    assert installation.process.wait(MARGIN) == -signal.SIGKILL
    installation.environment.clear()

    installation.start()

    wait_until(lambda: violations(installation) == [])
    assert installation.get("admin", "/health").status == 200
    installation.stop()
