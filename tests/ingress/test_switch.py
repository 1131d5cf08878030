"""A host moves from one release to the next under load: no request fails, none goes back."""

from __future__ import annotations

import http.client
import threading
import time
from typing import Any

from dialup_ext.domain.ports import Target

SECONDS = 3.0
DRAIN = 0.15


class Visitor(threading.Thread):
    """Asks without a pause and keeps every answer that was not right."""

    def __init__(self, world: Any, host: str, newest: list[int], keep: bool, method: str) -> None:
        super().__init__(daemon=True)
        self.world, self.host, self.newest, self.keep, self.method = world, host, newest, keep, method
        self.wrong: list[str] = []
        self.answers = 0
        self.ending = False

    def run(self) -> None:
        line: http.client.HTTPConnection | None = None
        while not self.ending:
            line = line or http.client.HTTPConnection("127.0.0.1", self.world.settings.port, timeout=20)
            at_least = self.newest[0]
            try:
                body = b"form=1" if self.method == "POST" else None
                line.request(self.method, "/", body, {"Host": self.host})
                answer = line.getresponse()
                text = answer.read().decode()
                self._judge(answer.status, text, at_least)
            except (OSError, http.client.HTTPException) as error:
                self.wrong.append(repr(error))
                line.close()
                line = None
            if line and not self.keep:
                line.close()
                line = None
        if line:
            line.close()

    def _judge(self, status: int, text: str, at_least: int) -> None:
        self.answers += 1
        if status != 200 or not text.startswith("release "):
            self.wrong.append(f"{status} {text[:80]}")
        elif int(text.split()[1]) < at_least:
            self.wrong.append(f"{text} after release {at_least} was live")


def serve_release(world: Any, number: int) -> Any:
    server = world.server(f"release {number}")
    server.routes["/"] = lambda _: (200, [("Content-Type", "text/plain")], f"release {number}".encode())
    return server


def test_a_switch_under_load_fails_no_request_and_never_goes_back(world: Any) -> None:
    host, newest = "busy.dialup.localhost", [1]
    live = serve_release(world, 1)
    world.ingress.point(host, Target("release-1", None, live.address))
    visitors = [Visitor(world, host, newest, keep, method)
                for keep in (True, False) for method in ("GET", "POST")]
    for visitor in visitors:
        visitor.start()

    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        number = newest[0] + 1
        fresh = serve_release(world, number)
        world.ingress.point(host, Target(f"release-{number}", None, fresh.address))
        newest[0] = number
        threading.Event().wait(DRAIN)
        live.close()
        live = fresh
    for visitor in visitors:
        visitor.ending = True
        visitor.join(20)

    assert [wrong for visitor in visitors for wrong in visitor.wrong] == []
    assert min(visitor.answers for visitor in visitors) > 10
    assert newest[0] > 3


def test_a_switch_of_files_under_load_is_seen_whole(world: Any) -> None:
    host, newest = "busy-files.dialup.localhost", [1]
    folders = [world.folder("busy-files", index_html=f"release {number}") for number in range(1, 60)]
    world.ingress.point(host, Target("release-1", folders[0]))
    visitors = [Visitor(world, host, newest, keep, "GET") for keep in (True, False)]
    for visitor in visitors:
        visitor.start()

    for number, folder in enumerate(folders[1:], start=2):
        world.ingress.point(host, Target(f"release-{number}", folder))
        newest[0] = number
        world.ingress.sweep()
    for visitor in visitors:
        visitor.ending = True
        visitor.join(20)

    assert [wrong for visitor in visitors for wrong in visitor.wrong] == []
    assert world.ask(host).text == "release 59"


def test_files_and_running_site_change_together(world: Any, write_file: Any) -> None:
    host = "together.dialup.localhost"
    for number in (1, 2):
        folder = world.folder("together")
        write_file(folder / "_next/static/app.js", f"release {number}")
        world.ingress.point(host, Target(f"r{number}", folder, serve_release(world, number).address))

        assert world.ask(host, "/").text == world.ask(host, "/_next/static/app.js").text == f"release {number}"


def test_the_configuration_stays_the_same_while_sites_come_and_go(world: Any) -> None:
    before = world.caddy.loaded_config()

    host = world.publish("comes", world.folder("comes", index_html="x"))
    world.publish("comes", None, world.server("app").address)
    world.publish("comes", None, "gate")
    world.ingress.remove(host)

    assert world.caddy.loaded_config() == before
    assert world.ask(host).status == 404
