"""Run the cases of a part in turn: A B C A B C …, never A A A B B B.

What changes on the machine while it measures (a neighbour, a warmer cache) then meets every case
alike.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.programs import Programs
from benchmarks.results import Results

Case = Callable[[], Mapping[str, float]]
"""Measures once; returns one or several figures by name."""


@dataclass
class Bench:
    """What a part may use."""

    folder: Path
    """Scratch space; removed at the end."""
    programs: Programs
    docker: bool
    """A container engine answers, and the images are there."""
    left_out: list[str] = field(default_factory=list)
    sites: int = 1000
    """How many sites are many."""

    def leave_out(self, sentence: str) -> None:
        """Say, now and in the results, that something is not measured here."""
        self.left_out.append(sentence)
        say(f"LEFT OUT: {sentence}")


Part = Callable[[Bench], AbstractContextManager[Sequence[Case]]]
"""Sets up, gives its cases, and cleans up behind them."""


def run(parts: Mapping[str, Part], bench: Bench, results: Results) -> None:
    """Measure all parts, one after the other. One that breaks is left out, and says so."""
    for name, part in parts.items():
        began = time.monotonic()
        say(f"{name}: preparing …")
        try:
            with part(bench) as cases:
                measured = list(interleaved(cases, results.rounds, name))
            for figure, value in measured:  # all rounds or none
                results.add(figure, value)
        except Exception as error:  # noqa: BLE001 - the other parts are worth having
            traceback.print_exception(error)
            reason = (str(error).strip() or type(error).__name__).splitlines()[-1][:300]
            bench.leave_out(f"{name}: it broke off ({reason}).")
        say(f"{name}: {time.monotonic() - began:.0f} s")
    results.left_out = list(bench.left_out)


def interleaved(cases: Sequence[Case], rounds: int, name: str = "") -> Iterator[tuple[str, float]]:
    """All cases once, all cases again, …; a rehearsal before, which counts for nothing."""
    for number in range(rounds + 1):
        say(f"{name}: " + (f"round {number} of {rounds}" if number else "rehearsal"))
        for case in cases:
            measured = case()
            if number:
                yield from measured.items()


def say(line: str) -> None:
    """To whoever waits, beside the results."""
    print(line, file=sys.stderr, flush=True)
