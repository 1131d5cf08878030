"""Numbers in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dialup_ext.dashboards import figures

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(("mib", "shown"), [
    (None, "–"), (0, "0 MB"), (0.04, "0 MB"), (3.14, "3.1 MB"), (9.96, "10 MB"), (86.4, "86 MB"), (999, "999 MB"),
    (1000, "1 GB"), (1024, "1 GB"), (1536, "1.5 GB"), (40960, "40 GB"), (3 << 20, "3 TB")])
def test_sizes_carry_a_unit_and_no_needless_digits(mib, shown):
    assert figures.size(mib) == shown


@pytest.mark.parametrize(("used", "limit", "part"), [(1, 2, 0.5), (3, 2, 1), (-1, 2, 0), (0, 0, 0), (1, 0, 1)])
def test_a_share_stays_between_nothing_and_all(used, limit, part):
    assert figures.share(used, limit) == part


@pytest.mark.parametrize(("part", "level"), [(0, "fine"), (0.79, "fine"), (0.8, "near"), (0.95, "full"), (1, "full")])
def test_a_level_warns_before_the_end(part, level):
    assert figures.level(part) == level


@pytest.mark.parametrize(("moment", "shown"), [
    (None, "never"), ("2026-11-22T11:59:30Z", "just now"), ("2026-11-22T12:00:05Z", "just now"),
    ("2026-11-22T11:55:00Z", "5 min ago"), ("2026-11-22T09:00:00Z", "3 h ago"), ("2026-11-21T11:00:00Z", "1 day ago"),
    ("2026-11-12T11:00:00Z", "10 days ago"), ("2026-05-04T11:00:00Z", "on 4 May"), ("2025-05-04T11:00:00Z", "on 4 May 2025")])
def test_ages_are_told_as_people_do(moment, shown):
    assert figures.age(moment, NOW) == shown


def test_one_is_not_many():
    assert [figures.count(number, "site") for number in (0, 1, 2)] == ["0 sites", "1 site", "2 sites"]
    assert figures.count(3, "person", "people") == "3 people"
