"""What is left over goes, and nothing else: earlier images, idle networks, logs of what is gone, the old driver's."""

from __future__ import annotations

import io
import os
import secrets
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dialup_ext.app import build, leave_driver
from dialup_ext.domain.instance import InstanceKind, InstanceSpec, Runtime
from dialup_ext.errors import BadInput
from dialup_ext.settings import Settings
from dialup_ext.spawner.docker_engine import Engine
from dialup_ext.spawner.docker_logs import Logs
from dialup_ext.spawner.docker_networks import Networks, parse_pool
from dialup_ext.spawner.docker_prune import prune, superfluous
from dialup_ext.spawner.process import ProcessDriver

NOW = timedelta(0)


@pytest.fixture
def engine(docker_engine: None) -> Iterator[Engine]:
    with closing(Engine()) as engine:
        yield engine


def import_image(name: str, kind: str) -> str:
    """A tiny image with random content under this name; its id."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        entry = tarfile.TarInfo("content")
        entry.size = 1 << 20
        tar.addfile(entry, io.BytesIO(secrets.token_bytes(entry.size)))
    done = subprocess.run(["docker", "import", "-c", f"LABEL dialup.image={kind}", "-c", 'CMD ["none"]', "-", name],
                          input=content.getvalue(), check=True, capture_output=True)
    return done.stdout.decode().strip()


def test_earlier_images_go_and_what_has_a_name_a_user_or_another_label_stays(engine: Engine) -> None:
    kind, name = f"test-{secrets.token_hex(4)}", f"dialup-test-{secrets.token_hex(4)}:local"
    idle, used, current = (import_image(name, kind) for _ in range(3))
    container = subprocess.run(["docker", "create", used], check=True, capture_output=True, text=True).stdout.strip()
    try:
        assert [old.id for old in superfluous(engine, [kind], NOW)] == [idle]
        assert superfluous(engine, [kind]) == []  # it is young: it may be a build under way
        assert superfluous(engine, [kind + "-other"], NOW) == []

        count, freed = prune(engine, [kind], NOW)

        assert count == 1 and freed >= 0
        present = subprocess.run(["docker", "images", "-q", "--no-trunc"], check=True, capture_output=True, text=True).stdout
        assert (idle in present, used in present, current in present) == (False, True, True)
        assert prune(engine, [kind], NOW)[0] == 0
    finally:
        subprocess.run(["docker", "rm", container], check=False, capture_output=True)
        subprocess.run(["docker", "rmi", name, used], check=False, capture_output=True)


def test_a_full_pool_gives_up_networks_nobody_uses(engine: Engine) -> None:
    networks = Networks(engine, secrets.token_hex(16), "10.253.77.0/25")  # room for two
    try:
        for account in ("ana", "bob"):
            networks.ensure(account, InstanceKind.SITE)
        eva = networks.ensure("eva", InstanceKind.SITE)
        assert [found["Name"] for found in networks.list()] == [eva.name]
    finally:
        networks.remove_all()


@pytest.mark.parametrize("bad", ["0.0.0.0/0", "8.8.8.0/24", "127.0.0.0/16", "169.254.0.0/16", "100.64.0.0/10",
                                 "10.0.0.0/7", "240.0.0.0/8", "10.1.0.0/28"])
def test_a_pool_of_addresses_that_are_not_everybodys_own_is_refused(bad: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_pool(bad)
    assert caught.value.code == "bad_setting" and "192.168.0.0/16" in caught.value.hint


def test_copies_of_logs_go_with_what_is_gone(tmp_path: Path) -> None:
    logs = Logs(tmp_path, 1 << 20)
    for key in ("site-blog-1", "site-blog-2"):
        logs.end(key, lambda _since: b"")
    assert logs.sweep(["site-blog-2"]) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["site-blog-2"]


def test_changing_over_to_another_driver_ends_what_ran_by_the_old_one(docker_engine: None, tmp_path: Path) -> None:
    values: dict[str, Any] = {"storage_walls": "off"}
    build(Settings(tmp_path, driver="process", **values)).stop()
    old = ProcessDriver(Settings(tmp_path))
    old.start(InstanceSpec("site-blog-1", InstanceKind.SITE, "ana", Runtime.NODE, (("sleep", "600"),), tmp_path, listens=False))

    hub = build(Settings(tmp_path, driver="docker", **values))

    try:
        assert hub.context.driver.name == "docker" and old.list() == []
    finally:
        leave_driver(hub.context.driver)
        hub.stop()
        old.close()


def test_changing_over_to_a_driver_that_does_not_answer_changes_nothing(tmp_path: Path) -> None:
    build(Settings(tmp_path, driver="process")).stop()

    refused = subprocess.run([sys.executable, "-m", "dialup_ext.cli.dialup", "--home", str(tmp_path), "serve"],
                             env={**os.environ, "DIALUP_DRIVER": "docker", "DIALUP_FORCE": "1",
                                  "DOCKER_HOST": f"unix://{tmp_path}/nobody.sock"},
                             capture_output=True, text=True, check=False)

    assert refused.returncode == 1 and "Docker does not answer" in refused.stderr
    hub = build(Settings(tmp_path))
    assert hub.context.driver.name == "process"
    hub.stop()
