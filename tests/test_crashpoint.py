"""The points the hub can be made to die at: named once, described once, and dying when asked."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from dialup_ext.crashpoint import VARIABLE, parse

ROOT = Path(__file__).resolve().parents[1]
NOWHERE_YET = {"C15"}
"""Documented, and not in the code: there is no command for backups."""

THREE_VISITS = (
    "from dialup_ext.crashpoint import crashpoint\n"
    "for number in (1, 2, 3):\n"
    "    print(number, flush=True)\n"
    "    crashpoint('C1')\n"
    "    crashpoint('C2')\n")


def in_the_code() -> Counter[str]:
    """Every `crashpoint("…")` there is, by name."""
    sources = [path for folder in ("dialup_ext", "handlers", "spawner") for path in (ROOT / folder).rglob("*.py")
               if not any(part.is_symlink() for part in path.parents) and path.name != "crashpoint.py"]
    return Counter(name for path in sources for name in re.findall(r'\bcrashpoint\("(\w+)"\)', path.read_text()))


def documented() -> Counter[str]:
    return Counter(re.findall(r"^\| ([CDSV]\d+[a-z]?) \|", (ROOT / "docs/developers/crashes.md").read_text(), re.MULTILINE))


def test_every_point_is_documented_once_and_stands_once_in_the_code() -> None:
    assert set(in_the_code()) == set(documented()) - NOWHERE_YET
    assert {*in_the_code().values(), *documented().values()} == {1}


@pytest.mark.parametrize(("wanted", "reached"), [("C1", 1), ("C1:2", 2), ("C2:3", 3)])
def test_the_process_dies_at_the_visit_that_was_asked_for(wanted: str, reached: int) -> None:
    ended = subprocess.run([sys.executable, "-c", THREE_VISITS], env={**os.environ, VARIABLE: wanted},
                           capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout.split()[-1] == str(reached)


@pytest.mark.parametrize("wanted", ["", "C3", "C1:4"])
def test_nothing_happens_at_points_nobody_asked_for(wanted: str) -> None:
    ended = subprocess.run([sys.executable, "-c", THREE_VISITS], env={**os.environ, VARIABLE: wanted},
                           capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout.split()) == (0, ["1", "2", "3"])


@pytest.mark.parametrize("wanted", ["C1:0", "C1:-1", "C1:once"])
def test_a_visit_that_cannot_be_is_refused(wanted: str) -> None:
    with pytest.raises(ValueError, match=r"visits|invalid"):
        parse(wanted)
