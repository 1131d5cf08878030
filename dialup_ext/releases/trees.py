"""The folders releases are served or run from: `sites/<account>/<site>/<release_id>/{public,app}`.

A release's folder is complete or absent: it is built aside, synced, renamed, and its parent
synced (crash points C3, C4, C6). `public` shares its files with the store, because only Caddy
reads it; `app` has its own copies, read-only, because code of others runs there.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from dialup_ext.crashpoint import crashpoint
from dialup_ext.domain.manifest import Manifest
from dialup_ext.durable import exchange, locked, no_space, sync
from dialup_ext.errors import DialupError
from dialup_ext.releases.adopt import stands
from dialup_ext.releases.blobs import LEASE, STALE, BlobStore
from dialup_ext.releases.building import build_tree
from dialup_ext.releases.manifests import ManifestStore
from dialup_ext.releases.outline import Outline, outline
from dialup_ext.releases.packed import Packed
from dialup_ext.releases.places import make_passable, plain, store_of
from dialup_ext.settings import Settings

log = logging.getLogger("dialup")

TRASH = ".trash"
"""In each account's folder, because its files may be on a disk of their own; once beside those folders."""

SWEEP_EVERY = 3600.0
"""Seconds between two sweeps: each reads every manifest and looks at every content."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Where a release lies: `public` for Caddy, `app` for an instance."""

    public: Path | None
    app: Path | None


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep removed."""

    trees: int = 0
    blobs: int = 0
    freed_bytes: int = 0


class ReleaseTrees:
    """Makes, keeps and removes the folders of releases."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sites = settings.home / "sites"
        self._next_sweep = time.monotonic()

    def materialise(self, account_name: str, account_id: str, site_name: str, release_id: str,
                    manifest: Manifest, root: str, layer: str | None, *, runs: bool) -> Tree:
        """The release's folder, built if it is not there. Durable, idempotent, safe at any crash.

        A folder that is there is compared with the manifest and adopted; one that differs is
        replaced in one step. Raises `NoSpace`, or `Conflict` (`release_damaged`,
        `layer_missing`) when something it needs is gone.
        """
        store = store_of(self._settings, account_id)
        site = self._site(account_name, site_name)
        final = site / plain(release_id)
        wanted = outline(manifest, root, layer, runs=runs)
        with no_space():
            make_passable(site, self._settings.home)
            make_passable(store, self._settings.home)
            with locked(site):
                self._drop_halves(site, release_id)
                if not stands(final, wanted, store):
                    self._build(site, final, wanted, store)
        place = final / wanted.name
        return Tree(place, None) if wanted.is_public else Tree(None, place)

    def keep_manifest(self, account_id: str, manifest: Manifest) -> None:
        """Store the list of a release's files durably. Idempotent."""
        root = store_of(self._settings, account_id)
        make_passable(root, self._settings.home)
        ManifestStore(root).keep(manifest)

    def manifest(self, account_id: str, digest: str) -> Manifest:
        """Read it back. Raises `Conflict` (`release_damaged`)."""
        return ManifestStore(store_of(self._settings, account_id)).load(digest)

    def remove(self, account_name: str, site_name: str, release_id: str) -> None:
        """Delete a release's folder; gone from its place at once. Idempotent."""
        self._discard(self._site(account_name, site_name) / plain(release_id))
        self._empty_trash()

    def remove_site(self, account_name: str, site_name: str) -> None:
        """Delete all releases' folders of a site. Idempotent. Contents go with a later `sweep`."""
        self._discard(self._site(account_name, site_name))
        self._empty_trash()

    def sweep(self, keep_releases: Collection[str], keep_manifests: Mapping[str, Collection[str]],
              now: float | None = None) -> Swept:
        """Remove what nobody refers to and nobody touched for a day; half trees after an hour.

        `keep_releases` are the ids of all releases, `keep_manifests` the manifest digests of each
        account id. Doubt keeps: without any release to keep no tree goes, an account that is not
        named loses nothing, and neither does one whose kept manifests cannot be read (R41).
        Looks once an hour and does nothing in between, however often it is called, unless `now`
        (seconds since 1970) is given.
        """
        if now is None and time.monotonic() < self._next_sweep:
            return Swept()
        self._next_sweep = time.monotonic() + SWEEP_EVERY
        now = time.time() if now is None else now
        trees = self._sweep_trees(keep_releases, now)
        blobs = freed = 0
        for account_id, manifests in keep_manifests.items():
            count, size = self._sweep_account(account_id, manifests, now)
            blobs, freed = blobs + count, freed + size
        self._empty_trash()
        return Swept(trees, blobs, freed)

    def _build(self, site: Path, final: Path, wanted: Outline, store: Path) -> None:
        blobs = BlobStore(store)
        packed = Packed(blobs)
        if wanted.is_public:
            packed.prepare(wanted.files)
        half = site / f"{final.name}.tmp-{secrets.token_hex(8)}"
        try:
            build_tree(half, wanted, blobs, packed)
            self._publish(half, final)
        finally:
            self._discard(half)

    def _publish(self, half: Path, final: Path) -> None:
        """Give the finished tree its name. A differing old one leaves in the same step."""
        if final.exists() and not exchange(half, final):
            self._discard(final)
        if not final.exists():
            half.rename(final)
        sync(final.parent)
        crashpoint("C6")

    def _drop_halves(self, site: Path, release_id: str) -> None:
        for half in site.glob(f"{release_id}.tmp-*"):
            self._discard(half)

    def _discard(self, path: Path) -> None:
        """Away from its place in one rename; the deleting is done in the account's trash (C14)."""
        if not path.is_dir():
            return
        trash = self._sites / path.relative_to(self._sites).parts[0] / TRASH
        trash.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        path.rename(trash / secrets.token_hex(16))
        sync(path.parent)

    def _empty_trash(self) -> None:
        for path in [*self._sites.glob(f"*/{TRASH}/*"), *self._sites.glob(f"{TRASH}/*")]:
            crashpoint("C14")
            _delete(path)

    def _sweep_trees(self, keep: Collection[str], now: float) -> int:
        count = 0
        for tree in list(self._sites.glob("[!.]*/[!.]*/*")):
            age = now - tree.stat().st_mtime
            half = ".tmp-" in tree.name
            if (half and age > STALE) or (not half and keep and tree.name not in keep and age > LEASE):
                self._discard(tree)
                count += 1
        return count

    def _sweep_account(self, account_id: str, manifests: Collection[str], now: float) -> tuple[int, int]:
        store = store_of(self._settings, account_id)
        known, blobs = ManifestStore(store), BlobStore(store)
        try:
            digests = {digest for name in manifests for digest in known.contents(name)}
        except DialupError:
            log.warning("a kept manifest of account %s cannot be read; nothing of it is swept", account_id)
            return 0, 0
        known.sweep(manifests, now)
        swept = blobs.sweep(digests, now)
        Packed(blobs).sweep(digests)
        return swept

    def _site(self, account_name: str, site_name: str) -> Path:
        return self._sites / plain(account_name) / plain(site_name)


def _delete(path: Path) -> None:
    for folder, _folders, _files in os.walk(path):
        with contextlib.suppress(FileNotFoundError):  # somebody else empties the trash as well
            Path(folder).chmod(0o700)  # an app's folders are read-only and could not be emptied
    shutil.rmtree(path, ignore_errors=True)
