"""The container engine, once per run and only for those who ask for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dialup_ext.testing.engine import engine, need_images


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[None]:
    with engine():
        need_images("base")
        yield
