"""An identity on a real database, with a clock that stands still until it is moved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dialup_ext.identity import Identity
from dialup_ext.settings import Settings
from dialup_ext.store.engine import Store


class StoppedClock:
    """Both clocks; `pass_time` moves them together, `jump` only the wall's."""

    def __init__(self) -> None:
        self.wall = datetime(2030, 5, 1, 12, tzinfo=UTC)
        self.steady = 1000.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.steady

    def pass_time(self, **span: float) -> None:
        self.wall += timedelta(**span)
        self.steady += timedelta(**span).total_seconds()

    def jump(self, **span: float) -> None:
        self.wall += timedelta(**span)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def identity(tmp_path: Path, clock: StoppedClock) -> Iterator[Identity]:
    settings = Settings(tmp_path / "home")
    store = Store(settings.resolved_database_url)
    store.prepare()
    yield Identity(store, settings, clock)
    store.close()
