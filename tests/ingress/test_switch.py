"""A host moves from one release to the next under load: no request fails, none goes back.

The same load on whole installations is in `tests/e2e/test_redeploys.py`. Here is the ingress alone,
and switches done wrong on purpose, which the load has to notice.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from dialup_ext.domain.ports import Target
from dialup_ext.testing.load import Load, Way, ways
from dialup_ext.testing.verdict import Switch, Verdict, judge


class Releases:
    """Numbered releases of one host, visited all the time, switched as a test says."""

    def __init__(self, world: Any, host: str, how: Sequence[Way], make: Callable[[int], Any]) -> None:
        self.world, self.host, self.make = world, host, make
        self.load = Load(host, world.settings.port, how)
        self.live = make(1)
        self.point(1, self.live)
        self.switches = [Switch(1, time.monotonic())]

    def judged(self, switch: Callable[[Releases, int], None], last: int) -> Verdict:
        """The verdict on releases 2 to `last`, each seen by every visitor before the next."""
        with self.load:
            self.load.asked_by_all()
            for number in range(2, last + 1):
                switch(self, number)
                self.load.asked_by_all()
        return judge(self.load.visits, self.switches, self.load.visitors)

    def point(self, number: int, live: Any) -> None:
        address = getattr(live, "address", None)
        self.world.ingress.point(self.host, Target(f"release-{number}", None if address else live, address))

    def say_live(self, number: int) -> None:
        self.switches.append(Switch(number, time.monotonic()))


@pytest.fixture
def running(world: Any) -> Callable[[str], Releases]:
    """Releases that are programs: they answer with their number and the digest of what they got."""

    def make(number: int) -> Any:
        server = world.server(f"release {number}")
        server.routes["/"] = lambda asked: (
            200, [], f"release {number} {hashlib.sha256(asked.body).hexdigest()}".encode())
        return server

    return lambda site: Releases(world, f"{site}.dialup.localhost", ways(), make)


def in_order(releases: Releases, number: int) -> None:
    """As it is done: the new one is there, the host leads to it, what was under way ends, the old one goes."""
    old, releases.live = releases.live, releases.make(number)
    releases.point(number, releases.live)
    releases.say_live(number)
    releases.load.asked_by_all()
    if hasattr(old, "close"):
        old.close()


def old_stopped_first(releases: Releases, number: int) -> None:
    releases.live.close()
    releases.load.asked_by_all()
    in_order(releases, number)


def called_live_too_early(releases: Releases, number: int) -> None:
    releases.say_live(number)
    releases.load.asked_by_all()
    releases.point(number, releases.make(number))


def there_and_back(releases: Releases, number: int) -> None:
    old, new = releases.live, releases.make(number)
    for name, server in (("there", new), ("back", old), ("again", new)):
        releases.point(f"{number}-{name}", server)  # type: ignore[arg-type]
        releases.load.asked_by_all()
    releases.say_live(number)


def test_a_switch_under_load_fails_no_request_and_never_goes_back(running: Callable[[str], Releases]) -> None:
    verdict = running("busy").judged(in_order, 20)

    assert verdict.faultless, verdict


def test_a_switch_of_files_under_load_is_seen_whole(world: Any) -> None:
    # Of files Caddy takes no POST, and says so (405): that is the declared answer, every time.
    releases = Releases(world, "busy-files.dialup.localhost", ways(post=405),
                        lambda number: world.folder("busy-files", index_html=f"release {number}"))

    def and_sweep(releases: Releases, number: int) -> None:
        in_order(releases, number)
        world.ingress.sweep()

    verdict = releases.judged(and_sweep, 60)

    assert verdict.faultless, verdict


@pytest.mark.parametrize(("wrong", "seen"), [
    (old_stopped_first, "failed"), (called_live_too_early, "stale"), (there_and_back, "backwards")])
def test_a_switch_done_wrong_is_noticed(running: Callable[[str], Releases], wrong: Callable[[Releases, int], None],
                                        seen: str) -> None:
    verdict = running(seen).judged(wrong, 3)

    assert getattr(verdict, seen), verdict


def test_files_and_running_site_change_together(world: Any, write_file: Any) -> None:
    host = "together.dialup.localhost"
    for number in (1, 2):
        folder, server = world.folder("together"), world.server("app")
        write_file(folder / "_next/static/app.js", f"release {number}")
        server.routes["/"] = lambda _, number=number: (200, [], f"release {number}".encode())
        world.ingress.point(host, Target(f"r{number}", folder, server.address))

        assert world.ask(host, "/").text == world.ask(host, "/_next/static/app.js").text == f"release {number}"


def test_the_configuration_stays_the_same_while_sites_come_and_go(world: Any) -> None:
    before = world.caddy.loaded_config()

    host = world.publish("comes", world.folder("comes", index_html="x"))
    world.publish("comes", None, world.server("app").address)
    world.publish("comes", None, "gate")
    world.ingress.remove(host)

    assert world.caddy.loaded_config() == before
    assert world.ask(host).status == 404


def test_a_switch_between_two_looks_at_the_link_misses_nobody(world: Any) -> None:
    """Caddy finds the address in two steps; a host that is led elsewhere all the time meets them often."""
    host = "hasty.dialup.localhost"
    servers = [world.server(f"release {number}") for number in range(2)]
    ended = threading.Event()

    def point(number: int) -> None:
        world.ingress.point(host, Target(f"release-{number}", None, servers[number].address))

    def lead_to_and_fro() -> None:
        for number in itertools.cycle((0, 1)):
            if ended.is_set():
                return
            point(number)

    point(0)
    with ThreadPoolExecutor(1) as pool:
        leading = pool.submit(lead_to_and_fro)
        try:
            answers = Counter(world.ask(host).status for _ in range(600))
        finally:
            ended.set()
        leading.result()
    assert answers == {200: 600}
