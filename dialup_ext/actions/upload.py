"""From a list of files to a release: what is missing, what kind it is, what it is named."""

from __future__ import annotations

import math
import shutil
from typing import TYPE_CHECKING, Any

from dialup_ext.actions.context import Context
from dialup_ext.domain.account import Account
from dialup_ext.domain.manifest import Manifest
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Site
from dialup_ext.errors import DialupError, NoSpace, TooMany

if TYPE_CHECKING:
    from dialup_ext.releases.uploads import UploadWriter


def begin_upload(context: Context, account: Account, site: Site, manifest: Manifest) -> dict[str, Any]:
    """Say which contents the server lacks in this account's store.

    Refuses, before any byte is sent: a folder with no site in it, one that would go over the
    account's storage, a nearly full disk.
    """
    detection = context.detect(manifest, None)
    _check_room(context, account, context.uploads.missing_bytes(account.id, manifest))
    upload = context.uploads.begin(account.id, site.id, manifest)
    sizes = manifest.digests()
    return {
        "id": upload.id, "missing": upload.missing, "kind": detection.kind.value, "why": detection.why,
        "total_files": len(manifest), "total_bytes": manifest.total_bytes,
        "missing_bytes": sum(sizes[digest] for digest in upload.missing),
    }


def receive_files(context: Context, account: Account, upload_id: str) -> UploadWriter:
    """A writer for one body of this upload's files: `feed`, then `finish` or `abort`.

    Asks for the room again: other uploads may have used it since this one was begun. Raises
    `NotFound`, `TooMany` (`storage_full`), `NoSpace`.
    """
    writer = context.uploads.receive(upload_id, account.id)
    try:
        _check_room(context, account, writer.missing_bytes)
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
    release = context.releases.create(
        site.id, manifest.digest, kind=detection.kind, root=detection.root, why=detection.why,
        builder=detection.builder, runs=detection.runs, start=detection.start, config=detection.config,
        file_count=len(manifest), size_bytes=manifest.total_bytes, by=account.name, at=context.clock.now())
    context.note_release()
    if site.live_release_id is None and site.kind is not detection.kind:
        context.sites.change(site.id, site_type=detection.kind.value)
    return release


def _check_room(context: Context, account: Account, needed: int) -> None:
    """`needed` are the bytes that are not there yet: what two releases share is stored, and counts, once."""
    free = shutil.disk_usage(context.settings.home).free
    least = context.settings.min_free_mb << 20
    if free - needed < least:
        raise NoSpace(f"The server has {amount(free)} of disk left and keeps {amount(least)} of it free; "
                      f"this needs {amount(needed, up=True)}.", hint="Ask your admin to make room.")
    check_storage(account, context.uploads.stored.of_account(account.id), needed)


def check_storage(account: Account, stored: int, needed: int) -> None:
    """Raise `TooMany` (`storage_full`) when `needed` more bytes do not fit beside what is `stored`. Pure."""
    limit = account.quota.max_storage_mb << 20
    left = max(0, limit - stored)
    if needed > left:
        raise TooMany(
            f"This needs {amount(needed, up=True)} and you have {amount(left)} left of {amount(limit)}.",
            code="storage_full", hint="Remove a site you do not use, which makes room in a day or so, "
                                      "or ask your admin for more.")


def amount(size: int, *, up: bool = False) -> str:
    """Bytes in the unit that tells most: `12.5 MiB`, `300 KiB`, `7 bytes`. Pure.

    Rounded down, or with `up` upwards: so what is needed never reads like what is left.
    """
    if size < 1024:
        return f"{size} bytes"
    unit, digits = ("MiB", 1) if size >= 1 << 20 else ("KiB", 0)
    scaled = size / (1 << (20 if unit == "MiB" else 10)) * 10**digits
    whole = (math.ceil if up else math.floor)(scaled) / 10**digits
    return f"{whole:,.{digits}f}".removesuffix(".0") + f" {unit}"
