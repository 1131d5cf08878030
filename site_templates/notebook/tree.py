"""Draws a tree as an SVG picture: a branch, and on it smaller branches, until they are leaves."""

from __future__ import annotations

import math
import random

SEASONS = {
    "spring": (("#f6b7c8", "#f9d3dc", "#e58fa8", "#8fbf6a"), 0.9),
    "summer": (("#3f8f4f", "#5aa85f", "#2f7a44", "#79bd6b"), 1.0),
    "autumn": (("#d9822b", "#c4532d", "#e6b03c", "#a63d2f"), 0.75),
    "winter": (("#ffffff", "#e8eef5", "#d7e1ee", "#f4f7fb"), 0.12),
}
"""Colours of the leaves, and how many of the twigs bear one."""


def tree(levels: int = 9, spread: float = 24, wind: float = 0, season: str = "summer", seed: int = 7) -> str:
    """The whole picture. The same numbers give the same tree."""
    chance = random.Random(seed)
    branches: list[str] = []
    leaves: list[str] = []
    _grow(0, 0, -90, 96, levels, (levels, spread, wind, season), chance, branches, leaves)
    return ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="-300 -400 600 440" width="100%" role="img" '
            f'aria-label="A tree in {season}" style="max-height:52vh">'
            '<ellipse cx="0" cy="8" rx="190" ry="14" fill="currentColor" opacity=".08"/>'
            f'<g stroke="#7a5a43" stroke-linecap="round">{"".join(branches)}</g>{"".join(leaves)}</svg>')


def _grow(x: float, y: float, angle: float, length: float, level: int, how: tuple, chance: random.Random,
          branches: list[str], leaves: list[str]) -> None:
    levels, spread, wind, season = how
    bent = angle + wind * (levels - level) / levels
    to_x = x + length * math.cos(math.radians(bent))
    to_y = y + length * math.sin(math.radians(bent))
    branches.append(f'<path d="M{x:.1f} {y:.1f}L{to_x:.1f} {to_y:.1f}" stroke-width="{max(0.8, level * level / 5):.1f}"/>')
    if level == 1:
        colours, leafy = SEASONS[season]
        if chance.random() < leafy:
            leaves.append(f'<circle cx="{to_x:.1f}" cy="{to_y:.1f}" r="{chance.uniform(3, 6.5):.1f}" '
                          f'fill="{chance.choice(colours)}" opacity=".9"/>')
        return
    for side in (-1, 1):
        turn = side * spread * chance.uniform(0.6, 1.3)
        _grow(to_x, to_y, angle + turn, length * chance.uniform(0.7, 0.84), level - 1, how, chance, branches, leaves)
