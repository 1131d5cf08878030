"""From the client's call to live, and to the first new answer: with one site on the server, and many.

The installations stand side by side for the whole part, so that a round asks all of them within
the same seconds.
"""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from benchmarks.content import say, static_site, trivial_node
from benchmarks.crowd import settle
from benchmarks.quiet import quiet
from benchmarks.rounds import Bench, Case
from benchmarks.rounds import say as tell
from benchmarks.standing import installation, owner
from benchmarks.watcher import Watcher
from dialup_ext.client.deploy import rollback
from dialup_ext.client.transport import Transport
from dialup_ext.testing.installation import Installation, Person

_numbers = itertools.count(1)

Change = Callable[[Path, str], object]
"""Makes a folder say other words."""


@contextmanager
def deploys(bench: Bench) -> Iterator[Sequence[Case]]:
    """One static and one Node site, new in each round, beside 0, 99 and 999 others."""
    with ExitStack() as stack:
        standing = {name: _filled(stack, bench, name, sites)
                    for name, sites in (("1", 1), ("100", 100), ("1000", bench.sites))}
        people = {name: owner(one) for name, one in standing.items()}
        cases: list[Case] = [partial(_static, person, name, bench.folder) for name, person in people.items()]
        if bench.docker:
            for name, options in (("docker", {}), ("wide", {"nodejs_cpu": "2"})):
                people[name] = owner(stack.enter_context(installation(bench, f"sites-{name}", driver="docker", **options)))
        cases += [partial(_node, person, name, bench.folder) for name, person in people.items()]
        yield [*cases, partial(quiet, standing)]


def _filled(stack: ExitStack, bench: Bench, name: str, sites: int) -> Installation:
    began = time.monotonic()
    standing = stack.enter_context(installation(bench, f"sites{name}"))
    settle(standing, sites - 1, bench.folder / f"crowd{name}")
    tell(f"deploys: {sites} sites after {time.monotonic() - began:.0f} s")
    return standing


def _static(person: Person, sites: str, place: Path) -> Mapping[str, float]:
    number = next(_numbers)
    folder = static_site(place / f"site{number}", words=f"first {number}", seed=number)
    return _life(person, folder, number, f"static.{sites}", say)


def _node(person: Person, what: str, place: Path) -> Mapping[str, float]:
    number = next(_numbers)
    folder = trivial_node(place / f"site{number}", f"first {number}")
    return _life(person, folder, number, f"node.{what}", trivial_node)


def _life(person: Person, folder: Path, number: int, name: str, change: Change) -> dict[str, float]:
    """First deployment, one file changed, back again; then the site goes, so that there are as many as before."""
    site = f"robin{number}"
    figures = _timed(person, site, f"first {number}", f"deploy.{name}.first", lambda: person.deploy(site, folder))
    change(folder, f"second {number}")
    figures |= _timed(person, site, f"second {number}", f"deploy.{name}.next", lambda: person.deploy(site, folder))
    with Transport(person.portal, key=person.key) as transport:
        figures |= _timed(person, site, f"first {number}", f"deploy.{name}.back", lambda: rollback(transport, site))
        transport.delete(f"/sites/{site}")
    shutil.rmtree(folder)
    return figures


def _timed(person: Person, site: str, words: str, name: str, work: Callable[[], object]) -> dict[str, float]:
    """Milliseconds until `work` returned, and until a visitor saw `words`."""
    watcher = Watcher(person.installation, site, words)
    watcher.start()
    began = time.perf_counter()
    work()
    live = time.perf_counter()
    return {f"{name}.live": 1000 * (live - began), f"{name}.seen": 1000 * (watcher.finish() - began)}
