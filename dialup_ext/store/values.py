"""Small things the installation remembers: the driver it chose, its id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select

from dialup_ext.store.engine import Store
from dialup_ext.store.tables import settings


@dataclass(frozen=True, slots=True)
class StoredValues:
    """A tiny durable dictionary of JSON values."""

    store: Store

    def get(self, name: str, default: Any = None) -> Any:
        with self.store.read() as connection:
            row = connection.execute(select(settings.c.value).where(settings.c.name == name)).first()
        return default if row is None else row.value

    def set(self, name: str, value: Any) -> None:
        with self.store.begin() as connection:
            connection.execute(delete(settings).where(settings.c.name == name))
            connection.execute(insert(settings).values(name=name, value=value))
