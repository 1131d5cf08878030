"""A workspace made from what a site's release was made from, where there is no folder to edit."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dialup_ext.client.transport import Transport
from dialup_ext.domain.manifest import FileEntry, Manifest
from dialup_ext.errors import Unavailable
from dialup_ext.templates import new_folder


def fetch(transport: Transport, site: str, target: Path) -> Path:
    """Write the files of `site`'s live release into the new folder `target`, which appears whole or not at all.

    A `target` that holds anything is left as it is (`Conflict`, `workspace_exists`). Raises
    `NotFound` (`no_release`) when there is nothing to fetch.
    """
    source = transport.get(f"/sites/{site}/source")
    manifest = Manifest(FileEntry(**file) for file in source["files"])  # refuses every path that leads elsewhere
    with new_folder(target) as fresh:
        fresh.mkdir(mode=0o755)
        for entry in manifest:
            path = fresh / entry.path
            path.parent.mkdir(parents=True, exist_ok=True)
            _fetch_file(transport, site, entry, path)
    return target


def _fetch_file(transport: Transport, site: str, entry: FileEntry, path: Path) -> None:
    digest = hashlib.sha256()
    with path.open("xb") as file:
        for chunk in transport.content(f"/sites/{site}/source/{entry.sha256}"):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != entry.sha256:
        raise Unavailable(f"“{entry.path}” did not arrive whole.", hint="Try again.", code="fetch_broken")
    if entry.executable:
        path.chmod(0o755)
