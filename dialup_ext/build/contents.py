"""What a build reads of the store: an account's lists of files, and the files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dialup_ext.build.package import Read
from dialup_ext.domain.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Contents:
    """`manifest` and `open` take the account's id, and a SHA-256; both raise when it is gone."""

    manifest: Callable[[str, str], Manifest]
    open: Callable[[str, str], BinaryIO]

    def reader(self, account_id: str, manifest: Manifest) -> Read:
        """Reads a file of `manifest` by its path; `FileNotFoundError` when it is not in there."""

        def read(path: str) -> bytes:
            entry = manifest.get(path)
            if entry is None:
                raise FileNotFoundError(path)
            with self.open(account_id, entry.sha256) as file:
                return file.read()

        return read

    def copy(self, account_id: str, sha256: str, target: Path) -> None:
        """Write that content to the new file `target`: own bytes, so nothing leads back to the store."""
        with self.open(account_id, sha256) as source, target.open("xb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
