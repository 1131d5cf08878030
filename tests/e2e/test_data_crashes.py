"""`kill -9` of the hub while a site with data changes hands: one program at a time, and no row is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dialup_ext.client import transport
from dialup_ext.testing.crash_scene import OPTIONS, Scene
from dialup_ext.testing.diary import Writers
from dialup_ext.testing.drivers import installed
from dialup_ext.testing.installation import wait_until

POINTS = ("V1", "V2", "C8")
"""Held, and the old one runs; it has ended, and the new one is not begun; that one answers, and nobody is led to it."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("data-crashes")
    with pytest.MonkeyPatch.context() as patch, installed(
            "process", folder / "home", "node", start=(), **OPTIONS) as there:
        patch.setattr(transport, "ATTEMPTS", 1)  # a client that asks again would hide what was acknowledged
        scene = Scene(there, there.account("ana"), "data", folder / "site")
        assert scene.person.call("POST", "/sites", {"name": scene.site, "kind": "nodejs"}).status == 201
        assert scene.person.call("PATCH", f"/sites/{scene.site}", {"volume": True}).status == 200
        scene.write()
        scene.deploy()
        scene.settles(scene.marker)
        yield scene
        scene.restart()


@pytest.mark.parametrize("point", POINTS)
def test_dying_there_ends_with_the_new_release_and_every_row(scene: Scene, point: str) -> None:
    with Writers(scene.installation, scene.site) as writers:
        wait_until(lambda: len(writers.kept) > 10)
    assert writers.wrong == []
    new = scene.write()
    scene.restart(at=point)

    scene.deploy_until_death()
    scene.restart()

    scene.settles(new)
    assert writers.lost() == set()
