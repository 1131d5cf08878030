"""The folder in which a site's program keeps what outlives it."""

from __future__ import annotations

from pathlib import Path

from dialup_ext.durable import make_folder


def make_data(folder: Path | None) -> None:
    """Make `volumes/<account>/<site>` with what is above it, durably; nothing for None. Idempotent.

    Above it nobody but the hub may write or look: so nobody can move it, or put a link in its place.
    The account's folder may be a link of the hub's own, to the account's disk.
    """
    for place in (folder.parent.parent, folder.parent, folder) if folder else ():
        make_folder(place)
