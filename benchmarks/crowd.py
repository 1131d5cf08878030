"""Fill an installation with sites, each made and deployed by the client over the API, as people do."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks.content import tiny_site
from benchmarks.standing import owner
from dialup_ext.client.deploy import deploy_folder
from dialup_ext.client.transport import Transport
from dialup_ext.testing.installation import Installation, Person

PER_ACCOUNT = 50
AT_ONCE = 6


def settle(standing: Installation, sites: int, folder: Path) -> None:
    """`sites` static sites of one page each, fifty to an account, all live when this returns."""
    people = [owner(standing, f"person{number}") for number in range(-(-sites // PER_ACCOUNT))]
    shares = [range(number * PER_ACCOUNT, min(sites, (number + 1) * PER_ACCOUNT)) for number in range(len(people))]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(_move_in, people, shares, [folder] * len(people)))


def _move_in(person: Person, numbers: range, folder: Path) -> None:
    with _line(person) as transport:
        for number in numbers:
            page = tiny_site(folder / f"crowd{number}", f"site number {number}")
            deploy_folder(transport, f"crowd{number}", page, create=True)


@contextmanager
def _line(person: Person) -> Iterator[Transport]:
    with Transport(person.portal, key=person.key) as transport:
        yield transport
