"""Render the results as the table of `docs/benchmarks.md`. Pure but for `place`, which writes it there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.results import Results
from benchmarks.rows import SECTIONS, Row

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- made by `make bench`: do not edit -->\n", "<!-- end of what `make bench` made -->\n"


def render(results: Results) -> str:
    """The machine, the table, what was left out."""
    machine = "; ".join(f"{name} {value}" for name, value in results.machine.items())
    lines = [f"Measured on {results.made}: {machine}.", "",
             f"Median of {results.rounds} interleaved rounds.", "",
             "| what | median | spread | lowest – highest | goal |", "|---|--:|--:|--:|---|", *_body(results)]
    if results.left_out:
        lines += ["", "Left out in this run:", "", *(f"- {sentence}" for sentence in results.left_out)]
    return "\n".join(lines) + "\n"


def place(results: Results, page: Path = PAGE) -> None:
    """Put it between the page's two marks; the words around it stay."""
    before, _, rest = page.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{render(results)}\n{END}{after}")


def _body(results: Results) -> Iterator[str]:
    for section in SECTIONS:
        lines = [_line(row, figure) for row in section.rows if (figure := row.figure(results.figures))]
        if lines:
            yield f"| **{section.words}** | | | | |"
            yield from lines


def _line(row: Row, figure: Figure) -> str:
    median = f"{number(figure.median)} {row.unit}" if figure.measured else "not measured"
    span = f"{number(min(figure.values))} – {number(max(figure.values))}"
    return f"| {row.words} | {median} | {figure.spread:.0%} | {span} | {_goal(row, figure)} |"


def _goal(row: Row, figure: Figure) -> str:
    if row.goal is None:
        return ""
    wanted = f"{'≥' if row.goal.least else '≤'} {number(row.goal.value)} {row.unit}"
    if not figure.measured:
        return wanted
    return f"{wanted}: {'met' if row.goal.met(figure.median) else '**not met**'}"


def number(value: float) -> str:
    """Three digits that mean something: 12,300, 830, 12.3, 0.95."""
    if abs(value) >= 1000:
        return f"{round(value, -2 if abs(value) >= 10_000 else -1):,.0f}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
