"""A site on an installation whose hub is made to die, and somebody who keeps visiting it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest

from dialup_ext.client import transport as client
from dialup_ext.client.deploy import begin_deploy, follow
from dialup_ext.client.events import Released
from dialup_ext.crashpoint import VARIABLE
from dialup_ext.errors import DialupError
from dialup_ext.testing.diary import JOURNAL
from dialup_ext.testing.installation import Installation, Person, wait_until
from dialup_ext.testing.invariants import Ledger, age_temporaries, violations

KEPT = 3
"""Releases of the site that stay; so few that every deployment prunes one."""

OPTIONS = {"drain_seconds": "0.5", "health_timeout": "30", "releases_kept": str(KEPT)}

MARGIN = 60.0
"""Seconds to wait for what should take less than ten: a busy machine is slow, not wrong."""

SERVER = """import http from 'node:http';
import fs from 'node:fs';
const words = fs.readFileSync('words.txt', 'utf8');
http.createServer((q, a) => a.end(words)).listen(process.env.PORT, process.env.HOST);
"""

_PLAIN = '{"scripts":{"start":"node server.js"}}'
BUILT = '{"name":"t","type":"module","scripts":{"build":"vite build"},"devDependencies":{"vite":"^7.0.0"}}'


@dataclass
class Visitor:
    """Asks for the site again and again, whatever happens to the hub."""

    installation: Installation
    site: str
    answers: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._visit)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _visit(self) -> None:
        while not self._over.wait(0.05):
            try:
                answer = self.installation.get(self.site)
            except OSError as error:
                self.wrong.append(f"{error!r} at {time.monotonic():.2f}")
                continue
            if answer.status != 200:
                self.wrong.append(f"{answer.status}: {answer.text[:80]}")
            else:
                self.answers.append(marker_in(answer.text))

    @property
    def went_back(self) -> bool:
        """True when an answer of an older release came after one of a newer."""
        return sorted(self.answers, key=number_of) != self.answers


@dataclass
class Scene:
    """One installation with one site of one kind, and the release that is live on it."""

    installation: Installation
    person: Person
    kind: str
    folder: Path
    ledger: Ledger = field(default_factory=Ledger)
    number: int = 0
    told: deque[list[str]] = field(default_factory=deque)
    """Ids of each release that was acknowledged and of its deployments; the oldest are pruned by now."""

    @property
    def site(self) -> str:
        return f"crash-{self.kind}"

    @property
    def marker(self) -> str:
        return f"release-{self.number}"

    def write(self, *, dependency: bool = False) -> str:
        """The next release's files; returns what its pages say."""
        self.number += 1
        self.folder.mkdir(exist_ok=True)
        files = {"words.txt": self.marker, "deep/er/data.bin": os.urandom(3000).hex()}
        if self.kind == "node":
            files |= {"server.js": SERVER, "package.json": _package(dependency)}
        elif self.kind == "data":
            files |= {"server.js": JOURNAL.replace("RELEASE", self.marker), "package.json": _PLAIN}
        elif self.kind == "built":
            files |= {"index.html": f"<!doctype html><h1>{self.marker}</h1>", "package.json": BUILT}
        else:
            files |= {"index.html": f"<h1>{self.marker}</h1>", "style.css": f"/* {self.marker} */ " + "a{b:c}" * 300}
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)
        return self.marker

    def deploy(self) -> None:
        """Put the folder on the site; what was acknowledged goes into the ledger, whether or not it ends well."""
        def note(event: object) -> None:
            if isinstance(event, Released):
                self._told("releases", event.release["id"])

        with client.Transport(self.person.portal, key=self.person.key) as transport:
            begun = begin_deploy(transport, self.site, self.folder, note, create=not self.told)
            self._told("deployments", begun["id"])
            self.ledger.went_live(follow(transport, begun)["id"])

    def try_to_deploy(self) -> None:
        """The same, whether or not it goes well."""
        with suppress(DialupError):
            self.deploy()

    def restart(self, at: str = "") -> None:
        """Another hub on the same home, which will die at that point."""
        if self.installation.process is not None and self.installation.process.poll() is None:
            self.installation.kill()
        self.installation.environment[VARIABLE] = at
        self.installation.start()

    def deploy_until_death(self) -> None:
        """Deploy, and see the hub die of it. The client is not told how that ends."""
        hub = self.installation.process
        assert hub is not None
        customer = threading.Thread(target=self.try_to_deploy)
        customer.start()
        try:
            assert hub.wait(MARGIN) == -signal.SIGKILL
        except subprocess.TimeoutExpired:
            pytest.fail("the hub came past the point alive, or never came to it")
        finally:
            customer.join()
        age_temporaries(self.installation.home)

    def settles(self, marker: str) -> None:
        """Wait until this release is served, whole, and every invariant holds."""
        wait_until(lambda: not self.wrong(marker), MARGIN, lambda: "; ".join(self.wrong(marker)))
        if self.kind == "static":
            for path in self.folder.rglob("*.*"):
                if path.is_file() and marker == self.marker:
                    name = path.relative_to(self.folder).as_posix()
                    assert self.installation.get(self.site, f"/{name}").body == path.read_bytes()

    def wrong(self, marker: str) -> list[str]:
        found = self.shown()
        return ([] if found == marker else [f"{found} is shown, not {marker}"]) + violations(
            self.installation, self.ledger)

    def shown(self) -> str:
        return marker_in(self.installation.get(self.site).text)

    def _told(self, table: str, row_id: str) -> None:
        self.ledger.acknowledge(table, row_id)
        if table == "releases":
            self.told.append([])
        self.told[-1].append(row_id)
        if len(self.told) > KEPT:
            self.ledger.forget(*self.told.popleft())


def marker_in(text: str) -> str:
    found = re.search(r"release-\d+", text)
    return found[0] if found else text[:60]


def number_of(marker: str) -> int:
    return int(marker.rpartition("-")[2]) if marker.startswith("release-") else -1


def _package(dependency: bool) -> str:
    needs = '"left-pad":"1.3.0"' if dependency else ""
    return '{"name":"t","type":"module","scripts":{"start":"node server.js"},"dependencies":{' + needs + "}}"
