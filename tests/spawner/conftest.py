"""A process driver in a home of its own, which ends everything it started."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dialup_ext.domain.instance import InstanceKind, InstanceSpec, Runtime
from dialup_ext.settings import Settings
from dialup_ext.spawner.process import ProcessDriver
from dialup_ext.testing.engine import need_images


@pytest.fixture(scope="session")
def docker_node(docker_engine: None) -> None:
    need_images("node")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "home")


@pytest.fixture
def driver(settings: Settings) -> Iterator[ProcessDriver]:
    driver = ProcessDriver(settings)
    yield driver
    for instance in driver.list():
        driver.stop(instance.key, grace=0)
    driver.close()


@pytest.fixture
def spec(tmp_path: Path) -> Callable[..., InstanceSpec]:
    def make(key: str, *steps: tuple[str, ...], **more) -> InstanceSpec:
        values: dict[str, Any] = {"kind": InstanceKind.SITE, "account": "ana", "runtime": Runtime.LAB,
                  "directory": tmp_path, "listens": False, "memory_mb": 1024} | more
        return InstanceSpec(key=key, steps=steps, **values)

    return make


@pytest.fixture
def until() -> Callable[..., None]:
    def wait(claim: Callable[[], object], seconds: float = 20.0) -> None:
        deadline, pause = time.monotonic() + seconds, threading.Event()
        while not claim():
            assert time.monotonic() < deadline, "it did not come true"
            pause.wait(0.01)

    return wait
