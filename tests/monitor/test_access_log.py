"""Who was visited, from a log that grows, is exchanged, and holds what strangers wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dialup_ext.monitor import access_log
from dialup_ext.monitor.access_log import AccessLog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "access-sites.log"


@pytest.fixture
def log(path: Path) -> Iterator[AccessLog]:
    log = AccessLog(path)
    yield log
    log.rest()


def visit(path: Path, host: str, uri: str = "/") -> None:
    with path.open("a") as log:
        log.write(json.dumps({"level": "info", "request": {"remote_ip": "127.0.0.1", "method": "GET", "host": host,
                                                           "uri": uri}, "status": 200}, separators=(",", ":")) + "\n")


def test_what_was_before_is_nobodys_visit(path: Path, log: AccessLog) -> None:
    visit(path, "old.d.test")
    assert log.hosts() == set()
    visit(path, "blog.d.test:8080")
    visit(path, "Shop.D.test")
    assert log.hosts() == {"blog.d.test", "shop.d.test"}
    assert log.hosts() == set()


def test_a_log_that_is_not_there_yet_is_read_from_its_beginning(path: Path, log: AccessLog) -> None:
    assert log.hosts() == set()
    visit(path, "first.d.test")
    assert log.hosts() == {"first.d.test"}


def test_a_line_that_is_half_written_is_read_when_it_is_whole(path: Path, log: AccessLog) -> None:
    path.touch()
    log.hosts()
    visit(path, "blog.d.test")
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert log.hosts() == set()
    path.write_bytes(whole)
    assert log.hosts() == {"blog.d.test"}


def test_nothing_is_lost_when_the_file_is_exchanged(path: Path, log: AccessLog) -> None:
    path.touch()
    log.hosts()
    visit(path, "before.d.test")
    path.rename(path.with_suffix(".old"))
    visit(path, "after.d.test")
    assert log.hosts() == {"before.d.test", "after.d.test"}


def test_what_a_visitor_writes_is_no_host(path: Path, log: AccessLog) -> None:
    path.touch()
    log.hosts()
    visit(path, "blog.d.test", '/?x="host":"victim.d.test"')
    assert log.hosts() == {"blog.d.test"}


def test_of_a_flood_the_end_is_read(path: Path, log: AccessLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log, "MOST", 1000)
    path.touch()
    log.hosts()
    visit(path, "first.d.test")
    for _ in range(50):
        visit(path, "flood.d.test")
    visit(path, "last.d.test")
    assert log.hosts() == {"flood.d.test", "last.d.test"}


def test_after_a_rest_it_begins_anew(path: Path, log: AccessLog) -> None:
    path.touch()
    log.hosts()
    log.rest()
    visit(path, "blog.d.test")
    assert log.hosts() == set()
    visit(path, "blog.d.test")
    assert log.hosts() == {"blog.d.test"}
