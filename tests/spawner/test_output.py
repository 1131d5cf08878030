"""A log stays below its size, loses nothing new, and keeps its offsets."""

from __future__ import annotations

import os

import pytest

from dialup_ext.spawner import output
from dialup_ext.spawner.output import create_log, cut_log, read_log

MOST = 1 << 20


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log"
    handle = create_log(path)
    yield path, handle
    os.close(handle)


def numbered(count: int) -> bytes:
    return b"".join(b"line %011d\n" % number for number in range(count))  # 17 bytes each


def test_a_small_log_is_left_alone(log):
    path, handle = log
    os.write(handle, b"hello\n")
    assert not cut_log(path, MOST)
    assert read_log(path, 0, 100).data == b"hello\n"


def test_a_large_log_keeps_its_newest_half_at_the_same_offsets(log):
    path, handle = log
    text = numbered(200_000)
    os.write(handle, text)
    assert cut_log(path, MOST)
    kept = read_log(path, 0, len(text))
    assert kept.offset > 0
    assert MOST // 2 <= len(kept.data) <= MOST // 2 + 4096
    assert kept.data == text[kept.offset :]
    assert kept.next_offset == len(text)
    assert path.stat().st_blocks * 512 <= MOST


def test_the_program_writes_on_after_a_cut(log):
    path, handle = log
    text = numbered(200_000)
    os.write(handle, text)
    cut_log(path, MOST)
    os.write(handle, b"after\n")
    assert read_log(path, len(text), 100).data == b"after\n"


def test_a_reader_who_fell_behind_moves_up(log):
    path, handle = log
    os.write(handle, numbered(200_000))
    cut_log(path, MOST)
    assert read_log(path, 17, 100).offset > 17


def test_many_cuts_never_lose_the_end(log):
    path, handle = log
    for number in range(20):
        os.write(handle, b"x" * 300_000 + b"%d\n" % number)
        cut_log(path, MOST)
        end = path.stat().st_size
        assert read_log(path, end - 4, 10).data.endswith(b"%d\n" % number)
    assert path.stat().st_blocks * 512 <= MOST


def test_where_the_file_system_knows_no_holes_the_log_starts_over(log, monkeypatch):
    path, handle = log
    monkeypatch.setattr(output, "_punch", lambda *_: False)
    os.write(handle, numbered(200_000))
    assert cut_log(path, MOST)
    os.write(handle, b"after\n")
    assert read_log(path, 3_000_000, 100).data == b"after\n"


def test_a_program_that_talks_too_much_is_kept_below_the_limit(driver, spec, until, settings):
    settings = settings.with_values(log_max_mb=1)
    driver._settings = settings
    driver.start(spec("site-1", ("python", "-c", "import sys, time\nfor n in range(400): print(f'{n:09}' * 1000)\n"
                                                 "print('end', flush=True); time.sleep(600)")))
    file = settings.home / "instances" / "site-1" / "log"
    until(lambda: file.exists() and file.stat().st_size > 3_000_000 and file.stat().st_blocks * 512 <= 1 << 20)
    assert read_log(file, file.stat().st_size - 4, 10).data == b"end\n"
