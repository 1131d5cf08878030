"""Talk to a running Caddy over its admin socket, the only way in; there is no port for it."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any

from dialup_ext.errors import Unavailable

TIMEOUT = 10.0
"""Seconds. Taking over a configuration is a few hundred milliseconds on a busy machine."""


class AdminSocket:
    """The admin API of the Caddy behind one socket."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def answers(self) -> bool:
        """True when a Caddy listens and has a configuration."""
        try:
            return self.config() is not None
        except Unavailable:
            return False

    def config(self) -> Any:
        """The configuration in force, as Caddy's own JSON; None when it has none."""
        return json.loads(self._ask("GET", "/config/"))

    def load(self, caddyfile: str) -> None:
        """Make `caddyfile` the configuration. The same one again changes nothing at all.

        On a configuration it refuses the old one stays in force and `Unavailable` is raised.
        """
        self._ask("POST", "/load", caddyfile.encode(), {"Content-Type": "text/caddyfile"})

    def _ask(self, method: str, path: str, body: bytes | None = None,
             headers: dict[str, str] | None = None) -> bytes:
        connection = _UnixConnection(self._path)
        try:
            connection.request(method, path, body, {"Host": "127.0.0.1", **(headers or {})})
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable("Caddy, the web server, is not answering.", code="caddy_silent",
                              hint="`dialup status` shows what runs; logs/caddy.log says why.") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise Unavailable(f"Caddy refused its configuration: {_reason(content)}", code="caddy_refused",
                              hint="What was served before is still being served.")
        return content


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("127.0.0.1", timeout=TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(str(self._path))


def _reason(content: bytes) -> str:
    try:
        return str(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        return content.decode("utf-8", "replace")[:500]
