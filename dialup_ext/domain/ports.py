"""What the actions need from the outside world. Adapters live in `spawner/` and `ingress/`.

All calls are synchronous and may block: handlers run them in executors.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from dialup_ext.domain.instance import Instance, InstanceSpec, LogChunk, Runtime, Usage


@runtime_checkable
class Driver(Protocol):
    """Starts and stops instances. Knows nothing of sites, tables or HTTP.

    Every instance outlives the hub: a new driver object on the same state finds them again.
    """

    @property
    def name(self) -> str:
        """`process` or `docker`: stored once, shown to the admin, never changed silently."""

    def check(self) -> None:
        """Raise `Unavailable` with a hint when nothing could be started now."""

    def prepare(self, runtime: Runtime, say: Callable[[str], None]) -> None:
        """Fetch what instances of this runtime need and this machine lacks, telling `say` how far it is.

        Minutes the first time it has to; at once when nothing is missing. Raises `Unavailable`.
        """

    def python(self, runtime: Runtime) -> str:
        """The Python of a runtime, such as `3.11`: what is installed for one does not run on another."""

    def start(self, spec: InstanceSpec) -> Instance:
        """Start and return at once; do not wait for health.

        The same key twice gives the instance that is there, running or exited: start is
        idempotent. Raises `Unavailable` when a tool the runtime needs is missing.
        """

    def inspect(self, key: str) -> Instance | None:
        """The instance, or None when nothing of that key is known. Never raises for a dead one."""

    def list(self) -> list[Instance]:
        """Everything of ours, running or exited, including what the store has forgotten."""

    def wait(self, key: str, timeout: float) -> Instance:
        """Block until it exits or `timeout` seconds passed; return what `inspect` says then."""

    def stop(self, key: str, grace: float = 10.0) -> None:
        """SIGTERM, up to `grace` seconds, then SIGKILL, to all its processes; then forget it.

        Idempotent: stopping what is gone is a success. Its log and its address are free after.
        """

    def log(self, key: str, offset: int = 0, limit: int = 65536) -> LogChunk:
        """Output (both streams) from byte `offset`. Raises `NotFound` for an unknown key."""

    def log_end(self, key: str) -> int:
        """The offset behind the newest byte of its output, without reading any. Raises like `log`."""

    def listening(self, key: str) -> builtins.list[str]:
        """The addresses the instance's own processes listen on, e.g. `["0.0.0.0:3000"]`."""

    def connections(self, key: str) -> int:
        """How many connections to its address are open, by the kernel's own table; 0 when it does not run.

        One that is kept for a next request counts as well; Caddy keeps them for a second.
        """

    def usage(self, key: str) -> Usage | None:
        """Present use, from the kernel's files, well under a millisecond; None when not running."""

    def close(self) -> None:
        """End its own threads and connections; instances go on. Idempotent; what is asked afterwards is answered."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a host leads to.

    `name` is unique per deployment (it names the serving directory): the same host and name
    twice is the same target. `public` holds files Caddy may serve; `upstream` is `<ip>:<port>`,
    or `GATE` for the hub's own page. With `once`, no connection to the upstream is kept for a next
    request, so its connections are its requests.
    """

    name: str
    public: Path | None = None
    upstream: str | None = None
    once: bool = False


GATE = "gate"
"""The upstream that means "ask the hub's gate": stopped, not yet deployed, failed."""


@runtime_checkable
class Ingress(Protocol):
    """Answers the public addresses. Changing a target touches no configuration and drops nothing."""

    def point(self, host: str, target: Target) -> None:
        """Make `host` lead to `target`, atomically and durably; requests in flight finish on the old.

        The same target twice changes nothing. A crash leaves the old or the new, whole.
        """

    def target(self, host: str) -> Target | None:
        """Where `host` leads now, read from disk; None when nowhere."""

    def targets(self) -> Mapping[str, Target]:
        """All hosts, as served now."""

    def remove(self, host: str) -> None:
        """Lead `host` nowhere (404). Idempotent."""

    def sweep(self) -> int:
        """Delete serving directories no host leads to; returns how many. Never touches a live one."""


class Clock(Protocol):
    """The time, so that tests can stop it."""

    def now(self) -> datetime:
        """Aware UTC wall time, for display and absolute expiry only (R42)."""

    def monotonic(self) -> float:
        """Seconds that never go backwards, for timeouts."""
