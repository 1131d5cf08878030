"""Forty Node sites on a memory budget of 4 GiB: asleep they take none of it, and each is there for who visits it."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dialup_ext.client.deploy import begin_deploy, follow
from dialup_ext.client.transport import Transport
from dialup_ext.spawner.cgroup import ROOT
from dialup_ext.testing import hostile
from dialup_ext.testing.drivers import installed
from dialup_ext.testing.installation import Installation, wait_until

MANY = 40
BUDGET_MB = 4096

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def sleepy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed("docker", tmp_path_factory.mktemp("many") / "home", "node", drain_seconds="0.5", health_timeout="60",
                   sleep_least="1", memory_budget_mb=str(BUDGET_MB)) as installation:
        yield installation


def containers(installation: Installation) -> list[str]:
    """The ids of all there are, whatever they do."""
    mark = json.loads((installation.home / "data/installation").read_text())["id"]
    words = ["docker", "ps", "-aq", "--no-trunc", f"--filter=label=dialup.installation={mark}"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()


def groups(container: str) -> list[Path]:
    """The kernel's folders of its memory, in either version of the control groups, by either of the engine's ways."""
    return [found for place in ("memory/dialup", "memory/dialup.slice", "dialup", "dialup.slice")
            for found in (ROOT / place).glob(f"*{container}*")]


def test_forty_node_sites_sleep_on_nothing_and_are_all_reached(sleepy: Installation, tmp_path: Path) -> None:
    ana = sleepy.account("ana")
    folder = hostile.good(tmp_path, "awake")
    sites, one_at_a_time = [f"sleeper{number}" for number in range(MANY)], threading.Lock()

    def deploy(site: str) -> list[str]:
        with Transport(ana.portal, key=ana.key) as transport:
            with one_at_a_time:  # one list of files of an account is taken at a time
                begun = begin_deploy(transport, site, folder, create=True)
            follow(transport, begun)
        seen = [one for one in containers(sleepy) if groups(one)]
        assert ana.call("PATCH", f"/sites/{site}", {"sleep_after": 1}).status == 200
        return seen

    with ThreadPoolExecutor(4) as pool:
        once_there = {one for seen in pool.map(deploy, sites) for one in seen}
        wait_until(lambda: all(site["status"] == "sleeping" for site in ana.call("GET", "/sites").json["sites"]), 300,
                   lambda: str([site["status"] for site in ana.call("GET", "/sites").json["sites"]]))
        wait_until(lambda: containers(sleepy) == [], 30)
        assert len(once_there) >= MANY
        assert [found for one in once_there for found in groups(one)] == []
        assert all(site["memory_mb"] is None for site in ana.call("GET", "/sites").json["sites"])

        for site in sites:
            assert ana.call("PATCH", f"/sites/{site}", {"sleep_after": 3600}).json["status"] == "sleeping"
        answers = list(pool.map(sleepy.get, sites))
    assert [(answer.status, answer.text) for answer in answers] == [(200, "awake")] * MANY
