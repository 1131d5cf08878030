"""What the verbs work with. `app.build` fills it with the concrete things."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from weakref import WeakValueDictionary

from dialup_ext.domain.account import Account
from dialup_ext.domain.deployment import Deployment
from dialup_ext.domain.instance import InstanceSpec
from dialup_ext.domain.manifest import Manifest
from dialup_ext.domain.ports import Clock, Driver, Ingress
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Site
from dialup_ext.domain.variables import Given, Variable
from dialup_ext.feed import Feed
from dialup_ext.settings import Settings
from dialup_ext.workers import Workers

if TYPE_CHECKING:
    from dialup_ext.build.detection import Detection
    from dialup_ext.releases.trees import ReleaseTrees
    from dialup_ext.releases.uploads import Uploads
    from dialup_ext.store.deployments import DeploymentRecords
    from dialup_ext.store.editing import EditorRecords
    from dialup_ext.store.preview_links import PreviewLinkRecords
    from dialup_ext.store.releases import ReleaseRecords
    from dialup_ext.store.sites import SiteRecords

Say = Callable[[str], None]


class Specs(Protocol):
    """Turns a site, a preview, a lab into a specification. Pure."""

    def site(self, site: Site, deployment: Deployment, release: Release, app: Path) -> InstanceSpec: ...

    def preview(self, site: Site, key: str, workspace: Path, builder: str = "") -> InstanceSpec: ...

    def lab(self, account: Account, key: str, secret: str, home: Path) -> InstanceSpec: ...


class Variables(Protocol):
    """What sites' programs are told, kept sealed. Without its key, values are `Unavailable`."""

    def list(self, site_id: str) -> list[Variable]:
        """A site's variables, by name."""

    def put(self, site_id: str, name: str, value: str, *, secret: bool, at: datetime) -> Variable: ...

    def remove(self, site_id: str, name: str) -> bool:
        """False when there was none."""


class VariableFiles(Protocol):
    """The same for instances: a folder each, which ends with `Driver.stop`."""

    def put(self, key: str, variables: Iterable[Variable]) -> Path: ...

    def path(self, key: str) -> Path | None: ...

    def given(self, key: str) -> Given | None: ...

    def remove(self, key: str) -> None: ...


class Layers(Protocol):
    """Builds what a release needs before it can run."""

    def build(self, site: Site, release: Release, deployment: Deployment, say: Say,
              cancelled: Callable[[], bool]) -> str | None:
        """The key of the release's sealed dependency layer, built if it is not there yet.

        None when it needs none. Raises `StepFailed` with the cause. Idempotent.
        """

    def sweep(self, keep: Mapping[str, Collection[str]]) -> int:
        """Remove layers no release of the named accounts uses; returns how many."""


class Builds(Protocol):
    """Makes a site of the files of a release that names a builder."""

    def build(self, site: Site, release: Release, layer: str | None, deployment: Deployment, say: Say,
              cancelled: Callable[[], bool]) -> str:
        """The SHA-256 of the manifest of what the build made, whose files are kept, durably.

        Raises `StepFailed` with the cause, `StepCancelled`. May be called again after any crash.
        """


class Visits(Protocol):
    """Knows whose public address was asked for."""

    def hosts(self) -> set[str]:
        """All since the last call; nothing at the first one."""

    def rest(self) -> None:
        """Nobody asks for the time being."""


class _NoVisits:
    """Where there is no ingress to tell."""

    def hosts(self) -> set[str]:
        return set()

    def rest(self) -> None:
        """Nothing was begun."""


@dataclass(frozen=True)
class Context:
    """Collaborators of the verbs, by role."""

    settings: Settings
    clock: Clock
    driver: Driver
    ingress: Ingress
    sites: SiteRecords
    releases: ReleaseRecords
    deployments: DeploymentRecords
    editing: EditorRecords
    uploads: Uploads
    trees: ReleaseTrees
    layers: Layers
    builds: Builds
    specs: Specs
    variables: Variables
    variable_files: VariableFiles
    preview_links: PreviewLinkRecords
    detect: Callable[[Manifest, Callable[[str], bytes] | None], Detection]
    """What kind of site a list of files is; with a reader, certain."""
    workspaces: Callable[[str], Path]
    """The folder that holds an account's workspaces."""
    feed: Feed
    workers: Workers
    open_lab_door: Callable[[str], None]
    """Listen on the hub socket of this account's lab; idempotent."""
    prepare_ingress: Callable[[], object]
    """Make sure somebody answers the public addresses; `Unavailable` when that cannot be."""
    note_release: Callable[[], None] = lambda: None
    """Remember, in the database and beside the files, that there is one release more (R41)."""
    prepare_disk: Callable[[Account], None] = lambda _: None
    """Make sure an account's files have a place of their own, where the server gives each one (see `walls`)."""
    elsewhere: dict[str, dict[str, int]] = field(default_factory=dict)
    """Bytes of each account outside its contents and layers, by part, as last measured."""
    arriving: dict[str, dict[str, int]] = field(default_factory=dict)
    """Bytes on their way to each account, by upload."""
    touched: dict[str, float] = field(default_factory=dict)
    """When each site's preview was last asked for, on the monotonic clock."""
    visits: Visits = field(default_factory=_NoVisits)
    """Who was visited lately, of the sites that may sleep."""
    visited: dict[str, float] = field(default_factory=dict)
    """When each site that may sleep was last visited, by its id, on the monotonic clock."""
    waiting: dict[str, int] = field(default_factory=dict)
    """How many requests wait at the gate for each site, by its id."""
    no_room: dict[str, float] = field(default_factory=dict)
    """Sites that could not be woken for want of room, and when the next try is due."""
    setbacks: dict[str, Setback] = field(default_factory=dict)
    """Live sites whose instance does not come back, by id."""
    begun: set[str] = field(default_factory=set)
    """Deployments this hub has worked on: going on with one of them is no new attempt."""
    _locks: WeakValueDictionary[tuple[str, str], threading.RLock] = field(default_factory=WeakValueDictionary)
    _claims: set[str] = field(default_factory=set)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def lock(self, kind: str, name: str) -> threading.RLock:
        """One lock per site, preview or lab: changes to one follow one another."""
        with self._guard:
            return self._locks.setdefault((kind, name), threading.RLock())

    @contextmanager
    def claim(self, what: str) -> Iterator[bool]:
        """True for whoever comes first; False while somebody works on `what` already."""
        with self._guard:
            first = what not in self._claims
            self._claims.add(what)
        try:
            yield first
        finally:
            if first:
                with self._guard:
                    self._claims.discard(what)

    def is_claimed(self, what: str) -> bool:
        with self._guard:
            return what in self._claims

    def open_gate(self, site_id: str) -> None:
        """Let whoever waits at the gate for this site look again."""
        self.feed.publish(f"gate:{site_id}", "open")

    def tell(self, account_id: str, kind: str, ref: str) -> None:
        """Say that something of this account changed."""
        self.feed.publish(account_id, kind, ref)


@dataclass(frozen=True, slots=True)
class Setback:
    """So many failed tries, and when the next one is due on the monotonic clock."""

    tries: int
    next_at: float
    ends: tuple[float, ...] = ()
    """When its program ended by itself, or never answered, of late."""
    counted: str = ""
    """The last instance whose end was counted."""
