"""Uploads: the list of files first, then only what this account's store lacks.

An upload is one small file in `store/<account_id>/uploads`, so it survives a restart of the hub
and can be gone on with. It belongs to one account: to everybody else it does not exist.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from dialup_ext.domain.manifest import Manifest
from dialup_ext.durable import make_folder, no_space, write_file
from dialup_ext.errors import Conflict, DialupError, NotFound
from dialup_ext.releases.blobs import BlobStore
from dialup_ext.releases.frames import FrameReader
from dialup_ext.releases.incoming import Incoming
from dialup_ext.releases.manifests import ManifestStore
from dialup_ext.releases.places import make_passable, store_of
from dialup_ext.releases.stored import StoredBytes
from dialup_ext.settings import Settings

MOST_OPEN = 50
"""Uploads one account may have open; a new one then takes the place of the oldest."""

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload as it stands: `missing` are the digests still to be sent."""

    id: str
    account_id: str
    site_id: str
    manifest: Manifest
    missing: list[str]


class Received(NamedTuple):
    """What one body brought, and what the upload still lacks."""

    received: int
    missing: list[str]


class Finished(NamedTuple):
    """A complete upload: its files, and the site it was begun for."""

    manifest: Manifest
    site_id: str


class UploadWriter:
    """Takes one body, for one thread: `feed` the chunks, then `finish`, or `abort` when it broke off."""

    def __init__(self, manifest: Manifest, blobs: BlobStore, record: Path) -> None:
        self._blobs = blobs
        self._expected = manifest.digests()
        self._record = record
        self._incoming: Incoming = blobs.receive()
        missing = blobs.missing(self._expected)
        self.missing_bytes = sum(self._expected[digest] for digest in missing)
        """What had not arrived when this body began."""
        self.on_end: Callable[[], None] = lambda: None
        """Called when this body has ended, well or not."""
        have = self._expected.keys() - set(missing)
        self._reader = FrameReader(self._expected, self._incoming, have)

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes. On any error call `abort`."""
        self._reader.feed(chunk)

    def finish(self) -> Received:
        """Make everything durable. A body that ends inside a file raises, after keeping the whole ones."""
        try:
            self._reader.close()
        finally:
            self.abort()
        return Received(self._reader.received, self._blobs.missing(self._expected))

    def abort(self) -> None:
        """Keep the files that arrived whole, drop the half one. Idempotent."""
        try:
            self._incoming.commit()
            if self._record.exists():
                os.utime(self._record)
        finally:
            self.on_end()


class Uploads:
    """All uploads of all accounts, each seen only by its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.stored = StoredBytes(settings)
        """What everything that arrived takes."""

    def missing_bytes(self, account_id: str, manifest: Manifest) -> int:
        """Bytes of the contents in `manifest` that the account would have to send. Opens nothing."""
        sizes = manifest.digests()
        return sum(sizes[digest] for digest in self._blobs(account_id).missing(sizes))

    def begin(self, account_id: str, site_id: str, manifest: Manifest) -> Upload:
        """Open an upload and say what is missing. Durable; raises `NoSpace`."""
        root = store_of(self._settings, account_id)
        make_passable(root, self._settings.home)
        upload_id = secrets.token_hex(16)
        folder = root / "uploads"
        make_folder(folder)
        with no_space():
            _forget_oldest(folder)
            write_file(folder / f"{upload_id}.json", json.dumps(
                {"site_id": site_id, "files": manifest.to_json()}, separators=(",", ":")).encode())
        blobs = BlobStore(root)
        blobs.lease(manifest.digests())
        return Upload(upload_id, account_id, site_id, manifest, blobs.missing(manifest.digests()))

    def load(self, upload_id: str, account_id: str) -> Upload:
        """The upload as it stands. Raises `NotFound` when it expired or is somebody else's."""
        record = self._record(upload_id, account_id)
        try:
            found = json.loads(record.read_bytes())
            manifest = Manifest.from_json(found["files"])
        except (FileNotFoundError, ValueError, KeyError, TypeError, DialupError):
            raise _unknown() from None
        missing = self._blobs(account_id).missing(manifest.digests())
        return Upload(upload_id, account_id, str(found["site_id"]), manifest, missing)

    def receive(self, upload_id: str, account_id: str) -> UploadWriter:
        """A writer for one body of frames. Several bodies may arrive, one after another or at once."""
        upload = self.load(upload_id, account_id)
        return UploadWriter(upload.manifest, self._blobs(account_id), self._record(upload_id, account_id))

    def finish(self, upload_id: str, account_id: str) -> Finished:
        """The files of a complete upload, kept from being swept for a day.

        Raises `Conflict` (`upload_incomplete`) while files are missing. May be called again: the
        upload stays until it expires, so an answer that got lost can be asked for twice.
        """
        root = store_of(self._settings, account_id)
        upload = self.load(upload_id, account_id)
        ManifestStore(root).keep(upload.manifest)
        self._blobs(account_id).lease(upload.manifest.digests())
        missing = self._blobs(account_id).missing(upload.manifest.digests())  # after the lease, so it holds
        if missing:
            raise Conflict(
                f"The upload is not complete: {len(missing):,} of {len(upload.manifest.digests()):,} "
                "different files have not arrived.", code="upload_incomplete",
                hint="Send the missing files, then try again; `deploy` does this by itself.")
        return Finished(upload.manifest, upload.site_id)

    def open(self, account_id: str, digest: str) -> BinaryIO:
        """Read one content of this account."""
        return self._blobs(account_id).open(digest)

    def discard(self, upload_id: str, account_id: str) -> None:
        """Forget it; idempotent. What arrived stays a day for the next attempt."""
        self._record(upload_id, account_id).unlink(missing_ok=True)

    def sweep(self, now: float | None = None) -> int:
        """Forget uploads unused for `upload_lifetime` seconds, and half files; return how many."""
        now = time.time() if now is None else now
        count = 0
        for root in (self._settings.home / "store").glob("*"):
            for record in (root / "uploads").glob("*.json"):
                if record.stat().st_mtime < now - self._settings.upload_lifetime:
                    record.unlink(missing_ok=True)
                    count += 1
            BlobStore(root).sweep_incoming(now)
        return count

    def _blobs(self, account_id: str) -> BlobStore:
        return BlobStore(store_of(self._settings, account_id))

    def _record(self, upload_id: str, account_id: str) -> Path:
        if not _ID.fullmatch(upload_id):
            raise _unknown()
        return store_of(self._settings, account_id) / "uploads" / f"{upload_id}.json"


def _forget_oldest(folder: Path) -> None:
    records = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
    for record in records[: max(0, len(records) - MOST_OPEN + 1)]:
        record.unlink(missing_ok=True)


def _unknown() -> NotFound:
    return NotFound("There is no such upload.", code="upload_not_found",
                    hint="It may have expired. Deploy again; what has arrived is not sent twice.")
