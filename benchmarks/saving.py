"""From a saved file to the message that tells an open preview of it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import websocket

from benchmarks.content import say, tiny_site
from benchmarks.rounds import Bench, Case
from benchmarks.standing import installation, owner
from benchmarks.stopwatch import until
from benchmarks.visitor import enter
from dialup_ext.testing.installation import Person

SAVES = 5
"""Per round; the round's figure is their mean."""


@contextmanager
def saving(bench: Bench) -> Iterator[Sequence[Case]]:
    """A static preview of the process driver, open through Caddy as a browser has it open."""
    with installation(bench, "saving") as standing:
        person = owner(standing)
        person.call("POST", "/sites", {"name": "draft", "kind": "static"})
        workspace = tiny_site(standing.home / "homes" / person.name / "draft", "first")
        person.call("POST", "/sites/draft/preview")
        until(lambda: person.call("GET", "/sites/draft/preview").json["state"] != "starting")
        host = standing.settings.preview_host("draft")
        yield [partial(_save, person, host, enter(person, host), workspace)]


def _save(person: Person, host: str, cookie: str, workspace: Path) -> Mapping[str, float]:
    port = person.installation.port
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line, closing(websocket.create_connection(
            f"ws://{host}:{port}/__dialup/live", socket=line, cookie=cookie,
            origin=f"http://{host}:{port}", timeout=10)) as page:
        page.recv()
        total = sum(_told(page, workspace) for _ in range(SAVES))
    return {"save.told": 1000 * total / SAVES}


def _told(page: websocket.WebSocket, workspace: Path) -> float:
    time.sleep(0.3)  # a person does not save twice within a blink
    began = time.perf_counter()
    say(workspace, f"saved at {began}")
    assert "version" in json.loads(page.recv())
    return time.perf_counter() - began
