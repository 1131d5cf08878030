"""Requests over kept-alive connections, by wrk, from this same machine: it takes its share of the cores."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from benchmarks.programs import Programs

SECONDS = 2
"""Of one measurement; the rehearsal before the rounds has warmed up what can be warm."""

CONNECTIONS = 16
SCRIPT = Path(__file__).with_name("loopback.lua")


class Failed(Exception):
    """Some requests failed, so the rest says nothing."""


def requests_per_second(programs: Programs, url: str, *, seconds: int = SECONDS, **headers: str) -> float:
    """Whole answers per second. Raises `Failed` when one was an error, or nothing answered.

    Keywords are request headers, with `_` for `-`.
    """
    text = _wrk(programs, url, seconds, headers)
    found = re.search(r"Requests/sec:\s*([0-9.]+)", text)
    trouble = re.search(r"Non-2xx.*|Socket errors:.*", text)
    if found is None or trouble is not None or not float(found[1]):
        raise Failed(f"{url}: {trouble[0] if trouble else text.strip()[-200:] or 'no answer'}")
    return float(found[1])


def _wrk(programs: Programs, url: str, seconds: int, headers: dict[str, str]) -> str:
    sent = [word for name, value in headers.items() for word in ("-H", f"{name.replace('_', '-')}: {value}")]
    done = subprocess.run(
        [programs.wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(SCRIPT), *sent, url],
        capture_output=True, text=True, check=False, env=programs.environment(), timeout=seconds + 60)
    return done.stdout + done.stderr
