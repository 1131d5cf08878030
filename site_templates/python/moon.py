"""Where the moon is in its month, and what that looks like: arithmetic, and nothing to install."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

MONTH = 29.530588853
"""Days from one new moon to the next, on average."""

NEW_MOON = date(2000, 1, 6).toordinal() + 0.76
"""A new moon everybody agrees on: 6 January 2000, 18:14 UTC."""

NAMES = ("New moon", "Waxing crescent", "First quarter", "Waxing gibbous",
         "Full moon", "Waning gibbous", "Last quarter", "Waning crescent")


@dataclass(frozen=True)
class Moon:
    """One evening's moon. `age` is 0 at new moon, 0.5 at full moon, and nearly 1 before the next."""

    day: date
    age: float

    @property
    def name(self) -> str:
        return NAMES[round(self.age * 8) % 8]

    @property
    def lit(self) -> float:
        """How much of its face shines, from 0 to 1."""
        return (1 - math.cos(2 * math.pi * self.age)) / 2

    @property
    def next_full(self) -> date:
        """The day of the next full moon; the same day when it is full."""
        days = ((0.5 - self.age) % 1) * MONTH
        return date.fromordinal(self.day.toordinal() + round(days))

    def path(self, radius: float = 100) -> str:
        """The bright part as an SVG path: half a circle outside, half an ellipse inside."""
        outer = 1 if self.age < 0.5 else 0
        bulge = math.cos(2 * math.pi * self.age)
        inner = 1 - outer if bulge > 0 else outer
        return (f"M0 {-radius} A{radius} {radius} 0 0 {outer} 0 {radius} "
                f"A{abs(bulge) * radius:.2f} {radius} 0 0 {inner} 0 {-radius} Z")


def moon_of(day: date) -> Moon:
    """The moon of that evening."""
    return Moon(day, ((day.toordinal() + 0.83 - NEW_MOON) / MONTH) % 1)
