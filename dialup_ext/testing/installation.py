"""A real installation for tests: `dialup up` in a process of its own, on a free port.

Nothing in it is faked: real Caddy, real SQLite, real processes. `*.dialup.localhost` does not
resolve in Python, so requests go to loopback with the Host header.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dialup_ext.domain.account import Quota, Role
from dialup_ext.domain.clock import SystemClock
from dialup_ext.identity import Identity
from dialup_ext.settings import Settings
from dialup_ext.store.engine import Store

START_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `json` is its body, parsed."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass
class Installation:
    """`start` it, `stop` or `kill` it, start it again: the home stays."""

    home: Path
    port: int = 0
    options: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.port = self.port or free_port()
        self.options = {"driver": "process", **self.options}
        self.settings = Settings(self.home, port=self.port, force=True, **self._typed())
        self.output = self.home.parent / f"{self.home.name}.out"

    def with_environment(self, **variables: str) -> Installation:
        """The same, with these variables for every `dialup` it runs."""
        self.environment.update(variables)
        return self

    def start(self, *arguments: str) -> Installation:
        """Run `dialup up` and return once it says that it is up."""
        self.process = self.run(*(arguments or ("up", "--no-browser", "--no-sample")))
        try:
            wait_until(lambda: "is up" in self.printed() or self._ended(), START_TIMEOUT, self.printed)
            assert not self._ended(), self.printed()
        except AssertionError:
            self.stop()
            raise
        return self

    def run(self, *arguments: str) -> subprocess.Popen[bytes]:
        """`dialup …` with this home and port; its output goes to `output`."""
        environment = {**os.environ, "DIALUP_HOME": str(self.home), "PORT": str(self.port),
                       "DIALUP_FORCE": "1",
                       **{f"DIALUP_{name.upper()}": value for name, value in self.options.items()},
                       **self.environment}
        environment.pop("SSH_CONNECTION", None)
        with self.output.open("wb") as output:
            return subprocess.Popen([sys.executable, "-m", "dialup_ext.cli.dialup", *arguments],
                                    env=environment, stdin=subprocess.DEVNULL, stdout=output,
                                    stderr=subprocess.STDOUT, start_new_session=True)

    def stop(self) -> None:
        """Ctrl-C: everything it started ends."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)
        self.process = None

    def kill(self) -> None:
        """`kill -9` of the hub alone."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)
        self.process = None

    def printed(self) -> str:
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    # -- people ---------------------------------------------------------------------------------
    @property
    def identity(self) -> Identity:
        """Accounts, directly in the database, as `dialup users` works."""
        return Identity(Store(self.settings.resolved_database_url), self.settings, SystemClock())

    def account(self, name: str, *, admin: bool = False, quota: Quota | None = None) -> Person:
        """A new account with a key that may do all a key can."""
        made = self.identity.add_account(name, role=Role.ADMIN if admin else Role.USER,
                                         quota=quota or Quota(max_sites=50, max_memory_mb=16384, max_cpu_cores=16.0))
        _, key = self.identity.create_key(made, "tests")
        return Person(self, name, made.id, key)

    # -- requests -------------------------------------------------------------------------------
    def get(self, host: str, path: str = "/", **headers: str) -> Answer:
        """`host` is a label (`blog`) or a whole host name."""
        return self.request("GET", host, path, headers=headers)

    def request(self, method: str, host: str, path: str = "/", *, body: bytes | None = None,
                headers: dict[str, str] | None = None, timeout: float = 30.0) -> Answer:
        full = host if "." in host else f"{host}.{self.settings.domain}"
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)) as connection:
            sent = {"Host": f"{full}:{self.port}", **(headers or {})}
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            received: dict[str, str] = {}
            for key, value in answer.getheaders():  # a header that comes twice is joined by a comma
                received[key.lower()] = f"{received[key.lower()]}, {value}" if key.lower() in received else value
            return Answer(answer.status, received, answer.read())

    def _ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def _typed(self) -> dict[str, Any]:
        return {name: value for name, value in self.options.items() if name != "force"}


@dataclass(frozen=True, slots=True)
class Person:
    """An account as tests use it: by its key."""

    installation: Installation
    name: str
    id: str
    key: str

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A REST call with the key."""
        raw = None if body is None else json.dumps(body).encode()
        return self.installation.request(
            method, "admin", f"/dialup/api/v1{path}", body=raw,
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **headers})

    def deploy(self, site: str, folder: Path) -> dict[str, Any]:
        """Deploy by the client, as `deploy site` does; returns the live deployment."""
        from dialup_ext.client.deploy import deploy_folder
        from dialup_ext.client.transport import Transport

        with Transport(self.portal, key=self.key) as transport:
            return dict(deploy_folder(transport, site, folder, create=True))

    @property
    def portal(self) -> str:
        settings = self.installation.settings
        return settings.origin(settings.portal_host)


def wait_until(fact: Callable[[], Any], seconds: float = 30.0, explain: Callable[[], str] = str) -> Any:
    """Return `fact()` as soon as it is true; fail with `explain()` when it never is."""
    deadline = time.monotonic() + seconds
    pause = 0.01
    while not (found := fact()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {explain()}")
        time.sleep(pause)
        pause = min(0.2, pause * 1.5)
    return found


def free_port() -> int:
    """A TCP port of loopback nobody listens on now, below the kernel's ephemeral ones."""
    import random

    for port in random.sample(range(10000, 19999), 200):
        with closing(socket.socket()) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")
