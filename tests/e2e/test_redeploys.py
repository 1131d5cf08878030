"""Fifty redeploys under constant load: no request fails, and whoever asks after the switch gets the new release.

The moment of a switch is the earlier of two: the hub reported the deployment live, or a visitor saw
the host's link lead to it. Next deployment only once every visitor was answered since, so each
release is seen by all of them, on connections that have lived through every switch before.

Files are served by Caddy on either driver; a POST to them is declared to be answered 405, with every
release, and counts as failed when it gets anything else. What has to answer a POST is the Node site.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from dialup_ext.testing.drivers import installed
from dialup_ext.testing.installation import Installation, Person
from dialup_ext.testing.load import ECHO, Load, Way, ways
from dialup_ext.testing.verdict import Switch, Verdict, judge, moments

REDEPLOYS = 50
FEW = 8
"""For what differs from a Node site in what runs, not in how it is switched. With data: `test_data.py`. A notebook
starts a kernel for each visitor and has room for a few, so no load of visitors says anything about a switch of it."""

ASGI = """import hashlib
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"release RELEASE " + hashlib.sha256(body).hexdigest().encode()})
"""


pytestmark = pytest.mark.timeout(900)  # fifty deployments, on whatever machine

BOTH = pytest.mark.parametrize("fired_at", ["process", "docker"], indirect=True)
CONTAINED = pytest.mark.parametrize("fired_at", ["docker"], indirect=True)
ONCE = pytest.mark.parametrize("fired_at", ["process"], indirect=True)
"""What Caddy serves itself it serves the same way on either driver."""


@pytest.fixture(scope="module")
def fired_at(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation on the named driver, with nobody else on it."""
    with installed(request.param, tmp_path_factory.mktemp(request.param) / "home", "node", "python",
                   drain_seconds="0.5", health_timeout="15") as installation:
        yield installation


@pytest.fixture
def ana(fired_at: Installation, name: str) -> Person:
    return fired_at.account(f"ana-{name}")


def redeployed(person: Person, site: str, make: Callable[[int], Path], how: Sequence[Way],
               times: int = REDEPLOYS) -> Verdict:
    """Deploy release 1, then so many more under load; what the visitors say to that."""
    installation = person.installation
    host = f"{site}.{installation.settings.domain}"
    link = installation.home / "ingress" / "live" / host
    releases: dict[str, int] = {}
    live: list[Switch] = []
    took: list[float] = []

    def deploy(number: int) -> None:
        folder, began = make(number), time.monotonic()
        releases[person.deploy(site, folder)["id"]] = number
        live.append(Switch(number, time.monotonic()))
        took.append(live[-1].at - began)

    deploy(1)
    with Load(f"{host}:{installation.port}", installation.port, how, lambda: link.readlink().name) as load:
        load.asked_by_all()
        for number in range(2, times + 2):
            deploy(number)
            load.asked_by_all()
    verdict = judge(load.visits, moments(load.visits, releases, live), load.visitors)
    print(f"{site}: {verdict}; a redeploy took {statistics.median(took[1:]):.2f} s (median of {times})")
    return verdict


@BOTH
def test_a_node_site_redeployed_50_times_under_load_fails_nobody(ana: Person, name: str,
                                                                 node_site: Callable[..., Path]) -> None:
    verdict = redeployed(ana, name, lambda number: node_site("", ECHO.replace("RELEASE", str(number))), ways())

    assert verdict.faultless, verdict


@CONTAINED
def test_a_python_site_redeployed_under_load_fails_nobody(ana: Person, name: str, tmp_path: Path) -> None:
    def write(number: int) -> Path:
        (tmp_path / "main.py").write_text(ASGI.replace("RELEASE", str(number)))
        return tmp_path

    verdict = redeployed(ana, name, write, ways(), FEW)

    assert verdict.faultless, verdict


@ONCE
def test_a_static_site_redeployed_50_times_under_load_fails_nobody(ana: Person, name: str,
                                                                   static_site: Callable[[str], Path]) -> None:
    verdict = redeployed(ana, name, lambda number: static_site(f"release {number}"), ways(post=405))

    assert verdict.faultless, verdict


@ONCE
def test_an_astro_site_built_and_redeployed_50_times_under_load_fails_nobody(
        ana: Person, name: str, astro_site: Callable[[str], Path]) -> None:
    verdict = redeployed(ana, name, lambda number: astro_site(f"release {number}"), ways(post=405))

    assert verdict.faultless, verdict
