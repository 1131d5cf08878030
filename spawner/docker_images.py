"""The images instances run in: which one, and fetching it from a registry at first use."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dialup_ext
from dialup_ext.domain.instance import Runtime
from dialup_ext.errors import NotFound, Unavailable
from dialup_ext.spawner.docker_engine import Engine

LOCAL = {Runtime.NODE: "dialup/node:local", Runtime.PYTHON: "dialup/python:local", Runtime.LAB: "dialup/lab:local",
         Runtime.NGINX: "dialup/nginx:local"}
"""What `dialup images build` makes."""

FROM_REGISTRY = {Runtime.NODE: "node:22-slim", Runtime.PYTHON: "python:3.13-slim", Runtime.NGINX: "nginx:alpine"}
"""What is fetched where that was not run. Labs hold dialup itself, which no registry has."""

VERSION, CONTENT, PYTHON = "dialup.version", "dialup.content", "dialup.python"
"""Labels: the dialup an image was made by, what it was made from, and the Python in it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Image:
    """One image of ours. `size` in bytes, layers shared with others counted in full."""

    name: str
    size: int
    made: str
    version: str = ""
    made_at: datetime | None = None
    python: str = ""


class Images:
    """Which image a runtime means here. `node`, `python`, `lab` and `nginx` are the settings; empty: see `of`."""

    def __init__(self, engine: Engine, *, node: str = "", python: str = "", lab: str = "", nginx: str = "") -> None:
        self._engine = engine
        self._wanted = {Runtime.NODE: node, Runtime.PYTHON: python, Runtime.LAB: lab, Runtime.NGINX: nginx}
        self._pulling = threading.Lock()

    def of(self, runtime: Runtime, say: Callable[[str], None] = _log.info) -> str:
        """The image, present: the setting's, else the one built here, else (not for labs) a registry's.

        Fetches at first use, which takes its time; `say` is told. Raises `Unavailable`
        (`image_missing`, `image_old`).
        """
        name = self.chosen(runtime)
        if self.labels(name) is None:
            with self._pulling:  # a second one waits and finds it there
                if self.labels(name) is None:
                    self.pull(name, say)
        self.check(runtime, name)
        return name

    def check(self, runtime: Runtime, name: str) -> None:
        """Raise `Unavailable` (`image_old`) when another dialup is in it than the one that runs.

        An image without our label is its operator's own business; one that is not there passes.
        """
        made_by = (self.labels(name) or {}).get(VERSION, dialup_ext.__version__)
        if runtime is Runtime.LAB and made_by != dialup_ext.__version__:
            raise Unavailable(f"The image {name} holds dialup {made_by}, and this server runs "
                              f"{dialup_ext.__version__}.", code="image_old", hint=_renew(name))

    def present(self, name: str) -> bool:
        """True when the engine has it."""
        return self.labels(name) is not None

    def labels(self, name: str) -> dict[str, str] | None:
        """Its labels; None when the engine does not have it."""
        found = self._look(name)
        return None if found is None else dict(found["Config"]["Labels"] or {})

    def identity(self, name: str) -> str:
        """What the engine calls this very image; empty when it does not have it."""
        return str((self._look(name) or {}).get("Id", ""))

    def forget(self, identity: str, name: str) -> None:
        """Remove the image that was called `name` until now, unless something still uses it."""
        if identity and identity != self.identity(name):
            with suppress(Unavailable, NotFound), self._engine.asking() as client:
                client.remove_image(identity)

    def pull(self, name: str, say: Callable[[str], None] = _log.info) -> None:
        """Fetch it from its registry, telling every new step. Raises `Unavailable` (`image_missing`)."""
        say(f"fetching the image {name}")
        try:
            with self._engine.asking() as client:
                for line in _news(client.pull(name, stream=True, decode=True)):
                    say(f"{name}: {line}")
        except (NotFound, Unavailable) as error:
            if error.code == "docker_down":
                raise
            raise _missing(name, error.message) from error

    def list(self) -> list[Image]:
        """What `dialup images build` made, by name."""
        with self._engine.asking() as client:
            found = client.images(filters={"label": "dialup.image", "dangling": False})
        return sorted((Image(name, one["Size"], one["Labels"].get("dialup.image", ""),
                             one["Labels"].get(VERSION, ""), datetime.fromtimestamp(one["Created"], UTC),
                             one["Labels"].get(PYTHON, ""))
                       for one in found for name in one["RepoTags"] or ()), key=lambda image: image.name)

    def chosen(self, runtime: Runtime) -> str:
        """Its name, fetched or not. Raises `Unavailable` (`image_missing`) where there is none to fetch."""
        if self._wanted[runtime]:
            return self._wanted[runtime]
        if self.present(LOCAL[runtime]):
            return LOCAL[runtime]
        if runtime not in FROM_REGISTRY:
            raise _missing(LOCAL[runtime])
        return FROM_REGISTRY[runtime]

    def python(self, name: str) -> str:
        """The Python in an image, `3.11`: by our label, or as the official images say; else the image itself.

        What was installed for one Python does not run on another, so this names it for keys of layers.
        """
        found = self._look(name) or {"Id": name, "Config": {}}
        if label := (found["Config"].get("Labels") or {}).get(PYTHON):
            return str(label)
        for variable in found["Config"].get("Env") or ():
            key, _, value = variable.partition("=")
            if key == "PYTHON_VERSION":
                return ".".join(value.split(".")[:2])
        return str(found["Id"])

    def _look(self, name: str) -> dict[str, Any] | None:
        try:
            with self._engine.asking() as client:
                return dict(client.inspect_image(name))
        except NotFound:
            return None


def _renew(name: str) -> str:
    return ("Make it anew: `dialup images build`." if name in LOCAL.values()
            else "Fetch the newer one: `dialup images pull`, or change the setting “lab_image”.")


def _missing(name: str, why: str = "") -> Unavailable:
    return Unavailable(f"The image {name} is not on this server{', and could not be fetched' if why else ''}. {why}".strip(),
                       code="image_missing",
                       hint="Make all that is needed with `dialup images build`; it needs no registry.")


def _news(events: Iterator[dict[str, Any]]) -> Iterator[str]:
    """The engine's events of one download as a few lines. Raises `Unavailable` at its first error."""
    parts: dict[str, bool] = {}
    for event in events:
        if "error" in event:
            raise Unavailable(str(event["error"]), code="docker_refused")
        status = event.get("status")
        if status in ("Pulling fs layer", "Already exists", "Pull complete"):
            parts[str(event.get("id"))] = status != "Pulling fs layer"
            if parts[str(event.get("id"))]:
                yield f"{sum(parts.values())} of {len(parts)} parts are here"
