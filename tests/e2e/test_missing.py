"""What dialup needs and does not find: said clearly, with what to do, and nothing half-started is left."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from dialup_ext.client.deploy import DeployFailed
from dialup_ext.errors import NoSpace
from dialup_ext.ingress.caddy import Caddy
from dialup_ext.testing.installation import Installation


@contextmanager
def started(installation: Installation) -> Iterator[Installation]:
    try:
        yield installation.start()
    finally:
        installation.stop()


def refused(installation: Installation) -> str:
    """Run `dialup up`, which must end by itself with 1; what it said."""
    process = installation.run("up", "--no-browser")
    try:
        assert process.wait(60) == 1, installation.printed()
    finally:
        if process.poll() is None:
            process.kill()
    said = installation.printed()
    assert "Traceback" not in said
    assert not Caddy(installation.settings).running()
    return said


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    with closing(socket.create_server(("127.0.0.1", installation.port))):
        said = refused(installation)

    assert str(installation.port) in said and "PORT=" in said


def test_a_missing_caddy_is_named(tmp_path: Path) -> None:
    said = refused(Installation(tmp_path / "home", options={"caddy": str(tmp_path / "nothing")}))

    assert "There is no Caddy at" in said and "Correct the setting" in said


def test_an_old_caddy_is_refused(tmp_path: Path) -> None:
    old = tmp_path / "caddy"
    old.write_text("#!/bin/sh\necho 2.6.2\n")
    old.chmod(0o755)

    said = refused(Installation(tmp_path / "home", options={"caddy": str(old)}))

    assert "2.6.2" in said and "2.11.7" in said


def test_a_bad_setting_is_named(tmp_path: Path) -> None:
    said = refused(Installation(tmp_path / "home", options={}).with_environment(PORT="eighty"))

    assert "port" in said and "eighty" in said


def test_answering_the_world_without_isolation_is_refused(tmp_path: Path) -> None:
    said = refused(Installation(tmp_path / "home").with_environment(DIALUP_BIND="0.0.0.0", DIALUP_FORCE="0"))

    assert "plain processes" in said and "--force" in said


def test_a_full_disk_stops_uploads_and_not_sites(tmp_path: Path, static_site: Callable[[str], Path]) -> None:
    installation = Installation(tmp_path / "home")
    with started(installation):
        ana = installation.account("ana")
        ana.deploy("before", static_site("still here"))
    installation.options["min_free_mb"] = str(1 << 40)
    with started(installation):
        with pytest.raises(NoSpace) as refusal:
            ana.deploy("before", static_site("no room"))
        assert refusal.value.hint
        assert "still here" in installation.get("before").text
        assert installation.get("admin", "/health").json["checks"]["storage"].startswith("Only")


def test_no_network_fails_the_build_with_its_cause_and_the_old_release_stays(
        tmp_path: Path, node_site: Callable[..., Path]) -> None:
    installation = Installation(tmp_path / "home", options={"npm_registry": "http://127.0.0.1:9/"})
    with started(installation):
        ana = installation.account("ana")
        ana.deploy("program", node_site("good"))
        folder = node_site("good")
        (folder / "package.json").write_text(
            '{"scripts":{"start":"node server.js"},"dependencies":{"a-package-to-fetch":"1.0.0"}}')

        with pytest.raises(DeployFailed) as failure:
            ana.deploy("program", folder)

        assert failure.value.code == "no_network" and failure.value.hint
        assert installation.get("program").text == "good"
