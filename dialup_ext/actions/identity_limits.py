"""How often a wrong password may be tried (R15). Nobody can lock another person out.

Failures are counted in a sliding window on the monotonic clock, in memory: a restart forgets
them, which costs an attacker a restart for ten tries.
"""

from __future__ import annotations

import ipaddress
import threading
from collections import deque
from dataclasses import dataclass, field

from dialup_ext.domain.ports import Clock
from dialup_ext.errors import TooMany

WINDOW = 300.0
"""Seconds a failure counts."""
PER_ACCOUNT, PER_ADDRESS, TOGETHER = 10, 10, 100
_MANY = 10_000
"""Counters kept before the stale ones are thrown out."""


@dataclass(slots=True)
class LoginLimits:
    """Thread-safe. `begin` counts a failure in advance, so that parallel tries cannot slip by."""

    clock: Clock
    _failures: dict[tuple[str, ...], deque[float]] = field(default_factory=dict)
    _known: set[tuple[str, str]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, name: str, address: str) -> None:
        """Count an attempt, or raise `TooMany` with the seconds to wait.

        An account under attack stays open to addresses that have not failed at it, and one that
        has logged in before passes the limit of the whole server.
        """
        network = network_of(address)
        with self._lock:
            limits: list[tuple[tuple[str, ...], int]] = [(("address", network), PER_ADDRESS)]
            if self._count(("pair", name, network)):
                limits.append((("account", name), PER_ACCOUNT))
            if (name, network) not in self._known:
                limits.append((("all",), TOGETHER))
            for key, limit in limits:
                if self._count(key) >= limit:
                    raise self._too_many(key)
            for key in self._keys(name, network):
                self._failures.setdefault(key, deque()).append(self.clock.monotonic())
            self._forget_stale()

    def succeed(self, name: str, address: str) -> None:
        """The attempt was right: it does not count, and the address is known from now on."""
        network = network_of(address)
        with self._lock:
            for key in self._keys(name, network):
                if self._failures.get(key):
                    self._failures[key].pop()
            if len(self._known) < _MANY:
                self._known.add((name, network))

    def _count(self, key: tuple[str, ...]) -> int:
        found = self._failures.get(key, deque())
        while found and found[0] <= self.clock.monotonic() - WINDOW:
            found.popleft()
        return len(found)

    def _too_many(self, key: tuple[str, ...]) -> TooMany:
        wait = max(1, round(self._failures[key][0] + WINDOW - self.clock.monotonic()))
        return TooMany("There were too many wrong passwords.", code="too_many_logins", retry_after=wait,
                       hint=f"Try again in {max(1, round(wait / 60))} min, or ask your admin for a login link.")

    def _keys(self, name: str, network: str) -> tuple[tuple[str, ...], ...]:
        return ("address", network), ("account", name), ("pair", name, network), ("all",)

    def _forget_stale(self) -> None:
        if len(self._failures) > _MANY:
            for key in list(self._failures):
                if not self._count(key):
                    del self._failures[key]


def network_of(address: str) -> str:
    """The unit that is counted: one IPv4 address, or the /64 an IPv6 address lives in."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
