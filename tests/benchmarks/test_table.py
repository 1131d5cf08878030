"""The figures people read are the ones that were measured, and say how sure they are."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from benchmarks import table
from benchmarks.__main__ import PARTS
from benchmarks.figures import Figure, ratio
from benchmarks.programs import Programs
from benchmarks.results import FILE, Results
from benchmarks.rounds import Bench, Case, interleaved, run
from benchmarks.rows import SECTIONS, Goal, Row

BENCHMARKS = FILE.parent


def test_the_median_of_five_rounds_is_the_third() -> None:
    assert Figure((5.0, 1.0, 100.0, 3.0, 4.0)).median == 4.0


def test_one_wild_round_of_five_does_not_widen_the_spread_and_two_do() -> None:
    assert Figure((100, 100, 100, 100, 900)).spread == 0.0
    assert Figure((100, 100, 100, 900, 900)).spread == 8.0


def test_the_spread_is_the_distance_of_the_quartiles_over_the_median() -> None:
    assert Figure((80, 90, 100, 110, 120)).spread == pytest.approx(0.2)


def test_rounds_too_far_apart_have_measured_nothing() -> None:
    assert Figure((93, 100, 107, 100, 100)).measured
    assert not Figure((50, 80, 100, 120, 150)).measured


def test_a_ratio_compares_round_by_round() -> None:
    assert ratio([10, 20, 30], [20, 40, 60]).values == (0.5, 0.5, 0.5)
    with pytest.raises(ValueError, match="shorter"):
        ratio([1, 2], [1])


def test_cases_take_turns_and_the_rehearsal_counts_for_nothing() -> None:
    turns: list[str] = []

    def case(name: str) -> Case:
        def measure() -> dict[str, float]:
            turns.append(name)
            return {name: float(len(turns))}
        return measure

    measured = list(interleaved([case("a"), case("b")], 2))

    assert turns == ["a", "b", "a", "b", "a", "b"]
    assert measured == [("a", 3.0), ("b", 4.0), ("a", 5.0), ("b", 6.0)]


def test_a_part_that_breaks_off_leaves_no_half_figures_and_says_so(tmp_path: Path) -> None:
    @contextmanager
    def breaking(bench: Bench) -> Iterator[list[Case]]:
        turns = itertools.count()
        yield [lambda: {"a": 1 / (2 - next(turns))}]

    found, bench = results(), Bench(tmp_path, cast("Programs", None), docker=False)
    run({"breaking": breaking}, bench, found)

    assert found.figures == {}
    assert found.left_out == ["breaking: it broke off (division by zero)."]


def results(**figures: list[float]) -> Results:
    return Results("2026-01-01", 5, {"CPU": "an abacus"}, {name.replace("_", "."): f for name, f in figures.items()})


def test_a_goal_is_said_to_be_met_or_not() -> None:
    fast = table.render(results(hub_start_again=[0.9, 0.9, 0.91, 0.9, 0.9]))
    slow = table.render(results(hub_start_again=[1.9, 1.9, 1.91, 1.9, 1.9]))

    assert "| 0.90 s | 0% | 0.90 – 0.91 | ≤ 1.00 s: met |" in fast
    assert "≤ 1.00 s: **not met** |" in slow


def test_what_spreads_too_far_is_not_measured_and_meets_no_goal() -> None:
    text = table.render(results(hub_start_again=[0.1, 0.5, 0.9, 1.5, 1.9]))

    assert "| not measured | 111% | 0.10 – 1.90 | ≤ 1.00 s |" in text


def test_a_goal_of_at_least_is_met_from_above() -> None:
    assert Goal(0.95, least=True).met(0.96)
    assert not Goal(0.95, least=True).met(0.94)
    assert Row("x", "a", over="b").figure({"a": [1.0]}) is None, "nothing to compare with"


def test_the_page_keeps_its_words_and_gets_a_new_table(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{table.BEGIN}stale\n{table.END}after\n")

    table.place(results(save_told=[30.0] * 5), page)

    assert page.read_text().startswith("before\n")
    assert page.read_text().endswith("after\n")
    assert "stale" not in page.read_text()
    assert "30.0 ms" in page.read_text()


def test_results_come_back_as_they_were_written(tmp_path: Path) -> None:
    made = results(a_b=[1.0, 2.5])
    made.left_out.append("nginx: “not here”.")
    made.write(tmp_path / "results.json")

    assert Results.read(tmp_path / "results.json") == made


def test_another_machines_figures_are_not_mixed_in() -> None:
    mine, other = results(a=[1.0]), results(b=[2.0])
    mine.keep(other)
    assert set(mine.figures) == {"a", "b"}

    other.machine = {"CPU": "another"}
    other.figures["c"] = [3.0]
    mine.keep(other)
    assert set(mine.figures) == {"a", "b"}


def test_nobody_edited_the_documented_table_by_hand(tmp_path: Path) -> None:
    again = tmp_path / "benchmarks.md"
    again.write_text(table.PAGE.read_text())
    table.place(Results.read(), again)

    assert again.read_text() == table.PAGE.read_text(), "run: python -m benchmarks --render"


def test_the_documented_figures_are_those_of_five_rounds_at_least() -> None:
    found = Results.read()

    assert found.rounds >= 5
    assert {name: len(values) for name, values in found.figures.items() if len(values) != found.rounds} == {}
    assert set(found.machine) >= {"CPU", "Memory", "Kernel", "Python", "Caddy", "nginx", "Node", "Docker", "JupyterLab"}


def test_every_measured_figure_has_a_row() -> None:
    shown = {name for section in SECTIONS for row in section.rows for name in (row.name, row.over)}
    unshown = {f"sites.{size}.{what}" for size in ("1", "100", "1000") for what in ("caddy", "both")}

    assert set(Results.read().figures) - shown - unshown == set()


@pytest.mark.parametrize("path", sorted(BENCHMARKS.glob("*.py")), ids=lambda path: path.name)
def test_a_file_is_short_and_says_what_it_is_for(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_every_part_is_a_module_with_a_function_of_its_name() -> None:
    for part in PARTS:
        assert f"def {part}(" in (BENCHMARKS / f"{part}.py").read_text()
