"""How long others wait while hostile neighbours do all they can, against the same without them.

A visitor asks one static and one Node site for a while, quietly, then with every attack under way at
once, and a build that does all of it. Each request is timed; the 99th percentile of a round counts.
"""

from __future__ import annotations

import http.client
import statistics
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial

from benchmarks.content import tiny_site
from benchmarks.rounds import Bench, Case
from benchmarks.standing import installation, owner
from dialup_ext.errors import DialupError
from dialup_ext.testing import hostile as neighbours
from dialup_ext.testing.installation import Installation, Person

SECONDS = 10.0
"""Of asking, in each case of a round."""

PAUSE = 0.005
SITES = ("page", "program")


@contextmanager
def hostile(bench: Bench) -> Iterator[Sequence[Case]]:
    """The same sites on one installation: in peace, and under attack."""
    if not bench.docker:
        bench.leave_out("Hostile neighbours: without containers nothing holds them.")
        yield []
        return
    with ExitStack() as stack:
        ours = stack.enter_context(installation(bench, "hostile", driver="docker", build_memory_mb="512",
                                                build_timeout="60", build_disk_mb="200"))
        good, bad = owner(ours), owner(ours, "mallory")
        good.deploy("page", tiny_site(bench.folder / "hostile-page", "here"))
        good.deploy("program", neighbours.good(bench.folder / "hostile-program", "here"))
        yield [partial(_peace, ours), partial(_attack, ours, bad, bench)]


def _peace(ours: Installation) -> Mapping[str, float]:
    return {f"hostile.{site}.peace": _slowest(ours, site) for site in SITES}


def _attack(ours: Installation, bad: Person, bench: Bench) -> Mapping[str, float]:
    """Every attacker is deployed anew and told to begin; all of them are gone when this returns."""
    names = {name: f"bad-{name}" for name in neighbours.ATTACKS}
    for name, site in names.items():
        bad.deploy(site, neighbours.site(bench.folder / site, name))
        ours.get(site, "/go")
    over = threading.Event()
    builder = threading.Thread(target=_build_again, args=(bad, bench, over))
    builder.start()
    try:
        time.sleep(2)  # all of them at full speed
        return {f"hostile.{site}.attack": _slowest(ours, site) for site in SITES}
    finally:
        over.set()
        for site in names.values():
            bad.call("DELETE", f"/sites/{site}")
        builder.join()


def _build_again(bad: Person, bench: Bench, over: threading.Event) -> None:
    """Builds one after another, each until it meets a limit."""
    folder = neighbours.building(bench.folder / "bad-build")
    while not over.is_set():
        with suppress(DialupError):
            bad.deploy("bad-build", folder)
    bad.call("DELETE", "/sites/bad-build")


def _slowest(ours: Installation, site: str) -> float:
    """Milliseconds of the 99th percentile; every answer must be a good one."""
    took: list[float] = []
    end = time.perf_counter() + SECONDS
    with closing(http.client.HTTPConnection("127.0.0.1", ours.port, timeout=30)) as line:
        while time.perf_counter() < end:
            began = time.perf_counter()
            line.request("GET", "/", headers={"Host": f"{site}.{ours.settings.domain}:{ours.port}"})
            answer = line.getresponse()
            if answer.status != 200 or b"here" not in answer.read():
                raise RuntimeError(f"{site} answered {answer.status} to an innocent visitor")
            took.append(1000 * (time.perf_counter() - began))
            time.sleep(PAUSE)
    return statistics.quantiles(took, n=100)[98]
