"""A site that keeps what it is told, and visitors who remember what they were promised.

The program refuses to start beside another one on the same data, so two at a time show as a deployment
that fails. `SQLITE` needs Node 22; `JOURNAL` does the same with a plain file on any Node.
"""

from __future__ import annotations

import http.client
import threading
import time
from dataclasses import dataclass, field
from typing import Self

from dialup_ext.testing.installation import Installation

PATIENCE = 40.0
"""Seconds after which an answer is called missing; longer than anything is held."""

_SERVER = """
http.createServer((request, response) => {
  const id = request.url.slice(1)
  if (request.method === 'POST') keep(id)
  response.end(request.url === '/all' ? all().join('\\n') : `release RELEASE ${id}`)
}).listen(process.env.PORT, process.env.HOST)
"""

SQLITE = """const http = require('node:http')
const { DatabaseSync } = require('node:sqlite')
const diary = new DatabaseSync(process.env.DATA_DIR + '/diary.sqlite')
diary.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS diary (id TEXT)')
const put = diary.prepare('INSERT INTO diary VALUES (?)')
const keep = id => put.run(id)
const all = () => diary.prepare('SELECT id FROM diary').all().map(row => row.id)
""" + _SERVER  # noqa: S608 - JavaScript

JOURNAL = """const http = require('node:http')
const fs = require('node:fs')
const diary = process.env.DATA_DIR + '/diary'
require('node:net').createServer().listen('\\0' + diary)  // one at a time: the second one falls over
const file = fs.openSync(diary, 'a')
const keep = id => { fs.writeSync(file, id + '\\n'); fs.fsyncSync(file) }
const all = () => fs.readFileSync(diary, 'utf8').split('\\n').filter(Boolean)
""" + _SERVER


@dataclass
class Writers:
    """Four who write and read without a pause worth the name, while the `with` block lasts; nobody tries twice."""

    installation: Installation
    site: str
    kept: list[str] = field(default_factory=list)
    """What they were told is kept."""
    wrong: list[str] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    """Seconds of each answer, those of held requests among them."""

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(number, method)) for number, method
                         in enumerate(("POST", "POST", "GET", "POST"))]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE + 5)

    def lost(self) -> set[str]:
        """Promised, and not there any more."""
        return set(self.kept) - set(self.installation.get(self.site, "/all").text.split())

    def _write(self, who: int, method: str) -> None:
        count = 0
        while not self._over.wait(0.01):
            count += 1
            identity, began = f"{who}-{count}", time.monotonic()
            try:
                answer = self.installation.request(method, self.site, f"/{identity}", timeout=PATIENCE)
            except (OSError, http.client.HTTPException) as error:
                self.wrong.append(f"{method} {identity}: {error!r}")
                continue
            if answer.status != 200 or not answer.text.endswith(identity):
                self.wrong.append(f"{method} {identity}: {answer.status} {answer.text[:80]}")
            elif method == "POST":
                self.kept.append(identity)
            self.took.append(time.monotonic() - began)
