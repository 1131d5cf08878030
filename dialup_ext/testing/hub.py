"""A hub for tests without processes or Caddy: real database, real files, public fakes for the rest."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from dialup_ext.actions.context import Builds, Context
from dialup_ext.actions.upload import begin_upload, finish_upload
from dialup_ext.build.detect import detect
from dialup_ext.domain.account import Account, Quota, Role
from dialup_ext.domain.clock import SystemClock
from dialup_ext.domain.manifest import FileEntry, Manifest
from dialup_ext.domain.ports import Clock, Driver
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Site
from dialup_ext.feed import Feed, News
from dialup_ext.identity import Identity
from dialup_ext.releases.blobs import BlobStore
from dialup_ext.releases.trees import ReleaseTrees
from dialup_ext.releases.uploads import Uploads
from dialup_ext.sealing import Seal
from dialup_ext.settings import Settings
from dialup_ext.spawner.specs import Specifications
from dialup_ext.spawner.variable_files import VariableFiles
from dialup_ext.store.deployments import DeploymentRecords
from dialup_ext.store.editing import EditorRecords
from dialup_ext.store.engine import Store
from dialup_ext.store.env_vars import VariableRecords, any_variables
from dialup_ext.store.preview_links import PreviewLinkRecords
from dialup_ext.store.releases import ReleaseRecords
from dialup_ext.store.sites import SiteRecords
from dialup_ext.testing.driver import FakeDriver
from dialup_ext.testing.ingress import RecordingIngress
from dialup_ext.workers import Workers

NODE = {"package.json": '{"scripts": {"start": "node server.js"}}', "server.js": "// {words}"}


@dataclass
class NoLayers:
    """Layers for sites without dependencies."""

    swept: list[object] = field(default_factory=list)

    def build(self, *_: object) -> None:
        return None

    def sweep(self, keep: object) -> int:
        self.swept.append(keep)
        return 0


class NoBuilds:
    """Builds of sites that need none."""

    def build(self, *_: object) -> str:
        raise AssertionError("nothing here is built")


class Bench:
    """A `Context` and short ways to get something onto it."""

    def __init__(self, home: Path, *, driver: Driver | None = None, clock: Clock | None = None,
                 builds: Builds | None = None, **settings: object) -> None:
        chosen = {"health_timeout": 3.0, "drain_seconds": 0.05, **settings}
        self.settings = Settings(home, **chosen)
        for folder in (self.settings.data, self.settings.run):
            folder.mkdir(parents=True, exist_ok=True)
        self.store = Store(self.settings.resolved_database_url)
        self.store.prepare()
        self.clock = clock or SystemClock()
        self.identity = Identity(self.store, self.settings, self.clock)
        self.driver = driver or FakeDriver(answers=True)
        self.ingress = RecordingIngress()
        self.builds = builds or NoBuilds()
        self.context = self._context()

    def again(self) -> Bench:
        """As after a crash: the same database, files, driver and ingress, nothing in memory."""
        self.context.workers.close()
        self.context = self._context()
        return self

    def account(self, name: str = "ana", **quota: float) -> Account:
        return self.identity.add_account(name, role=Role.USER, quota=Quota(**quota) if quota else Quota())  # type: ignore[arg-type]

    def site(self, owner: Account, name: str = "blog") -> Site:
        from dialup_ext.actions.sites import create_site

        return create_site(self.context, owner, name)

    def release(self, owner: Account, site: Site, words: str, *, node: bool = False) -> Release:
        """Upload a folder that says `words`."""
        texts = {path: text.replace("{words}", words) for path, text in NODE.items()} if node else {
            "index.html": f"<h1>{words}</h1>"}
        return self.upload(owner, site, texts)

    def upload(self, owner: Account, site: Site, texts: Mapping[str, str]) -> Release:
        """The release of these texts, by their paths."""
        contents = {path: text.encode() for path, text in texts.items()}
        manifest = Manifest(FileEntry(path, len(raw), hashlib.sha256(raw).hexdigest())
                            for path, raw in contents.items())
        begun = begin_upload(self.context, owner, site, manifest)
        blobs = BlobStore(self.settings.home / "store" / owner.id)
        for raw in contents.values():
            blobs.put(hashlib.sha256(raw).hexdigest(), len(raw), io.BytesIO(raw))
        return finish_upload(self.context, owner, begun["id"])

    def news(self, topic: str) -> tuple[list[News], Callable[[], None]]:
        """What is published on `topic` from now on, and how to stop listening."""
        heard: list[News] = []
        listening = self.context.feed.listening(topic, heard.append)
        listening.__enter__()

        def stop() -> None:
            listening.__exit__(None, None, None)

        return heard, stop

    def close(self) -> None:
        self.context.workers.close()
        self.store.close()

    def _context(self) -> Context:
        return Context(
            settings=self.settings, clock=self.clock, driver=self.driver, ingress=self.ingress,
            sites=SiteRecords(self.store), releases=ReleaseRecords(self.store),
            deployments=DeploymentRecords(self.store), editing=EditorRecords(self.store),
            uploads=Uploads(self.settings), trees=ReleaseTrees(self.settings), layers=NoLayers(),
            builds=self.builds,
            variables=VariableRecords(self.store, Seal(self.settings.data / "secrets.key",
                                                       partial(any_variables, self.store))),
            variable_files=VariableFiles(self.settings, places=()), preview_links=PreviewLinkRecords(self.store),
            specs=Specifications(self.settings), detect=detect, feed=Feed(), workers=Workers(),
            workspaces=lambda account: self.settings.home / "homes" / account,
            open_lab_door=lambda _: None, prepare_ingress=lambda: None)
