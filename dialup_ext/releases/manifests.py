"""The lists of files of one account's releases, each under its own digest."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Collection
from pathlib import Path

from dialup_ext.domain.manifest import Manifest
from dialup_ext.durable import locked, make_folder, write_file
from dialup_ext.errors import DialupError
from dialup_ext.releases.blobs import LEASE, checked, damaged


class ManifestStore:
    """Manifests of one account, in `store/<account_id>/manifests`; `store/<account_id>` is there."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def keep(self, manifest: Manifest) -> None:
        """Store it durably; the same one again renews its lease and writes nothing."""
        path = self._path(manifest.digest)
        make_folder(path.parent)
        with locked(self.root):
            if path.exists():
                os.utime(path)
            else:
                write_file(path, json.dumps(manifest.to_json(), separators=(",", ":")).encode(), 0o400)

    def load(self, digest: str) -> Manifest:
        """Read it back. Raises `Conflict` (`release_damaged`) when it is gone or altered."""
        try:
            manifest = Manifest.from_json(json.loads(self._path(digest).read_bytes()))
        except (FileNotFoundError, ValueError, TypeError, DialupError):
            raise damaged() from None
        if manifest.digest != digest:
            raise damaged()
        return manifest

    def contents(self, digest: str) -> dict[str, int]:
        """SHA-256 and size of every content in it, read without building the manifest. Raises like `load`.

        The file is the manifest's canonical form, so its own hash is the manifest's digest.
        """
        try:
            data = self._path(digest).read_bytes()
        except FileNotFoundError:
            raise damaged() from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise damaged()
        return {sha256: size for _path, size, sha256, _executable in json.loads(data)}

    def sweep(self, keep: Collection[str], now: float | None = None) -> int:
        """Delete those not in `keep` and not used for `LEASE` seconds; return how many."""
        before = (time.time() if now is None else now) - LEASE
        count = 0
        for path in (self.root / "manifests").glob("*.json"):
            if path.stem in keep:
                continue
            with locked(self.root):
                if path.stat().st_mtime < before:
                    path.unlink()
                    count += 1
        return count

    def _path(self, digest: str) -> Path:
        return self.root / "manifests" / f"{checked(digest)}.json"
