"""The connection to the container engine: made when first needed, its refusals in our words.

An engine that hangs costs nobody more than a moment: before a question it must give a sign of
life, and while it gives none, every question is refused at once.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from dialup_ext.errors import NotFound, Unavailable

if TYPE_CHECKING:
    import docker

PATIENCE = 60
"""Seconds the engine may take for one answer; making many containers at once is slow."""

SIGN = 3.0
"""Seconds it may take for a sign of life; then it counts as silent for as long again."""

FRESH = 0.5
"""Seconds a sign of life is good for."""

DEFAULT = "unix:///var/run/docker.sock"

_HINT = "Start Docker on the server: `systemctl start docker`. `docker info` shows whether it answers."


class Engine:
    """One engine. Thread-safe; survives the engine's restart, since every question is asked anew."""

    def __init__(self) -> None:
        self._client: docker.APIClient | None = None
        self._lock = threading.Lock()
        self._heard = self._silent_until = float("-inf")

    @contextmanager
    def asking(self) -> Iterator[Any]:
        """The client (the library's, whose types are full of holes), for one question.

        Raises `Unavailable` (`docker_down`, `docker_refused`) and `NotFound` (`docker_object_missing`).
        """
        from docker.errors import APIError, DockerException
        from docker.errors import NotFound as Missing
        from requests.exceptions import RequestException

        try:
            yield self._connected()
        except Missing as error:
            raise NotFound(f"Docker does not know it: {error.explanation}.",
                           code="docker_object_missing") from error
        except APIError as error:
            raise Unavailable(f"Docker refused: {error.explanation or error}.", code="docker_refused",
                              hint="The server's log has the whole story: `journalctl -u docker`.") from error
        except (DockerException, RequestException, OSError) as error:
            raise Unavailable("Docker does not answer.", code="docker_down", hint=_HINT) from error

    def wait(self, container: str, timeout: float) -> None:
        """Return when it has ended or `timeout` seconds are over, whichever is first."""
        from requests.exceptions import ConnectionError as Silence
        from requests.exceptions import ReadTimeout

        # Whether the engine is there at all shows in the next question.
        with self.asking() as client, suppress(ReadTimeout, Silence):
            client.wait(container, timeout=timeout)

    def info(self) -> dict[str, Any]:
        """What the engine says about itself."""
        with self.asking() as client:
            return dict(client.info())

    def messages(self, container: str, since: str, most: int) -> bytes:
        """The last `most` things a container said since a time, in the engine's frames, each with its time.

        The library rounds times to microseconds, and the copy of a log needs them whole.
        """
        wanted = {"stdout": 1, "stderr": 1, "timestamps": 1, "follow": 0, "since": since, "tail": most}
        with self.asking() as client:
            answer = client._get(client._url("/containers/{0}/logs", container), params=wanted)
            return bytes(client._result(answer, binary=True))

    def ping(self) -> None:
        """Raise `Unavailable` when it does not answer; a millisecond when it does."""
        with self.asking() as client:
            client.ping()

    def close(self) -> None:
        """Let go of the connection; the next question makes a new one."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _connected(self) -> docker.APIClient:
        """The client, once the engine gave a sign of life. One thread asks for it, the rest wait a moment."""
        with self._lock:
            now = time.monotonic()
            if now < self._silent_until:
                raise TimeoutError("silent")
            if self._client is None or now - self._heard > FRESH:
                try:
                    self._listen()
                except Exception:
                    if time.monotonic() - now >= SIGN:  # it hangs; one that is not there says so at once
                        self._silent_until = time.monotonic() + SIGN
                    raise
                self._heard = time.monotonic()
            assert self._client is not None
            return self._client

    def _listen(self) -> None:
        """Ask for a sign of life. Connections kept from before the engine's restart are dead, so a broken one is
        no sign: the whole client goes, and a new one asks again.
        """
        from requests.exceptions import ConnectionError as Broken

        if self._client is not None:
            try:
                _sign(self._client)
                return
            except Broken:
                self._client.close()
                self._client = None
        import docker

        _knock(os.environ.get("DOCKER_HOST", "") or DEFAULT)
        # Newer engines refuse old versions of the API and the other way round.
        found = docker.APIClient(version="auto", timeout=SIGN, **_where())  # type: ignore[arg-type]
        found.timeout = PATIENCE
        self._client = found
        _sign(found)


def _sign(client: Any) -> None:
    client._result(client.get(client._url("/_ping"), timeout=SIGN))


def _knock(address: str) -> None:
    """Raise `OSError` when nobody is behind a socket; the library would leave one open each time."""
    if address.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(SIGN)
            probe.connect(address.removeprefix("unix://"))


def _where() -> dict[str, Any]:
    """DOCKER_HOST and its like, as for the `docker` command."""
    from docker.utils import kwargs_from_env

    return dict(kwargs_from_env())
