"""From a list of files to a release: what is missing, what kind it is, what it is named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dialup_ext.actions.context import Context
from dialup_ext.actions.storage import arrived, arriving, check_room
from dialup_ext.domain.account import Account
from dialup_ext.domain.manifest import Manifest
from dialup_ext.domain.release import NGINX, Release
from dialup_ext.domain.site import Site
from dialup_ext.errors import DialupError

if TYPE_CHECKING:
    from dialup_ext.releases.uploads import UploadWriter


def begin_upload(context: Context, account: Account, site: Site, manifest: Manifest) -> dict[str, Any]:
    """Say which contents the server lacks in this account's store.

    Refuses, before any byte is sent: a folder with no site in it, one that would go over the
    account's storage, a nearly full disk.
    """
    detection = context.detect(manifest, None)
    context.prepare_disk(account)
    check_room(context, account, context.uploads.missing_bytes(account.id, manifest))
    upload = context.uploads.begin(account.id, site.id, manifest)
    sizes = manifest.digests()
    return {
        "id": upload.id, "missing": upload.missing, "kind": detection.kind.value, "why": detection.why,
        "total_files": len(manifest), "total_bytes": manifest.total_bytes,
        "missing_bytes": sum(sizes[digest] for digest in upload.missing),
    }


def receive_files(context: Context, account: Account, upload_id: str) -> UploadWriter:
    """A writer for one body of this upload's files: `feed`, then `finish` or `abort`.

    Asks for the room again and holds it until the body has ended: other uploads may have used it since this one
    was begun, or arrive beside it. Raises `NotFound`, `TooMany` (`storage_full`), `NoSpace`.
    """
    writer = context.uploads.receive(upload_id, account.id)
    try:
        with arriving(context, account, upload_id, writer.missing_bytes):
            writer.on_end = lambda: arrived(context, account.id, upload_id)
    except DialupError:
        writer.abort()
        raise
    return writer


def finish_upload(context: Context, account: Account, upload_id: str) -> Release:
    """Make the release of a complete upload. The same content gives the same release.

    Raises `Conflict` (`upload_incomplete`), `NotFound`, `BadInput` (`no_site_in_folder`).
    """
    manifest, site_id = context.uploads.finish(upload_id, account.id)
    site = context.sites.load(site_id, account.id)

    def read(path: str) -> bytes:
        entry = manifest.get(path)
        assert entry is not None
        with context.uploads.open(account.id, entry.sha256) as file:
            return file.read()

    detection = context.detect(manifest, read)
    if context.settings.static_container and not detection.runs:
        detection = replace(detection, runs=True, start=NGINX)
    release = context.releases.create(
        site.id, manifest.digest, kind=detection.kind, root=detection.root, why=detection.why,
        builder=detection.builder, runs=detection.runs, start=detection.start, config=detection.config,
        file_count=len(manifest), size_bytes=manifest.total_bytes, by=account.name, at=context.clock.now())
    context.note_release()
    if site.live_release_id is None and site.kind is not detection.kind:
        context.sites.change(site.id, site_type=detection.kind.value)
    return release
