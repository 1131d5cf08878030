"""A layer built by the real driver: once, then shared; a failure says why and leaves nothing."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dialup_ext.build.contents import Contents
from dialup_ext.build.layer import layer_path
from dialup_ext.build.layers import Layers
from dialup_ext.build.turns import Turns
from dialup_ext.domain.deployment import Deployment, Status, StepCancelled, StepFailed
from dialup_ext.domain.manifest import FileEntry, Manifest
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Kind, Site, SiteStatus
from dialup_ext.errors import Unavailable
from dialup_ext.settings import Settings
from dialup_ext.spawner.process import ProcessDriver

NOW = datetime.now(UTC)
SITE = Site("s1", "blog", "alice-id", "alice", Kind.NODEJS, SiteStatus.NEW, NOW)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "home")


@pytest.fixture
def driver(settings: Settings) -> ProcessDriver:
    driver = ProcessDriver(settings)
    try:
        driver.check()
    except Unavailable as error:
        pytest.skip(f"no build was tried: {error.message}")
    return driver


@pytest.fixture
def build(settings, driver):
    """Build the layer of a package.json; gives the key and what was said."""

    def do(package, deployment="d1", kind=Kind.NODEJS, cancelled=lambda: False):
        data = json.dumps(package).encode()
        manifest = Manifest([FileEntry("package.json", len(data), hashlib.sha256(data).hexdigest())])
        release = Release("r1", SITE.id, 1, kind, manifest.digest, 1, len(data), NOW, "alice",
                          runs=kind is Kind.NODEJS)
        said: list[str] = []
        layers = Layers(settings, driver, Contents(lambda *_: manifest, lambda *_: io.BytesIO(data)), Turns(1))
        attempt = Deployment(deployment, SITE.id, release.id, 1, Status.BUILDING, "deploy", NOW, NOW, "alice")
        return layers.build(SITE, release, attempt, said.append, cancelled), said

    return do


def left_running(driver) -> list[str]:
    return [instance.key for instance in driver.list()]


def test_what_needs_nothing_builds_nothing(build, driver):
    assert build({"scripts": {"start": "node ."}}) == (None, [])
    assert build({"dependencies": {"ws": "^8"}}, kind=Kind.STATIC) == (None, [])
    assert left_running(driver) == []


def test_a_layer_is_built_once_and_shared(build, driver, settings):
    try:
        key, said = build({"dependencies": {"ws": "^8.18.0"}})
    except StepFailed as error:
        if error.failure.code == "no_network":
            pytest.skip("the package server does not answer: NOT tried")
        raise
    assert (layer_path(settings, "alice-id", key) / "node_modules/ws/index.js").exists()
    assert any("added 1 package" in line for line in said)
    again, said = build({"dependencies": {"ws": "^8.18.0"}, "scripts": {"start": "x"}}, "d2")
    assert again == key
    assert said == ["dependencies are installed already"]
    assert left_running(driver) == []
    assert list((settings.home / "store/alice-id/staging").iterdir()) == []


def test_a_failed_build_says_why_and_leaves_nothing(build, driver, settings):
    with pytest.raises(StepFailed) as failed:
        build({"dependencies": {"dialup-no-such-thing-4711": "1"}})
    assert failed.value.failure.code in {"package_not_found", "no_network"}
    assert failed.value.failure.log_tail
    assert left_running(driver) == []
    assert list((settings.home / "store/alice-id/layers").iterdir()) == []


def test_a_cancelled_build_ends_at_once(build, driver, settings):
    with pytest.raises(StepCancelled):
        build({"dependencies": {"ws": "^8.18.0"}}, cancelled=lambda: True)
    assert left_running(driver) == []
    assert list((settings.home / "store/alice-id/staging").iterdir()) == []
