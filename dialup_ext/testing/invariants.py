"""What must be true of an installation once it has settled, whatever happened to it before.

    violations(installation, ledger) -> sentences; none of them is what must come back

Reads the database (SQLite), the links, the store, and what runs, by itself: nothing is asked of
the hub, which may be dead. The numbers are those of `docs/developers/crashes.md`.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from dialup_ext.domain.manifest import Manifest
from dialup_ext.releases.manifests import ManifestStore
from dialup_ext.releases.outline import outline
from dialup_ext.spawner import proc
from dialup_ext.spawner.family import MARK, Families
from dialup_ext.testing.installation import Installation

HOUR = 3600.0
"""Seconds after which a temporary file is a left-over."""

TEMPORARY = ("sites/*/*/*.tmp-*", "sites/*/.trash/*", "store/*/incoming/*", "store/*/uploads/*",
             "store/*/manifests/.*", "ingress/live/.*", "ingress/serving/*/.*",
             "instances/.trash-*")
"""What a crash may leave half made. Staging folders of builds stay longer (`sweep_layers`), they are not asked about."""


@dataclass
class Ledger:
    """What a client was told with a 2xx: it must be found in the database for ever."""

    facts: list[tuple[str, str]] = field(default_factory=list)
    """Table and id."""
    live: list[str] = field(default_factory=list)
    """Deployments that were said to be live: they are, or newer ones superseded them."""

    def acknowledge(self, table: str, row_id: str) -> None:
        self.facts.append((table, row_id))

    def went_live(self, deployment_id: str) -> None:
        self.live.append(deployment_id)

    def forget(self, *ids: str) -> None:
        """These were pruned, as they should be."""
        self.facts = [fact for fact in self.facts if fact[1] not in ids]
        self.live = [one for one in self.live if one not in ids]


def violations(installation: Installation, ledger: Ledger | None = None) -> list[str]:
    """Every invariant that does not hold, as a sentence that begins with its number."""
    database = installation.settings.data / "database.sqlite"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        scene = _Scene(installation, connection, ledger or Ledger())
        return [f"{number}: {words}" for number, check in _CHECKS.items() for words in check(scene)]


def age_temporaries(home: Path, seconds: float = 2 * HOUR) -> None:
    """Make everything half made look as old as this, so that I9 can be seen to be kept at once."""
    import os

    for path in _temporaries(home):
        for one in (path, *path.rglob("*")):
            if not one.is_symlink():
                os.utime(one, (time.time() - seconds,) * 2)


@dataclass
class _Scene:
    installation: Installation
    connection: sqlite3.Connection
    ledger: Ledger

    @property
    def home(self) -> Path:
        return self.installation.home

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        return self.connection.execute(query, values).fetchall()

    @cached_property
    def sites(self) -> list[sqlite3.Row]:
        return self.rows("SELECT s.*, u.name AS owner FROM user_sites s JOIN users u ON u.id = s.user_id")

    @cached_property
    def releases(self) -> dict[str, sqlite3.Row]:
        return {row["id"]: row for row in self.rows(
            "SELECT r.*, s.user_id AS owner_id FROM releases r JOIN user_sites s ON s.id = r.site_id")}

    def live(self) -> Iterator[tuple[sqlite3.Row, sqlite3.Row]]:
        """Sites that serve something, with what they serve."""
        for site in self.sites:
            if site["live_release_id"] and not site["stopped"]:
                yield site, self.releases[site["live_release_id"]]

    def awake(self) -> Iterator[tuple[sqlite3.Row, sqlite3.Row]]:
        """Those of them that answer by themselves: the hosts of the others lead to the gate, and nothing of them runs."""
        yield from ((site, release) for site, release in self.live() if not site["asleep"] and site["halted"] is None)

    def link(self, site: sqlite3.Row) -> Path:
        """The serving directory the site's host leads to."""
        host = f"{site['name']}.{self.installation.settings.domain}"
        return (self.home / "ingress" / "live" / host).resolve()

    def manifest(self, release: sqlite3.Row) -> Manifest:
        """What it is served or run from: what was uploaded, or what a build made of that."""
        store = ManifestStore(self.home / "store" / release["owner_id"])
        return store.load(_built(release) or release["digest"])


def _whole(scene: _Scene) -> Iterator[str]:
    for link in (scene.home / "ingress" / "live").glob("[!.]*"):
        if not (link.resolve() / "www").is_dir() or not (link.resolve() / "up").is_dir():
            yield f"{link.name} leads to {link.readlink()}, which is not whole"
    for site, release in scene.awake():
        root = "" if _built(release) else release["root"]
        wanted = outline(scene.manifest(release), root, release["layer"], runs=bool(release["runs"]))
        top = scene.home / "sites" / site["owner"] / site["name"] / release["id"] / wanted.name
        if wanted.is_public and (scene.link(site) / "www").resolve() != top.resolve():
            yield f"{site['name']} shows {(scene.link(site) / 'www').resolve()}, not {top}"
        for entry in wanted.files:
            if _digest(top / entry.path) != entry.sha256:
                yield f"{top / entry.path} is not what was uploaded"


def _agreed(scene: _Scene) -> Iterator[str]:
    for site, _release in scene.live():
        wanted = site["live_deployment_id"]
        if site["asleep"] or site["halted"] is not None:
            wanted = f"{'asleep' if site['asleep'] else 'failed'}-{site['id']}"
        if not scene.link(site).name.startswith(wanted):
            yield f"{site['name']} leads to {scene.link(site).name}, its row says {wanted}"
        if site["asleep"] and (site["halted"] is not None or site["sleep_after"] is None):
            yield f"{site['name']} is asleep, and should be halted or awake"
        states = [row["deploy_status"] for row in scene.rows(
            "SELECT deploy_status FROM deployments WHERE id = ?", site["live_deployment_id"])]
        if states != ["live"]:
            yield f"the live deployment of {site['name']} says {states}"


def _one_at_a_time(scene: _Scene) -> Iterator[str]:
    final = "('live', 'superseded', 'failed', 'cancelled')"
    for row in scene.rows(f"SELECT site_id, count(*) AS many FROM deployments WHERE deploy_status NOT IN {final} "  # noqa: S608
                          "GROUP BY site_id HAVING many > 1"):
        yield f"site {row['site_id']} has {row['many']} unfinished deployments"
    for row in scene.rows(f"SELECT id FROM deployments WHERE (unfinished IS NULL) != (deploy_status IN {final})"):  # noqa: S608
        yield f"deployment {row['id']} is over and unfinished at once, or neither"


def _no_orphans(scene: _Scene) -> Iterator[str]:
    needed = {f"site-{site['name']}-{site['live_deployment_id']}" for site, release in scene.awake()
              if release["runs"]}
    allowed = needed | {row["instance_key"] for row in scene.rows("SELECT instance_key FROM editor_sessions")}
    for row in scene.rows("SELECT d.id, s.name FROM deployments d JOIN user_sites s ON s.id = d.unfinished"):
        allowed |= {f"site-{row['name']}-{row['id']}", f"build-{row['id']}"}
    docker = scene.installation.options["driver"] == "docker"
    running, kept = _containers(scene) if docker else _processes(scene)
    yield from (f"{key} runs and no row asks for it" for key in sorted(running - allowed))
    yield from (f"{key} is kept and no row asks for it" for key in sorted(kept - allowed))
    yield from (f"{key} is live and does not run" for key in sorted(needed - running))
    if docker:
        yield from _networks(scene)
    yield from _folders(scene)


def _folders(scene: _Scene) -> Iterator[str]:
    ours = {(site["owner"], site["name"]) for site in scene.sites}
    for path in (scene.home / "sites").glob("[!.]*/*/*"):
        if (path.parts[-3], path.parts[-2]) not in ours or path.name.partition(".tmp-")[0] not in scene.releases:
            yield f"{path} belongs to no release"
    yield from (f"{path} belongs to no site" for path in (scene.home / "volumes").glob("[!.]*/[!.]*")
                if (path.parent.name, path.name) not in {(site["owner"], site["id"]) for site in scene.sites})
    yield from (f"{site['name']} runs without its data" for site, release in scene.awake()
                if site["volume"] and release["runs"] and not (scene.home / "volumes" / site["owner"] / site["id"]).is_dir())
    accounts = {row["id"] for row in scene.rows("SELECT id FROM users")}
    yield from (f"{path} belongs to no account" for path in (scene.home / "store").glob("*")
                if path.name not in accounts)
    hosts = {f"{site['name']}.{scene.installation.settings.domain}" for site in scene.sites}
    yield from (f"{path} is no site's" for path in (scene.home / "ingress" / "live").glob("[!.]*")
                if path.name not in hosts and not path.name.partition(".")[0].endswith("-dev")
                and ".editor." not in path.name)


def _networks(scene: _Scene) -> Iterator[str]:
    accounts = {row["name"] for row in scene.rows("SELECT name FROM users")}
    shown = _docker(scene, "network", "ls", "--format", '{{.Name}} {{.Label "dialup.account"}}')
    yield from (f"network {line} belongs to no account" for line in shown if line.split(" ")[-1] not in accounts)
    yield from (f"network {line} exists twice" for line in set(shown) if shown.count(line) > 1)


def _sound(scene: _Scene) -> Iterator[str]:
    found = [row[0] for row in scene.rows("PRAGMA integrity_check")]
    if found != ["ok"]:
        yield f"integrity_check: {found}"
    yield from (f"foreign_key_check: {tuple(row)}" for row in scene.rows("PRAGMA foreign_key_check"))


def _remembered(scene: _Scene) -> Iterator[str]:
    for table, row_id in scene.ledger.facts:
        if not scene.rows(f"SELECT id FROM {table} WHERE id = ?", row_id):  # noqa: S608 - names of tables, ours
            yield f"{row_id} of {table} was acknowledged and is gone"
    for deployment_id in scene.ledger.live:
        states = [row[0] for row in scene.rows("SELECT deploy_status FROM deployments WHERE id = ?", deployment_id)]
        if states not in (["live"], ["superseded"]):
            yield f"deployment {deployment_id} was live and is {states}"


def _nothing_old(scene: _Scene) -> Iterator[str]:
    for path in _temporaries(scene.home):
        try:
            age = time.time() - path.lstat().st_mtime
        except FileNotFoundError:
            continue  # it has just gone
        if age > HOUR:
            yield f"{path} is {age / HOUR:.1f} hours old"


def _can_go_back(scene: _Scene) -> Iterator[str]:
    for release in scene.releases.values():
        for entry in scene.manifest(release).files:
            blob = scene.home / "store" / release["owner_id"] / "blobs" / entry.sha256[:2] / entry.sha256
            if _digest(blob) != entry.sha256:
                yield f"release {release['number']} lacks {entry.path}"


_CHECKS: dict[str, Callable[[_Scene], Iterator[str]]] = {
    "I1": _whole, "I2": _agreed, "I3": _one_at_a_time, "I4": _no_orphans, "I5": _sound, "I6": _remembered,
    "I9": _nothing_old, "I10": _can_go_back,
}


def _processes(scene: _Scene) -> tuple[set[str], set[str]]:
    """Keys of instances with a living process, by the mark they carry; keys the driver remembers."""
    mark = Families(scene.home).mark("")
    marks = [proc.variable(one.pid, MARK) or "" for one in proc.processes() if not one.dead]
    running = {found.removesuffix(mark) for found in marks if found.endswith(mark)}
    return running, {path.name for path in (scene.home / "instances").glob("[!.]*")}


def _containers(scene: _Scene) -> tuple[set[str], set[str]]:
    lines = _docker(scene, "ps", "-a", "--format", '{{.Label "dialup.key"}} {{.State}}')
    states = dict(line.split(" ", 1) for line in lines)
    return {key for key, state in states.items() if state == "running"}, set(states)


def _docker(scene: _Scene, *words: str) -> list[str]:
    """The engine's own command, asked about this installation only."""
    mark = json.loads((scene.home / "data" / "installation").read_text())["id"]
    done = subprocess.run(["docker", *words, "--filter", f"label=dialup.installation={mark}"],
                          capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def _temporaries(home: Path) -> list[Path]:
    return [path for pattern in TEMPORARY for path in home.glob(pattern)]


def _built(release: sqlite3.Row) -> str | None:
    return release["built"] or None


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""
