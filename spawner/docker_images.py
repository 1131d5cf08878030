"""The images instances run in: which one, and fetching it from a registry at first use."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dialup_ext.domain.instance import Runtime
from dialup_ext.errors import NotFound, Unavailable
from dialup_ext.spawner.docker_engine import Engine

LOCAL = {Runtime.NODE: "dialup/node:local", Runtime.PYTHON: "dialup/lab:local"}
"""What `dialup images build` makes."""

NODE_FROM_REGISTRY = "node:22-slim"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Image:
    """One image of ours. `size` in bytes, layers shared with others counted in full."""

    name: str
    size: int
    made: str


class Images:
    """Which image a runtime means here. `node` and `lab` are the settings; empty: see `of`."""

    def __init__(self, engine: Engine, *, node: str = "", lab: str = "") -> None:
        self._engine = engine
        self._wanted = {Runtime.NODE: node, Runtime.PYTHON: lab}
        self._found: dict[Runtime, str] = {}

    def of(self, runtime: Runtime) -> str:
        """The image, present: the setting's, else the one built here, else (Node) a registry's.

        Fetches at first use, which takes its time. Raises `Unavailable` (`image_missing`).
        """
        name = self._found.get(runtime) or self.chosen(runtime)
        if not self.present(name):
            self.pull(name)
        self._found[runtime] = name
        return name

    def present(self, name: str) -> bool:
        """True when the engine has it."""
        try:
            with self._engine.asking() as client:
                client.inspect_image(name)
        except NotFound:
            return False
        return True

    def pull(self, name: str, say: Callable[[str], None] = _log.info) -> None:
        """Fetch it from its registry, telling every new step. Raises `Unavailable` (`image_missing`)."""
        say(f"fetching the image {name}")
        try:
            with self._engine.asking() as client:
                for line in _news(client.pull(name, stream=True, decode=True)):
                    say(line)
        except (NotFound, Unavailable) as error:
            if error.code == "docker_down":
                raise
            raise _missing(name) from error
        if not self.present(name):
            raise _missing(name)

    def list(self) -> list[Image]:
        """What `dialup images build` made, by name."""
        with self._engine.asking() as client:
            found = client.images(filters={"label": "dialup.image", "dangling": False})
        return sorted((Image(name, one["Size"], one["Labels"].get("dialup.image", ""))
                       for one in found for name in one["RepoTags"] or ()), key=lambda image: image.name)

    def chosen(self, runtime: Runtime) -> str:
        if self._wanted[runtime]:
            return self._wanted[runtime]
        if runtime is Runtime.NODE and not self.present(LOCAL[runtime]):
            return NODE_FROM_REGISTRY
        if not self.present(LOCAL[runtime]):
            raise _missing(LOCAL[runtime])
        return LOCAL[runtime]


def _missing(name: str) -> Unavailable:
    return Unavailable(f"The image {name} is not on this server.", code="image_missing",
                       hint="Make all that is needed with `dialup images build`; it needs no registry.")


def _news(events: Iterator[dict[str, Any]]) -> Iterator[str]:
    """The engine's events of one download, without a line per byte; an error ends it."""
    told: set[str] = set()
    for event in events:
        if "error" in event:
            yield str(event["error"])
            return
        line = " ".join(part for part in (event.get("id", ""), event.get("status", "")) if part)
        if line and line not in told and not event.get("progressDetail"):
            told.add(line)
            yield line
