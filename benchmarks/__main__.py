"""`python -m benchmarks [--rounds 5] [--only hub_start,gogc]`: measure, keep every round, render the table.

With `--only`, the other parts keep the figures of the run before, if it was on the same machine
with as many rounds. `--render` measures nothing and writes the table again.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.machine import describe
from benchmarks.programs import Missing, find_programs
from benchmarks.results import FILE, Results
from benchmarks.rounds import Bench, Part, run, say
from benchmarks.table import PAGE, place, render

PARTS = ("hub_start", "lab_start", "static_files", "compressed", "node_page", "deploys", "builds", "saving", "gogc",
         "kinds", "wake", "hostile")
"""Each is a module of this name with a function of this name."""

MANY = 1000
"""Sites, as the table's rows have it."""

FETCHED = Path(__file__).resolve().parents[1] / ".venv" / "benchmarks"


def main(argv: Sequence[str] | None = None) -> int:
    """0 when all was measured that can be measured here; 1 when a part broke off."""
    wanted = _parse(argv)
    if wanted.render:
        place(Results.read())
        return 0
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # without bytecode every start is a second slower
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dialup-bench-")))
        folder.chmod(0o755)  # nginx reads it under another name
        bench = Bench(folder, find_programs(FETCHED), docker=False, sites=wanted.sites)
        bench.docker = _containers(stack, bench)
        if bench.programs.nginx is None:
            bench.leave_out("nginx is not on this machine and apt-get could not fetch it.")
        results = Results(f"{datetime.now(UTC):%Y-%m-%d}", wanted.rounds,
                          describe(bench.programs, docker=bench.docker))
        run({name: _part(name) for name in wanted.only}, bench, results)
    return _end(results, wanted)


def _end(results: Results, wanted: argparse.Namespace) -> int:
    broken = any("broke off" in sentence for sentence in results.left_out)
    if wanted.try_out:
        print(render(results))
    else:
        if len(wanted.only) < len(PARTS) and FILE.exists():
            results.keep(Results.read())
        results.write()
        place(Results.read())  # as it was written: rounding twice may differ from rounding once
        say(f"Written: {FILE} and {PAGE}")
    return 1 if broken else 0


def _containers(stack: ExitStack, bench: Bench) -> bool:
    """True with an engine that answers, or that we started, and the images there."""
    from dialup_ext.testing import engine

    reason = "" if engine.answers() else engine.why_not()
    if reason:
        bench.leave_out(f"Everything in containers. {reason}")
        return False
    stack.enter_context(engine.engine())
    say("building what containers need …")
    engine.need_images("node", "python", "lab")
    return True


def _part(name: str) -> Part:
    part: Part = getattr(importlib.import_module(f"benchmarks.{name}"), name)
    return part


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="five at least, for figures to be kept")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(PARTS), help=", ".join(PARTS))
    parser.add_argument("--sites", type=int, default=MANY, help="how many sites are many")
    parser.add_argument("--try-out", action="store_true", help="print the table and write nothing")
    parser.add_argument("--render", action="store_true", help="write the table again from results.json")
    wanted = parser.parse_args(argv)
    unknown = sorted(set(wanted.only) - set(PARTS))
    if unknown:
        parser.error(f"there is no part {unknown[0]}; there are: {', '.join(PARTS)}")
    if (wanted.rounds < 5 or wanted.sites != MANY) and not wanted.try_out:
        say(f"Fewer than five rounds, or other than {MANY} sites: the table is printed, nothing is written.")
        wanted.try_out = True
    return wanted


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Missing as missing:
        sys.exit(str(missing))
