"""The container engine is stopped, killed and started: sites answer all the time, and everything agrees afterwards."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from dialup_ext.errors import Unavailable
from dialup_ext.settings import Settings
from dialup_ext.testing.crash_scene import MARGIN, OPTIONS, Scene, Visitor
from dialup_ext.testing.engine import engine, need_images
from dialup_ext.testing.installation import Installation, wait_until
from dialup_ext.testing.private_engine import PrivateEngine, private_engine


@dataclass
class Docked:
    """A node site in a container of an engine of ours, and a static one beside it."""

    engine: PrivateEngine
    node: Scene
    static: Scene

    def deploy(self, scene: Scene) -> None:
        scene.write()
        scene.deploy()
        scene.settles(scene.marker)


@pytest.fixture(scope="module")
def docked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Docked]:
    folder = tmp_path_factory.mktemp("e")
    with engine():
        need_images("node")
        with private_engine() as own, pytest.MonkeyPatch.context() as environment:
            own.load("dialup/node:local", "dialup/base:local")
            environment.setenv("DOCKER_HOST", own.address)
            installation = Installation(folder / "home", options={**OPTIONS, "driver": "docker"}).start()
            ana = installation.account("ana")
            scenes = Docked(own, *(Scene(installation, ana, kind, folder / kind) for kind in ("node", "static")))
            try:
                scenes.deploy(scenes.node)
                scenes.deploy(scenes.static)
                yield scenes
            finally:
                own.revive()
                _away(installation)


def _away(installation: Installation) -> None:
    from dialup_ext.spawner.docker import DockerDriver

    installation.stop()
    driver = DockerDriver(Settings(installation.home),
                          json.loads((installation.home / "data/installation").read_text())["id"])
    driver.remove_everything()
    driver.close()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_sites_answer_while_the_engine_is_away_and_all_agrees_when_it_is_back(docked: Docked, end: str) -> None:
    node, static = docked.node, docked.static
    docked.engine.revive()
    with Visitor(node.installation, node.site) as visitor:
        getattr(docked.engine, end)()

        seen = len(visitor.answers)
        node.write()
        with pytest.raises(Unavailable) as refused:
            node.deploy()
        assert refused.value.code == "docker_down" and refused.value.hint
        assert refused.value.message == "Docker does not answer."
        for page in ("/sites", f"/sites/{node.site}", "/me", "/usage"):
            assert node.person.call("GET", page).status == 200, "the hub itself goes on"
        static.write()
        static.deploy()  # nothing of it runs, so nothing is missing
        assert static.shown() == static.marker
        wait_until(lambda: len(visitor.answers) > seen + 20)

        docked.engine.start()
        wait_until(lambda: len(visitor.answers) > seen + 40)
        docked.deploy(node)
    assert visitor.wrong == [] and not visitor.went_back


def test_a_deployment_the_engine_left_alone_comes_to_an_end(docked: Docked) -> None:
    """Killed while a new container has been started and does not answer yet: one whole release, no orphan."""
    docked.engine.revive()
    node = docked.node
    old, new = node.marker, node.write()
    server = (node.folder / "server.js").read_text()
    (node.folder / "server.js").write_text(f"setTimeout(() => {{}}, 1);\nawait new Promise(r => setTimeout(r, 4000));\n{server}")
    with Visitor(node.installation, node.site) as visitor:
        customer = threading.Thread(target=node.try_to_deploy)
        customer.start()

        def status() -> str:
            return str(node.person.call("GET", f"/sites/{node.site}").json["deployment"]["status"])

        wait_until(lambda: status() == "checking", MARGIN, status)
        docked.engine.kill()
        wait_until(lambda: any(marker == old for marker in visitor.answers))
        docked.engine.start()
        wait_until(lambda: status() in ("live", "failed"), MARGIN, status)
        customer.join()
        node.settles(new if status() == "live" else old)
    assert visitor.wrong == [] and not visitor.went_back
    print(f"it ended {status()}")
