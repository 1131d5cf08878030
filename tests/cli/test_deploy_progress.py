"""What a person at a terminal sees while a site is deployed."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from dialup_ext.cli.deploy_progress import Board
from dialup_ext.cli.output import bar, failure_card, quota_table, warnings
from dialup_ext.client import events
from dialup_ext.domain.deployment import STEPS
from dialup_ext.errors import Unavailable


@pytest.fixture
def console():
    return Console(file=io.StringIO(), force_terminal=True, color_system=None, width=80)


def shown(console: Console, what) -> list[str]:
    assert isinstance(console.file, io.StringIO)
    console.file.seek(0)
    console.file.truncate()
    console.print(what)
    return [line.strip() for line in console.file.getvalue().splitlines() if line.strip()]


def moved(status: str, step: str) -> events.Moved:
    return events.Moved({"status": status, "step": step})


@pytest.fixture
def board(console):
    one = Board(console, STEPS)
    one.tell(events.Found(12, 4096, ()))
    one.tell(events.Recognised("static", "index.html is at the top", 2, 2048))
    return one


def test_the_upload_is_a_bar_with_sizes(board, console):
    board.tell(events.Sent(1024, 2048))
    rows = shown(console, board)
    assert "1.0 KB of 2.0 KB" in rows[0]
    assert "━" in rows[0]
    assert [row.split()[0] for row in rows[1:]] == ["○"] * 4


def test_what_is_done_has_a_mark_and_what_is_being_done_its_last_line(board, console):
    board.tell(events.Released({"number": 12}))
    board.tell(moved("building", "build"))
    board.tell(events.Line("\x1b[2Jadded 7 packages"))
    rows = shown(console, board)
    assert rows[0] == "✓  Upload  12 files, 4.0 KB · sent 2 new, 2.0 KB"
    assert rows[1].endswith("added 7 packages")
    assert "\x1b[2J" not in console.file.getvalue()

    board.tell(moved("live", "live"))
    assert [row.split()[0] for row in shown(console, board)] == ["✓"] * 5
    assert "release 12" in shown(console, board)[-1]


def test_a_failure_marks_its_step_and_promises_nothing(board, console):
    board.tell(events.Released({"number": 12}))
    board.tell(moved("failed", "check"))
    rows = shown(console, board)
    assert [row.split()[0] for row in rows] == ["✓", "✓", "✓", "✗", "○"]
    assert "release" not in rows[-1]


def test_a_refused_upload_leaves_no_board(board):
    assert not board.begun


def test_the_card_holds_cause_lines_advice_and_consolation(console):
    error = Unavailable("It did not answer.", hint="Listen on $PORT.")
    text = "\n".join(shown(console, failure_card("blog was not deployed", error, ["[bold]oops[/]"],
                                                 "Your site still runs release 3.", boxed=True)))
    for part in ("blog was not deployed", "It did not answer.", "[bold]oops[/]", "Try: Listen on $PORT.", "release 3"):
        assert part in text


@pytest.mark.parametrize(("used", "limit", "full"), [(0, 10, 0), (5, 10, 12), (10, 10, 24), (20, 10, 24), (0, 0, 24)])
def test_a_bar_is_as_full_as_the_quota(used, limit, full):
    assert bar(used, limit).plain.count("█") == full


def test_limits_warn_from_four_fifths_on(console):
    def quota(used: float) -> dict:
        return {name: {"used": used, "limit": 10} for name in ("sites", "memory_mb", "storage_mb")}

    assert warnings(quota(7)) == []
    assert warnings(quota(8))[1] == ("You use 8 of 10 MB of memory. Stop a site you do not use, "
                                     "or ask your admin for more.")
    assert len(shown(console, quota_table(quota(8)))) == 3
