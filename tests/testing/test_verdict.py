"""The judge of a redeploy under load sees each fault there is, and none where there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialup_ext.testing.verdict import Switch, Visit, judge, moments

VISITORS = ("GET", "POST")
SWITCHES = [Switch(1, 0.0), Switch(2, 5.0), Switch(3, 8.0)]


def visits() -> list[Visit]:
    """Two visitors, one request a second each, always answered by the release that is due."""
    return [Visit(visitor, at, at + 0.5, 200, 1 if at < 5 else 2 if at < 8 else 3)
            for at in range(10) for visitor in VISITORS]


def seed(number: int, **changes: object) -> list[Visit]:
    good = visits()
    good[number] = replace(good[number], **changes)  # type: ignore[arg-type]
    return good


def test_a_good_switch_is_faultless() -> None:
    verdict = judge(visits(), SWITCHES, VISITORS)

    assert verdict.faultless, verdict
    assert verdict.requests == 20


def test_an_old_answer_after_the_switch_is_stale() -> None:
    verdict = judge(seed(11, release=1), SWITCHES, VISITORS)

    assert len(verdict.stale) == 1 and "POST: release 1" in verdict.stale[0]
    assert not verdict.faultless


def test_an_old_answer_to_what_was_begun_before_the_switch_is_right() -> None:
    under_way = seed(10, begin=4.9, end=7.0, release=1)

    assert judge(under_way, SWITCHES, VISITORS).faultless


@pytest.mark.parametrize("error", ["ConnectionResetError()", "answered 502, not 200", "another body came back"])
def test_a_failed_request_is_counted_and_quoted(error: str) -> None:
    verdict = judge(seed(4, error=error, release=None), SWITCHES, VISITORS)

    assert verdict.failed == (f"GET: {error}",)
    assert not verdict.faultless
    assert error in str(verdict)


def test_going_back_is_seen_even_when_no_switch_was_told_of() -> None:
    early = seed(0, release=2)

    assert judge(early, [Switch(1, 0.0)], VISITORS).backwards[0].startswith("GET: release 1 at 1.000")
    assert judge(early, [Switch(1, 0.0)], VISITORS).stale == ()


def test_two_visits_at_the_same_time_have_no_order() -> None:
    crossing = [*seed(9, begin=4.0, end=4.9, release=1), Visit("GET", 3.9, 4.8, 200, 2)]

    assert judge(crossing, SWITCHES, VISITORS).faultless


@pytest.mark.parametrize(("missing", "words"), [
    ([], ["nobody answered GET", "nobody answered POST", "nobody saw release 1"]),
    ([visit for visit in visits() if visit.visitor == "GET"], ["nobody answered POST"]),
    ([visit for visit in visits() if visit.release != 2], ["nobody saw release 2"]),
    ([replace(visit, error="reset") for visit in visits()], ["nobody answered GET", "nobody saw release 3"]),
])
def test_a_load_nobody_noticed_proves_nothing(missing: list[Visit], words: list[str]) -> None:
    verdict = judge(missing, SWITCHES, VISITORS)

    assert set(words) <= set(verdict.unseen)
    assert not verdict.faultless


def test_without_a_switch_nothing_is_proven() -> None:
    assert judge(visits(), [], VISITORS).unseen == ("nothing was switched",)


def test_a_declared_refusal_names_no_release_and_is_an_answer() -> None:
    refused = [replace(visit, status=405, release=None) if visit.visitor == "POST" else visit for visit in visits()]

    assert judge(refused, SWITCHES, VISITORS).faultless


def test_the_first_visit_that_sees_the_host_lead_elsewhere_is_the_moment_of_the_switch() -> None:
    seen = [replace(visit, stood="id-two~abc" if visit.begin >= 6 else "id-one~abc") for visit in visits()]

    found = moments(seen, {"id-one": 1, "id-two": 2}, [Switch(2, 6.5)])

    assert sorted(found, key=lambda switch: switch.at) == [Switch(1, 0.0), Switch(2, 6.0), Switch(2, 6.5)]
