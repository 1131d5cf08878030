"""The one table of moves."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest

from dialup_ext.domain.deployment import FINAL, MOVES, Deployment, Status, advance
from dialup_ext.errors import Conflict

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def deployment(status: Status) -> Deployment:
    return Deployment(id="d", site_id="s", release_id="r", release_number=1, status=status, action="deploy",
                      created_at=NOW, changed_at=NOW, created_by="ana")


@pytest.mark.parametrize(("before", "after"), list(product(Status, Status)))
def test_only_moves_of_the_table_are_possible(before: Status, after: Status) -> None:
    if after in MOVES.get(before, ()):
        assert advance(deployment(before), after, at=NOW).status is after
    else:
        with pytest.raises(Conflict) as refusal:
            advance(deployment(before), after, at=NOW)
        assert refusal.value.code == "illegal_move"


def test_every_status_is_reachable_and_every_final_one_ends_the_work() -> None:
    reached = {Status.QUEUED}
    while more := {after for status in reached for after in MOVES.get(status, ())} - reached:
        reached |= more

    assert reached == set(Status)
    assert {status for status in Status if status.is_final} == FINAL


def test_nothing_can_be_cancelled_once_it_switches() -> None:
    assert Status.CANCELLED not in MOVES[Status.SWITCHING]
