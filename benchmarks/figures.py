"""What several rounds say together: their median, and how far they lie apart.

Pure. The spread is the distance between the quartiles over the median. Of five rounds that is the
second lowest and the second highest: one round that met a neighbour's busy minute moves neither
the median nor the spread, two such rounds show. The lowest and highest are told beside it.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

TOO_WIDE = 0.15
"""Rounds whose spread is above this have not measured anything."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured in several rounds, in the order of the rounds. Never empty."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def spread(self) -> float:
        """The interquartile range over the median; 0 for a single round, and for nothing but zeros."""
        if len(self.values) < 2 or not self.median:
            return 0.0
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return abs((high - low) / self.median)

    @property
    def measured(self) -> bool:
        """False when the rounds lie too far apart to say anything."""
        return self.spread <= TOO_WIDE


def ratio(above: Sequence[float], below: Sequence[float]) -> Figure:
    """Round by round: what both had in common (a busy minute of the machine) falls out.

    Raises `ValueError` when the rounds are not the same ones.
    """
    return Figure(tuple(one / other for one, other in zip(above, below, strict=True)))
