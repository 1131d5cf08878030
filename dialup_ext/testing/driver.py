"""Drivers that start nothing: in memory, obedient or badly behaved on purpose.

Steps are written in the small language of `fake_instance`; a step of any other words stands for
a program that serves on its port.
"""

from __future__ import annotations

import builtins
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from dialup_ext.domain.clock import SystemClock
from dialup_ext.domain.instance import Instance, InstanceSpec, InstanceState, LogChunk, Runtime, Usage
from dialup_ext.domain.ports import Clock
from dialup_ext.errors import NotFound, Unavailable
from dialup_ext.spawner.journal import check_key
from dialup_ext.spawner.proc import established
from dialup_ext.testing.fake_instance import FakeInstance


@dataclass
class Machine:
    """What outlives a driver object: give the same one to a second `FakeDriver` to adopt."""

    running: dict[str, FakeInstance] = field(default_factory=dict)
    ports: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    changed: threading.Condition = field(default_factory=threading.Condition)


class FakeDriver:
    """Obeys the contract of `Driver` without a single process.

    With `answers`, what serves really does: over HTTP on a loopback port, 200 and its key. The
    `calls` made are kept, in order, as `("start", key)` and `("stop", key)`.
    """

    name = "fake"

    def __init__(self, machine: Machine | None = None, *, clock: Clock | None = None,
                 answers: bool = False) -> None:
        self.machine = machine or Machine()
        self.calls: list[tuple[str, str]] = []
        self.missing: Unavailable | None = None
        """Set it, and nothing can be started until it is None again."""
        self.news: builtins.list[str] = []
        """What it says while it fetches."""
        self._clock = clock or SystemClock()
        self._answers = answers

    def check(self) -> None:
        if self.missing is not None:
            raise self.missing

    def prepare(self, runtime: Runtime, say: Callable[[str], None]) -> None:
        for line in self.news:
            say(line)

    def python(self, runtime: Runtime) -> str:
        return "3.11"

    def start(self, spec: InstanceSpec) -> Instance:
        check_key(spec.key)
        self.check()
        with self.machine.changed:
            self.calls.append(("start", spec.key))
            found = self.machine.running.get(spec.key)
            if found is None:
                found = self._begin(spec)
                self.machine.running[spec.key] = found
                self.machine.changed.notify_all()
            return found.instance

    def inspect(self, key: str) -> Instance | None:
        with self.machine.changed:
            found = self._look(check_key(key))
            return found.instance if found else None

    def list(self) -> builtins.list[Instance]:
        with self.machine.changed:
            return [found.instance for key in sorted(self.machine.running) if (found := self._look(key))]

    def wait(self, key: str, timeout: float) -> Instance:
        with self.machine.changed:
            last = self._known(key).instance
            self.machine.changed.wait_for(lambda: self._over(key), timeout)
            found = self._look(key)
            return found.instance if found else replace(last, state=InstanceState.EXITED, reason="stopped")

    def stop(self, key: str, grace: float = 10.0) -> None:
        with self.machine.changed:
            self.calls.append(("stop", check_key(key)))
            found = self.machine.running.pop(key, None)
            if found:
                found.close()
            self.machine.changed.notify_all()

    def log(self, key: str, offset: int = 0, limit: int = 65536) -> LogChunk:
        with self.machine.changed:
            found = self._known(key)
            start = max(found.cut, 0 if offset > found.cut + len(found.log) else offset)
            data = bytes(found.log[start - found.cut :][: max(0, limit)])
            return LogChunk(data, start, start + len(data))

    def log_end(self, key: str) -> int:
        with self.machine.changed:
            found = self._known(key)
            return found.cut + len(found.log)

    def listening(self, key: str) -> builtins.list[str]:
        with self.machine.changed:
            found = self._look(key)
            if found is None or found.instance.state is InstanceState.EXITED or not found.listens:
                return []
            return [found.instance.address] if found.instance.address else []

    def connections(self, key: str) -> int:
        return sum(established(address) for address in self.listening(key))

    def usage(self, key: str) -> Usage | None:
        with self.machine.changed:
            found = self._look(key)
            if found is None or found.instance.state is InstanceState.EXITED:
                return None
            return Usage(memory_bytes=found.memory_mb << 20, cpu_seconds=0.0, processes=1)

    def close(self) -> None:
        """It has nothing of its own."""

    # -- the script ----------------------------------------------------------------------------
    def ends(self, key: str, code: int | None = 0, reason: str = "") -> None:
        """The instance ends by itself, now."""
        with self.machine.changed:
            self._known(key).end(code, reason)
            self.machine.changed.notify_all()

    def says(self, key: str, text: str) -> None:
        """The instance prints this."""
        with self.machine.changed:
            self._known(key).log += text.encode()

    def cuts(self, key: str, keep: int) -> None:
        """Its log is cut to its newest `keep` bytes."""
        with self.machine.changed:
            found = self._known(key)
            dropped = max(0, len(found.log) - keep)
            del found.log[:dropped]
            found.cut += dropped

    # -- inside --------------------------------------------------------------------------------
    def _begin(self, spec: InstanceSpec) -> FakeInstance:
        port = 19000 + next(self.machine.ports)
        found = FakeInstance(spec, port=port, now=self._clock.now(), began=self._clock.monotonic(),
                             answers=self._answers)
        found.run()
        if self._lets_listen(spec):
            found.listen()
        return found

    def _lets_listen(self, spec: InstanceSpec) -> bool:
        return True

    def _known(self, key: str) -> FakeInstance:
        found = self._look(check_key(key))
        if found is None:
            raise NotFound(f"Nothing runs under the key “{key}”.", code="instance_not_found",
                           hint="It was stopped, or never started.")
        return found

    def _look(self, key: str) -> FakeInstance | None:
        found = self.machine.running.get(key)
        if found and found.older_than(self._clock.monotonic()):
            found.end(137, "deadline")
        return found

    def _over(self, key: str) -> bool:
        found = self._look(key)
        return found is None or found.instance.state is InstanceState.EXITED


class SlowDriver(FakeDriver):
    """What it starts listens only after `let_go()`; until then it runs and answers nobody."""

    name = "slow"

    def let_go(self, key: str) -> None:
        """Now it listens."""
        with self.machine.changed:
            self._known(key).listen()

    def _lets_listen(self, spec: InstanceSpec) -> bool:
        return False


class NeverHealthyDriver(FakeDriver):
    """Starts everything, and what it started never listens. `only` picks the unhealthy ones."""

    name = "never-healthy"

    def __init__(self, machine: Machine | None = None, *, clock: Clock | None = None, answers: bool = False,
                 only: Callable[[InstanceSpec], bool] | None = None) -> None:
        super().__init__(machine, clock=clock, answers=answers)
        self._only = only

    def _lets_listen(self, spec: InstanceSpec) -> bool:
        return self._only is not None and not self._only(spec)


class LyingDriver(FakeDriver):
    """Says that everything runs and listens, long after it ended: the truth is over HTTP only."""

    name = "lying"

    def inspect(self, key: str) -> Instance | None:
        found = super().inspect(key)
        return replace(found, state=InstanceState.RUNNING, exit_code=None, reason="") if found else None

    def listening(self, key: str) -> builtins.list[str]:
        found = self.inspect(key)
        return [found.address] if found and found.address else []
