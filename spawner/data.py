"""The folder in which a site's program keeps what outlives it."""

from __future__ import annotations

from pathlib import Path

from dialup_ext.durable import make_folder
from dialup_ext.errors import Unavailable


def make_data(folder: Path | None) -> None:
    """Make `volumes/<account>/<site>` with what is above it, durably; nothing for None. Idempotent.

    Above it nobody but the hub may write or look: so nobody can move it, or put a link in its place. The
    account's folder may be a link of the hub's own, to the account's disk; raises `Unavailable`
    (`data_unavailable`) while that is not mounted: a program must not begin with nothing.
    """
    for place in (folder.parent.parent, folder.parent, folder) if folder else ():
        try:
            make_folder(place)
        except FileExistsError as error:
            raise Unavailable("The site's data cannot be reached: the account's disk is not mounted.",
                              code="data_unavailable",
                              hint="Nothing is lost. Tell your admin: `dialup doctor` says what is missing.") from error
