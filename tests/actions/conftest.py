"""A bench: real database and files, fakes for what runs and what answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dialup_ext.testing.hub import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "home")
    yield bench
    bench.close()
