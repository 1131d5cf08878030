"""From a list of files to a release: what is missing, what kind it is, what it is named."""

from __future__ import annotations

import shutil
from typing import Any

from dialup_ext.actions.context import Context
from dialup_ext.domain.account import Account
from dialup_ext.domain.manifest import Manifest
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Site
from dialup_ext.errors import NoSpace, TooMany


def begin_upload(context: Context, account: Account, site: Site, manifest: Manifest) -> dict[str, Any]:
    """Say which contents the server lacks in this account's store.

    Refuses, before any byte is sent: a folder with no site in it, one that would go over the
    account's storage, a nearly full disk.
    """
    detection = context.detect(manifest, None)
    _check_space(context, manifest)
    _check_storage(context, account, manifest)
    upload = context.uploads.begin(account.id, site.id, manifest)
    sizes = manifest.digests()
    return {
        "id": upload.id, "missing": upload.missing, "kind": detection.kind.value, "why": detection.why,
        "total_files": len(manifest), "total_bytes": manifest.total_bytes,
        "missing_bytes": sum(sizes[digest] for digest in upload.missing),
    }


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
        file_count=len(manifest), size_bytes=manifest.total_bytes, by=account.name, at=context.clock.now())
    if site.live_release_id is None and site.kind is not detection.kind:
        context.sites.change(site.id, site_type=detection.kind.value)
    return release


def _check_space(context: Context, manifest: Manifest) -> None:
    free = shutil.disk_usage(context.settings.home).free
    needed = context.settings.min_free_mb << 20
    if free - manifest.total_bytes < needed:
        raise NoSpace(f"The server has {free >> 20:,} MiB of disk left; uploads stop below "
                      f"{needed >> 20:,} MiB.", hint="Ask your admin to make room.")


def _check_storage(context: Context, account: Account, manifest: Manifest) -> None:
    used = sum(found.storage_bytes for found in context.sites.list(account.id))
    limit = account.quota.max_storage_mb << 20
    if used + manifest.total_bytes > limit:
        raise TooMany(
            f"This needs {manifest.total_bytes / (1 << 20):.0f} MiB and you have "
            f"{max(0, limit - used) / (1 << 20):.0f} MiB left of {account.quota.max_storage_mb} MiB.",
            code="storage_full", hint="Remove a site you do not use, or ask your admin for more.")
