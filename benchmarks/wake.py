"""How long a visitor waits who wakes a site, and what sites take that sleep: 20 of Node and 20 of Python.

All of them belong to one account on one installation with a memory budget of 4 GiB. In a round all fall asleep; then
each is visited once, one after the other, and all of them stay awake to the end.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from benchmarks.content import trivial_node
from benchmarks.rounds import Bench, Case
from benchmarks.standing import installation, owner
from benchmarks.stopwatch import until
from dialup_ext.spawner.cgroup import group_of
from dialup_ext.testing.installation import Installation, Person

EACH = 20
APP = ("async def app(scope, receive, send):\n"
       "    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n"
       "    await send({'type': 'http.response.body', 'body': b'first'})\n")


@contextmanager
def wake(bench: Bench) -> Iterator[Sequence[Case]]:
    """One case: all asleep, all woken."""
    if not bench.docker:
        bench.leave_out("Sites that sleep: there are no containers here.")
        yield []
        return
    with ExitStack() as stack:
        ours = stack.enter_context(installation(bench, "wake", driver="docker", sleep_least="1",
                                                memory_budget_mb="4096"))
        robin = owner(ours)
        folders = {"node": trivial_node(bench.folder / "wake-node"), "python": _program(bench.folder / "wake-python")}
        sites = {kind: [f"{kind}-{number}" for number in range(EACH)] for kind in folders}
        for site in _all(sites):
            robin.deploy(site, folders[site.partition("-")[0]])
        yield [partial(_round, ours, robin, sites)]


def _round(ours: Installation, person: Person, sites: Mapping[str, Sequence[str]]) -> Mapping[str, float]:
    everything = _all(sites)
    for site in everything:
        person.call("PATCH", f"/sites/{site}", {"sleep_after": 1})
    until(lambda: all(_status(person, site) == "sleeping" for site in everything), seconds=300)
    for site in everything:
        person.call("PATCH", f"/sites/{site}", {"sleep_after": 86400})
    figures = {"wake.asleep": _memory(ours)}
    for kind, names in sites.items():
        took = [_visit(ours, site) for site in names]
        figures |= {f"wake.{kind}.median": statistics.median(took), f"wake.{kind}.p95": statistics.quantiles(took, n=20)[18]}
    return {**figures, "wake.awake": _memory(ours)}


def _all(sites: Mapping[str, Sequence[str]]) -> list[str]:
    return [site for names in sites.values() for site in names]


def _visit(ours: Installation, site: str) -> float:
    began = time.perf_counter()
    answer = ours.get(site)
    if (answer.status, answer.text) != (200, "first"):
        raise RuntimeError(f"{site} answered {answer.status} to who woke it")
    return time.perf_counter() - began


def _status(person: Person, site: str) -> str:
    return str(person.call("GET", f"/sites/{site}").json["status"])


def _memory(ours: Installation) -> float:
    """MiB of all containers there are, by the kernel's count."""
    mark = json.loads((ours.home / "data/installation").read_text())["id"]
    words = ["docker", "ps", "-q", f"--filter=label=dialup.installation={mark}"]
    found = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    used = 0
    for one in found:
        pid = subprocess.run(["docker", "inspect", "-f", "{{.State.Pid}}", one], check=True, capture_output=True, text=True)
        usage = group.usage() if (group := group_of(int(pid.stdout))) else None
        used += usage.memory_bytes if usage else 0
    return used / (1 << 20)


def _program(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.py").write_text(APP)
    return folder
