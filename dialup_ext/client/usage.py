"""What sites use, as numbers and as a table."""

from __future__ import annotations

from typing import Any

from dialup_ext.client.transport import Json


class Usage:
    """One answer of `/usage`: rows of sites, and the account's quota. Memory and storage in MiB."""

    def __init__(self, answer: Json) -> None:
        self.sites: list[Json] = list(answer.get("sites", []))
        self.quota: Json = dict(answer.get("quota", {}))

    def of(self, name: str) -> Json:
        """The row of one site; only its name when nothing is known of it."""
        return next((row for row in self.sites if row.get("name") == name), {"name": name})

    def table(self) -> Any:
        """A DataFrame indexed by name where pandas is installed, else the rows."""
        try:
            import pandas as pd
        except ImportError:
            return self.sites
        frame = pd.DataFrame(self.sites, columns=["name", "status", "kind", "memory_mb", "storage_mb"])
        return frame.set_index("name")
