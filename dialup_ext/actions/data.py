"""The end of a site's data: with its site, and never by itself."""

from __future__ import annotations

import shutil
from pathlib import Path

from dialup_ext.actions.context import Context
from dialup_ext.domain.site import Site

GONE = ".removed-"
"""How the folder of a site that was removed begins, until all of it is deleted."""


def forget_data(context: Context, site: Site) -> None:
    """Delete what a site that was removed has kept. Idempotent; what a crash leaves goes with `sweep_data`."""
    folder = context.settings.volume(site.owner, site.id)
    if folder.is_dir():
        folder.rename(folder.with_name(f"{GONE}{site.id}"))
    _delete(folder.with_name(f"{GONE}{site.id}"))


def sweep_data(context: Context) -> int:
    """Go on deleting what `forget_data` began; returns how many folders. A folder that is not marked stays,
    whatever the database says: it may be an older one, put back from a backup (R41)."""
    marked = list((context.settings.home / "volumes").glob(f"*/{GONE}*"))
    for folder in marked:
        _delete(folder)
    return len(marked)


def _delete(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)  # what is left of it is tried again
