"""A key that came before: the same answer, never the same work twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dialup_ext.errors import Conflict
from dialup_ext.store.idempotency import RememberedAnswers
from dialup_ext.testing.hub import Bench

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "home")
    yield bench
    bench.close()


@pytest.fixture
def ana(bench: Bench) -> str:
    return bench.account().id


def test_what_was_finished_is_answered_again(bench: Bench, ana: str) -> None:
    answers = RememberedAnswers(bench.store)
    assert answers.begin(ana, "k", "h", NOW) is None
    answers.finish(ana, "k", 201, {"name": "blog"})

    assert answers.begin(ana, "k", "h", NOW) == (201, {"name": "blog"})


def test_what_a_crash_interrupted_is_not_done_a_second_time_unnoticed(bench: Bench, ana: str) -> None:
    RememberedAnswers(bench.store).begin(ana, "k", "h", NOW)

    with pytest.raises(Conflict) as refusal:
        RememberedAnswers(bench.store).begin(ana, "k", "h", NOW)
    assert refusal.value.code == "in_progress" and refusal.value.hint


def test_a_key_with_another_request_is_refused(bench: Bench, ana: str) -> None:
    answers = RememberedAnswers(bench.store)
    answers.begin(ana, "k", "h", NOW)
    with pytest.raises(Conflict) as refusal:
        answers.begin(ana, "k", "other", NOW)
    assert refusal.value.code == "key_reused"


def test_a_refused_request_may_be_tried_again_under_its_key(bench: Bench, ana: str) -> None:
    answers = RememberedAnswers(bench.store)
    answers.begin(ana, "k", "h", NOW)
    answers.forget(ana, "k")

    assert answers.begin(ana, "k", "other", NOW) is None


def test_a_finished_answer_is_not_forgotten_by_a_late_refusal(bench: Bench, ana: str) -> None:
    answers = RememberedAnswers(bench.store)
    answers.begin(ana, "k", "h", NOW)
    answers.finish(ana, "k", 201, {})
    answers.forget(ana, "k")
    answers.finish(ana, "k", 500, {})

    assert answers.begin(ana, "k", "h", NOW) == (201, {})


def test_keys_are_free_again_after_a_day(bench: Bench, ana: str) -> None:
    answers = RememberedAnswers(bench.store)
    answers.begin(ana, "k", "h", NOW)

    assert answers.begin(ana, "k", "h", NOW + timedelta(hours=25)) is None


def test_keys_of_two_accounts_have_nothing_to_do_with_each_other(bench: Bench, ana: str) -> None:
    answers = RememberedAnswers(bench.store)
    bob = bench.account("bob").id
    answers.begin(ana, "k", "h", NOW)

    assert answers.begin(bob, "k", "other", NOW) is None


def test_of_twenty_at_once_one_does_the_work(bench: Bench, ana: str) -> None:
    answers, outcomes, gate = RememberedAnswers(bench.store), list[str](), threading.Barrier(20)

    def attempt() -> None:
        gate.wait()
        try:
            outcomes.append(str(answers.begin(ana, "k", "h", NOW)))
        except Conflict as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=attempt) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["None"] + ["in_progress"] * 19
