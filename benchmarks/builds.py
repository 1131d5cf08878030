"""Deploying what has to be built first: the Astro template, its packages installed already.

Installing packages anew is the network's speed and is not measured.
"""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from benchmarks.content import template
from benchmarks.rounds import Bench, Case
from benchmarks.standing import installation, owner
from dialup_ext.client.deploy import rollback
from dialup_ext.client.transport import Transport
from dialup_ext.templates import list_templates
from dialup_ext.testing.installation import Person

_numbers = itertools.count(1)


@contextmanager
def builds(bench: Bench) -> Iterator[Sequence[Case]]:
    """A new site in each round, built as a process and in a container."""
    if "astro" not in {found.name for found in list_templates()}:
        bench.leave_out("Builds: there is no template that needs one.")
        yield []
        return
    with ExitStack() as stack:
        yield [partial(_life, owner(stack.enter_context(installation(bench, f"astro-{driver}", driver=driver))),
                       driver, bench.folder / f"astro-site-{driver}")
               for driver in ("process", *(["docker"] if bench.docker else []))]


def _life(person: Person, driver: str, folder: Path) -> Mapping[str, float]:
    """The first time, one page changed, back again. A changed comment makes every build a new one."""
    site = f"astro{next(_numbers)}"
    page = template("astro", folder) / "src/pages/index.astro"
    _change(page, f"first of {site}")
    figures = {f"astro.{driver}.first": _seconds(lambda: person.deploy(site, folder))}
    _change(page, f"second of {site}")
    figures[f"astro.{driver}.next"] = _seconds(lambda: person.deploy(site, folder))
    with Transport(person.portal, key=person.key) as transport:
        figures[f"astro.{driver}.back"] = _seconds(lambda: rollback(transport, site))
        transport.delete(f"/sites/{site}")
    shutil.rmtree(folder)
    return figures


def _change(page: Path, words: str) -> None:
    page.write_text(f"{page.read_text()}\n<!-- {words} -->\n")


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
