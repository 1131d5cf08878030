"""The containers of one installation, by our keys: what the engine is asked about them."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from dialup_ext.errors import NotFound, Unavailable
from dialup_ext.spawner.container import INSTALLATION, KEY
from dialup_ext.spawner.docker_engine import Engine

REMOVAL = 15.0
"""Seconds somebody else's removal of the same container may take."""


class Containers:
    """What has our installation's label is ours, and nothing else is touched. Errors: see `Engine.asking`."""

    def __init__(self, engine: Engine, installation: str) -> None:
        self._engine, self._installation = engine, installation

    def create(self, key: str, request: Mapping[str, Any]) -> None:
        with self._engine.asking() as client:
            client.create_container_from_config(request, self._name(key))

    def start(self, key: str) -> None:
        with self._engine.asking() as client:
            client.start(self._name(key))

    def look(self, key: str) -> Mapping[str, Any] | None:
        """All the engine knows of it; None when there is none."""
        try:
            with self._engine.asking() as client:
                return dict(client.inspect_container(self._name(key)))
        except NotFound:
            return None

    def list(self, *labels: str) -> list[dict[str, Any]]:
        """A line about each that has these labels too; one question however many there are."""
        wanted = [f"{INSTALLATION}={self._installation}", *labels]
        with self._engine.asking() as client:
            return list(client.containers(all=True, filters={"label": wanted}))

    def all_keys(self) -> set[str]:
        return {found["Labels"][KEY] for found in self.list()}

    def wait(self, key: str, timeout: float) -> None:
        """Until it has ended or is gone, or `timeout` seconds are over."""
        with suppress(NotFound):
            self._engine.wait(self._name(key), timeout)

    def messages(self, key: str, since: str, most: int) -> bytes:
        return self._engine.messages(self._name(key), since, most)

    def kill(self, key: str) -> None:
        with self._engine.asking() as client:
            client.kill(self._name(key))

    def stop(self, key: str, grace: float) -> None:
        """SIGTERM, SIGKILL after `grace` seconds, gone. Idempotent."""
        with suppress(NotFound), self._engine.asking() as client:
            if grace > 0:
                client.stop(self._name(key), timeout=math.ceil(grace))
        self.remove(key)

    def remove(self, key: str) -> None:
        """Gone, running or not, by us or by somebody who began earlier. Idempotent."""
        try:
            with suppress(NotFound), self._engine.asking() as client:
                client.remove_container(self._name(key), v=True, force=True)
        except Unavailable as error:
            if "already in progress" not in error.message:
                raise
            self._await_removal(key)

    def _await_removal(self, key: str) -> None:
        deadline = time.monotonic() + REMOVAL
        while self.look(key) is not None:
            if time.monotonic() > deadline:
                raise Unavailable("Docker does not finish removing it.", code="docker_refused",
                                  hint="The server's log has the whole story: `journalctl -u docker`.")
            time.sleep(0.05)

    def _name(self, key: str) -> str:
        return f"dialup-{self._installation[:8]}-{key}"
