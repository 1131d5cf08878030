"""A store, a driver and a way to build a folder for real, without hub or database."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from dialup_ext.build.contents import Contents
from dialup_ext.build.detect import detect
from dialup_ext.build.layer import layer_path
from dialup_ext.build.layers import Layers
from dialup_ext.build.site_builds import SiteBuilds
from dialup_ext.build.turns import Turns
from dialup_ext.domain.deployment import Deployment, Status
from dialup_ext.domain.manifest import FileEntry, Manifest
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Site, SiteStatus
from dialup_ext.errors import TooMany
from dialup_ext.releases.blobs import BlobStore
from dialup_ext.releases.collect import collect
from dialup_ext.releases.trees import ReleaseTrees
from dialup_ext.releases.uploads import Uploads
from dialup_ext.settings import Settings
from dialup_ext.spawner.process import ProcessDriver

NOW = datetime.now(UTC)


@dataclass
class Workshop:
    """Builds folders, given as paths and texts, for one account."""

    settings: Settings
    driver: ProcessDriver
    said: list[str] = field(default_factory=list)
    release: Release | None = None
    """The last that was built."""
    most: int = 1 << 30
    """Bytes the account may still store."""

    def build(self, files: dict[str, str], *, cancelled: Callable[[], bool] = lambda: False,
              deployment: str = "d1", **values: object) -> dict[str, bytes]:
        """What the build made, by path."""
        settings = self.settings.with_values(**values)
        release, site, attempt = self._release(files, deployment)
        trees, uploads = ReleaseTrees(settings), Uploads(settings)
        contents, turns = Contents(trees.manifest, uploads.open), Turns(1)
        layer = Layers(settings, self.driver, contents, turns).build(site, release, attempt, self.said.append,
                                                                     cancelled)
        self.release = release
        builds = SiteBuilds(settings, self.driver, contents, turns, partial(collect, settings, self._room))
        digest = builds.build(site, release, layer, attempt, self.said.append, cancelled)
        made = trees.manifest("a1", digest)
        blobs = BlobStore(settings.home / "store/a1")
        return {entry.path: blobs.path(entry.sha256).read_bytes() for entry in made}

    def install(self, files: dict[str, str], **values: object) -> Path:
        """The sealed packages of a site that is not built."""
        settings = self.settings.with_values(**values)
        release, site, attempt = self._release(files, "d1")
        contents = Contents(ReleaseTrees(settings).manifest, Uploads(settings).open)
        layer = Layers(settings, self.driver, contents, Turns(1)).build(site, release, attempt, self.said.append,
                                                                        lambda: False)
        assert layer
        return layer_path(settings, "a1", layer) / "node_modules"

    def _room(self, account_id: str, needed: int) -> None:
        if needed > self.most:
            raise TooMany("full", code="storage_full")

    def left(self) -> list[Path]:
        """What builds left behind: folders they worked in, half contents."""
        store = self.settings.home / "store/a1"
        return [*store.glob("staging/*"), *store.glob("incoming/*")]

    def running(self) -> list[str]:
        return [instance.key for instance in self.driver.list()]

    def _release(self, files: dict[str, str], deployment: str) -> tuple[Release, Site, Deployment]:
        blobs = BlobStore(self.settings.home / "store/a1")
        contents = {path: text.encode() for path, text in files.items()}
        for data in contents.values():
            blobs.put(hashlib.sha256(data).hexdigest(), len(data), io.BytesIO(data))
        manifest = Manifest(FileEntry(path, len(data), hashlib.sha256(data).hexdigest())
                            for path, data in contents.items())
        ReleaseTrees(self.settings).keep_manifest("a1", manifest)
        found = detect(manifest, contents.__getitem__)
        release = Release("r1", "s1", 1, found.kind, manifest.digest, len(files), manifest.total_bytes, NOW, "ana",
                          root=found.root, builder=found.builder, runs=found.runs, start=found.start, config=found.config)
        site = Site("s1", "blog", "a1", "ana", found.kind, SiteStatus.NEW, NOW)
        return release, site, Deployment(deployment, "s1", "r1", 1, Status.BUILDING, "deploy", NOW, NOW, "ana")


@pytest.fixture(scope="session")
def workshop_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One store for all of them: Vite is installed once."""
    return tmp_path_factory.mktemp("workshop") / "home"


@pytest.fixture
def workshop(workshop_home: Path) -> Iterator[Workshop]:
    settings = Settings(workshop_home, build_timeout=120)
    driver = ProcessDriver(settings)
    yield Workshop(settings, driver)
    for instance in driver.list():
        driver.stop(instance.key, grace=0)
    driver.close()


@pytest.fixture
def project() -> Callable[..., dict[str, str]]:
    """A project for Vite; all of them need the same packages."""

    def make(build: str | None = "vite build", **files: str) -> dict[str, str]:
        package: dict[str, object] = {"name": "app", "version": "1.0.0", "type": "module",
                                      "devDependencies": {"vite": "^8.3.8"}}
        if build is not None:
            package["scripts"] = {"build": build}
        return {"package.json": json.dumps(package), **files}

    return make
