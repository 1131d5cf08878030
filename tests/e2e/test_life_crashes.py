"""`kill -9` of the hub while a site falls asleep or wakes, and of its container: all converges, nothing kept is lost.

The points are those of `docs/developers/crashes.md`. While there is no hub, nobody holds what comes to the gate;
what is judged is what holds once there is one again.
"""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from dialup_ext.testing.crash_scene import MARGIN, OPTIONS, Scene
from dialup_ext.testing.diary import JOURNAL
from dialup_ext.testing.drivers import installed
from dialup_ext.testing.installation import wait_until
from dialup_ext.testing.invariants import violations

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A Node site in a container, with a data folder."""
    folder = tmp_path_factory.mktemp("l")
    with installed("docker", folder / "home", "node", start=(), **OPTIONS, sleep_least="1") as installation:
        scene = Scene(installation, installation.account("ana"), "node", folder / "site")
        assert scene.person.call("POST", "/sites", {"name": scene.site, "kind": "nodejs"}).status == 201
        assert scene.person.call("PATCH", f"/sites/{scene.site}", {"volume": True}).json["volume"]
        write(scene)
        scene.deploy()
        scene.settles(scene.marker)
        yield scene
        installation.environment.clear()


def write(scene: Scene) -> str:
    """The next release of a program that keeps what it is sent, and says which release it is."""
    marker = scene.write()
    (scene.folder / "package.json").write_text('{"scripts": {"start": "node server.js"}}')
    (scene.folder / "server.js").write_text(JOURNAL.replace("release RELEASE", marker))
    return marker


def keep(scene: Scene, row: str) -> None:
    assert scene.installation.request("POST", scene.site, f"/{row}").status == 200


def kept(scene: Scene) -> set[str]:
    return set(scene.installation.get(scene.site, "/all").text.split())


def sleeps(scene: Scene, after: int | None) -> None:
    assert scene.person.call("PATCH", f"/sites/{scene.site}", {"sleep_after": after}).status == 200


def status(scene: Scene) -> str:
    return str(scene.person.call("GET", f"/sites/{scene.site}").json["status"])


def dies(scene: Scene) -> None:
    assert scene.installation.process is not None
    assert scene.installation.process.wait(MARGIN) == -signal.SIGKILL


def agrees(scene: Scene) -> None:
    wait_until(lambda: violations(scene.installation, scene.ledger) == [], MARGIN,
               lambda: "; ".join(violations(scene.installation, scene.ledger)))


@pytest.mark.parametrize("point", ["S1", "S2"])
def test_dying_while_a_site_falls_asleep(scene: Scene, point: str) -> None:
    keep(scene, f"before-{point}")
    scene.restart(at=point)
    sleeps(scene, 1)
    dies(scene)

    scene.restart()
    wait_until(lambda: status(scene) == "sleeping", MARGIN, lambda: status(scene))
    agrees(scene)
    assert scene.shown() == scene.marker
    sleeps(scene, None)
    scene.settles(scene.marker)
    assert f"before-{point}" in kept(scene)


def test_dying_while_a_site_wakes(scene: Scene) -> None:
    sleeps(scene, 1)
    wait_until(lambda: status(scene) == "sleeping", MARGIN, lambda: status(scene))
    scene.restart(at="S3")
    visitor = threading.Thread(target=_visit, args=(scene,))
    visitor.start()
    dies(scene)
    visitor.join()

    scene.restart()
    sleeps(scene, None)
    scene.settles(scene.marker)


def test_a_container_that_is_killed_comes_back_with_its_data(scene: Scene) -> None:
    keep(scene, "before-the-kill")
    found = subprocess.run(["docker", "ps", "-q", f"--filter=label=dialup.site={scene.site}",
                            f"--filter=label=dialup.account={scene.person.name}"], check=True, capture_output=True, text=True)
    for one in found.stdout.split():
        if str(scene.installation.home) in _mounts(one):
            subprocess.run(["docker", "kill", "--signal=KILL", one], check=True, capture_output=True)

    wait_until(lambda: scene.shown() == scene.marker, MARGIN, scene.shown)
    scene.settles(scene.marker)
    assert "before-the-kill" in kept(scene)


def _mounts(container: str) -> str:
    """The folders it has; other installations' containers of that name have others."""
    return subprocess.run(["docker", "inspect", "-f", "{{json .Mounts}}", container], check=True, capture_output=True,
                          text=True).stdout


def _visit(scene: Scene) -> None:
    with suppress(OSError):  # the hub that holds it dies
        scene.installation.get(scene.site)
