"""Images of a registry: fetched at first use, with words about how far it is. The registry is a real one, on loopback."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from dialup_ext.cli.dialup import main
from dialup_ext.domain.instance import Runtime
from dialup_ext.errors import Unavailable
from dialup_ext.spawner.docker import DockerDriver
from dialup_ext.spawner.docker_build import Builder, Options
from dialup_ext.spawner.docker_engine import Engine
from dialup_ext.spawner.docker_images import Images
from dialup_ext.testing.engine import docker_home, need_images
from tests.spawner.registry import registry_of


@pytest.fixture
def far(docker_engine: None) -> Iterator[str]:
    """The name of a small image that only a registry has."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        entry = tarfile.TarInfo("hello")
        entry.size = 1 << 16
        tar.addfile(entry, io.BytesIO(bytes(entry.size)))
    subprocess.run(["docker", "import", "-", "dialup-test:far"], input=content.getvalue(), check=True, capture_output=True)
    with registry_of("dialup-test:far") as name:
        subprocess.run(["docker", "rmi", "dialup-test:far"], check=True, capture_output=True)
        yield f"{name}:1"
        subprocess.run(["docker", "rmi", f"{name}:1"], check=False, capture_output=True)


def test_an_image_is_fetched_at_first_use_and_says_how_far_it_is(far: str, tmp_path: Path) -> None:
    heard: list[str] = []
    with docker_home(tmp_path / "home", lab_image=far) as (settings, installation):
        driver = DockerDriver(settings, installation)
        driver.prepare(Runtime.LAB, heard.append)
        assert heard == [f"fetching the image {far}", f"{far}: 1 of 1 parts are here"]
        heard.clear()
        driver.prepare(Runtime.LAB, heard.append)
        assert heard == []
        driver.close()


def test_an_image_the_registry_does_not_have_is_named_with_the_reason(far: str) -> None:
    name = far.replace("dialup-test", "dialup-nothing")
    with closing(Engine()) as engine, pytest.raises(Unavailable) as refusal:
        Images(engine, lab=name).of(Runtime.LAB)
    assert refusal.value.code == "image_missing"
    assert name in refusal.value.message


def test_a_base_that_is_here_is_not_fetched(docker_engine: None) -> None:
    """Nor one without labels, as most images are."""
    heard: list[str] = []
    content = io.BytesIO()
    tarfile.open(fileobj=content, mode="w").close()
    subprocess.run(["docker", "import", "-", "dialup-test:bare"], input=content.getvalue(), check=True, capture_output=True)
    try:
        with closing(Engine()) as engine:
            Builder(engine, heard.append, Options(base="dialup-test:bare")).base()
    finally:
        subprocess.run(["docker", "rmi", "dialup-test:bare"], check=True, capture_output=True)
    assert heard == ["starting from dialup-test:bare"]


def test_the_operator_fetches_what_the_settings_name(far: str, tmp_path: Path) -> None:
    environment = {"DIALUP_HOME": str(tmp_path / "home"), "DIALUP_NODE_IMAGE": far, "DIALUP_LAB_IMAGE": far}
    done = CliRunner().invoke(main, ["images", "pull"], env=environment)
    assert done.exit_code == 0, done.output
    assert "1 of 1 parts are here" in done.output
    with closing(Engine()) as engine:
        assert Images(engine).present(far)


def test_nginx_is_the_settings_then_the_one_made_here_which_is_not_made_twice(docker_engine: None) -> None:
    heard: list[str] = []
    need_images("nginx")
    with closing(Engine()) as engine:
        assert Images(engine, nginx="nginx:1").chosen(Runtime.NGINX) == "nginx:1"
        assert Images(engine).chosen(Runtime.NGINX) == "dialup/nginx:local"
        Builder(engine, heard.append).nginx()
    assert heard == ["dialup/nginx:local is up to date"]
