"""One throw-away instance of a build: started, followed to its end, gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dialup_ext.build.complaint import plain
from dialup_ext.crashpoint import crashpoint
from dialup_ext.domain.deployment import StepCancelled
from dialup_ext.domain.instance import Instance, InstanceSpec, InstanceState
from dialup_ext.domain.ports import Driver

LOOK = 0.5
"""Seconds between two looks at a running build."""

KEPT = 400
"""Lines remembered for saying why it failed."""

LONGEST = 1000
"""Bytes of a line that are passed on: the rest of a bundle printed as one line tells nobody anything."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended, and its last lines."""

    exit_code: int | None
    reason: str
    lines: list[str]

    @property
    def well(self) -> bool:
        return self.exit_code == 0 and not self.reason


def run_to_end(driver: Driver, spec: InstanceSpec, say: Callable[[str], None], cancelled: Callable[[], bool],
               look: Callable[[], None] = lambda: None) -> Ended:
    """Start `spec`, pass its output on until it ends, and leave nothing of it running.

    Raises `StepCancelled`, and whatever `look` raises, which is asked twice a second; the instance is
    gone then as well. Stop what an earlier attempt left under the same key before making its folder anew.
    """
    try:
        driver.start(spec)
        crashpoint("C5")
        return _follow(driver, spec.key, say, cancelled, look)
    finally:
        driver.stop(spec.key, grace=1.0)


def _follow(driver: Driver, key: str, say: Callable[[str], None], cancelled: Callable[[], bool],
            look: Callable[[], None]) -> Ended:
    offset, rest, lines = 0, b"", [""]
    while True:
        now = driver.wait(key, LOOK)
        chunk = driver.log(key, offset)
        offset = chunk.next_offset
        *whole, rest = (rest + chunk.data).split(b"\n")
        rest = rest[:8192]
        if whole:
            text = [_shown(line) for line in whole]
            lines = (lines + text)[-KEPT:]
            say("\n".join(text))
        if now.state is InstanceState.EXITED and not chunk.data:
            return _ended(now, lines, rest)
        if cancelled():
            raise StepCancelled
        look()


def _ended(instance: Instance, lines: list[str], rest: bytes) -> Ended:
    last = [_shown(rest)] if rest else []
    return Ended(instance.exit_code, instance.reason, lines + last)


def _shown(line: bytes) -> str:
    text = line[:LONGEST].decode("utf-8", "replace")
    return plain(text + "…" if len(line) > LONGEST else text)
