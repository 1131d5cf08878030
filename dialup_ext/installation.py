"""Do the database and the files of a home belong together? (R41)

Both carry the installation's id and a generation that every new release raises, in the database
first. A database that is empty, another's, or older than the files (a backup was put in place)
must not lead to anything being removed.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
from pathlib import Path
from typing import Protocol

from dialup_ext.durable import write_file


class Values(Protocol):
    """The database's side."""

    def get(self, name: str, default: object = None) -> object: ...

    def set(self, name: str, value: object) -> None: ...


class Bond:
    """What ties the two together. `mark` lies beside the files."""

    def __init__(self, home: Path, values: Values) -> None:
        self._mark = home / "data" / "installation"
        self._sites = home / "sites"
        self._values = values
        self._lock = threading.Lock()

    def holds(self) -> bool:
        """True when they belong together; makes the bond at the first start, and after a crash in it."""
        known, found = self._known(), self._found()
        if known is not None and found is not None:
            return known["id"] == found["id"] and int(str(known["generation"])) >= int(str(found["generation"]))
        if any(self._sites.glob("[!.]*/[!.]*")):
            return False
        bond = known or found or {"id": secrets.token_hex(16), "generation": 0}
        self._values.set("installation", bond)
        write_file(self._mark, json.dumps(bond).encode())
        return True

    @property
    def id(self) -> str:
        """The files' id, which their containers carry too; of a home without one, made from its place."""
        bond = self._found() or self._known()
        return str(bond["id"]) if bond else hashlib.sha256(os.fsencode(self._mark)).hexdigest()[:32]

    def raise_generation(self) -> None:
        """There is one release more. Durable; the database never falls behind the mark by a crash."""
        with self._lock:
            known = self._known()
            if known is not None:
                known["generation"] = int(str(known["generation"])) + 1
                self._values.set("installation", known)
                write_file(self._mark, json.dumps(known).encode())

    def _known(self) -> dict[str, object] | None:
        known = self._values.get("installation")
        return known if isinstance(known, dict) and {"id", "generation"} <= known.keys() else None

    def _found(self) -> dict[str, object] | None:
        try:
            found = json.loads(self._mark.read_text())
        except (FileNotFoundError, ValueError):
            return None
        return found if isinstance(found, dict) and {"id", "generation"} <= found.keys() else None
