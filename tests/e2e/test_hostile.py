"""Hostile neighbours in containers: whatever they do, the others answer, nothing of ours ends, and the culprit is named.

All attacks go on at the same time while visitors ask the good sites without a pause; how fast those
answer is measured elsewhere (`make bench ONLY=hostile`), here everybody is answered.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from dialup_ext.build.room import written
from dialup_ext.client.deploy import DeployFailed
from dialup_ext.domain.instance import InstanceKind
from dialup_ext.ingress.caddy import Caddy
from dialup_ext.spawner.everybody import OURS
from dialup_ext.spawner.start import OOM_SCORE
from dialup_ext.testing import hostile
from dialup_ext.testing.crash_scene import Visitor
from dialup_ext.testing.drivers import installed
from dialup_ext.testing.installation import Installation, Person, wait_until

pytestmark = [pytest.mark.needs_root, pytest.mark.timeout(600)]

GROWTH = 600 << 20
"""Bytes all attackers together may take of the disk at any time: six sites with three logs of 10 MiB and a copy,
and a build that may write 100 MiB, and more between two looks at it."""

ENGINE = Path("/var/lib/docker")

NAMED = {"forks": ("too_many_processes", "more than the 128 processes and threads"),
         "memory": ("out_of_memory", "more than the 256 MiB of memory"),
         "disk": ("no_space", "It filled its disk"),
         "files": ("too_many_files", "more files and connections open")}
"""What their owners are told."""


@dataclass
class Town:
    """Good sites, bad ones, and what stands there before anything goes wrong."""

    installation: Installation
    good: Person
    bad: dict[str, Person]
    folder: Path
    ours: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert self.installation.process is not None
        self.ours = {"hub": self.installation.process.pid, "Caddy": Caddy(self.installation.settings).process_id() or 0}

    def site(self, attack: str) -> dict:
        return self.bad[attack].call("GET", f"/sites/bad-{attack}").json


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("hostile")
    with installed("docker", folder / "home", "node", drain_seconds="0.5", health_timeout="15", log_max_mb="10",
                   build_memory_mb="512", build_disk_mb="100", build_timeout="40", builds_at_once="1") as made:
        town = Town(made, made.account("good"), {name: made.account(f"b-{name}") for name in
                                                 (*hostile.ATTACKS, "build")}, folder)
        town.good.deploy("good-one", hostile.good(folder / "one", "release-1"))
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda name: town.bad[name].deploy(f"bad-{name}", hostile.site(folder / name, name)),
                          hostile.ATTACKS))
        yield town


def containers(town: Town, site: str) -> list[tuple[str, int]]:
    """Id and first process of each of a site's."""
    mark = json.loads((town.installation.home / "data/installation").read_text())["id"]
    found = docker("ps", "-q", f"--filter=label=dialup.installation={mark}", f"--filter=label=dialup.site={site}").split()
    return [(one, int(docker("inspect", "-f", "{{.State.Pid}}", one))) for one in found]


def on_disk(town: Town) -> int:
    """Bytes in the installation's home, and in the engine's own folders of its containers."""
    mark = json.loads((town.installation.home / "data/installation").read_text())["id"]
    found = docker("ps", "-aq", "--no-trunc", f"--filter=label=dialup.installation={mark}").split()
    return sum(written(folder) for folder in (town.installation.home, *(ENGINE / "containers" / one for one in found)))


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout


def failing(person: Person, site: str, folder: Path) -> DeployFailed:
    with pytest.raises(DeployFailed) as failed:
        person.deploy(site, folder)
    return failed.value


def test_everybody_else_is_served_while_all_attacks_go_on_and_nothing_of_ours_ends(town: Town) -> None:
    before, began = containers(town, "good-one"), on_disk(town)
    most: list[int] = [began]
    with Visitor(town.installation, "good-one") as visitor, ThreadPoolExecutor(1) as pool:
        for attack in hostile.ATTACKS:
            town.installation.get(f"bad-{attack}", "/go")
        build = pool.submit(failing, town.bad["build"], "made", hostile.building(town.folder / "made"))
        while not build.done():
            most.append(on_disk(town))
            wait([build], 0.1)
        wait_until(lambda: town.site("memory")["error_message"], 120, lambda: str(town.site("memory")))
        seen = len(visitor.answers)
        town.good.deploy("good-two", hostile.good(town.folder / "two", "release-2"))
        wait_until(lambda: len(visitor.answers) > seen + 100, 120)
    print(f"{(max(most) - began) >> 20} MiB were written at most; the build ended of {build.result().code}")
    for attack in hostile.ATTACKS.keys() - {"log"}:
        assert town.bad[attack].call("POST", f"/sites/bad-{attack}/stop").status == 200

    assert visitor.wrong == []
    assert containers(town, "good-one") == before, "the good site's own instance was ended"
    assert {name: psutil.Process(pid).is_running() for name, pid in town.ours.items()} == {"hub": True, "Caddy": True}
    assert town.installation.get("good-two").text == "release-2"
    assert max(most) - began < GROWTH
    assert build.result().code in ("out_of_memory", "too_many_processes", "build_too_large", "timeout"), "whichever is first"
    assert "more than the 256 MiB of memory" in town.site("memory")["error_message"]


def test_a_build_that_only_fills_its_disk_is_told_so(town: Town) -> None:
    found = failing(town.bad["build"], "large", hostile.building(town.folder / "large", everything=False))

    assert (found.code, found.message) == ("build_too_large", "The build wrote more than 100 MiB, so it was stopped.")


@pytest.fixture(scope="module")
def refused(town: Town) -> dict[str, DeployFailed]:
    """What each is told whose program goes for a limit at once: memory first, by itself, since an end takes processor
    time that the others would take; they come to their limits and wait there.
    """
    def deploy(attack: str) -> DeployFailed:
        name = f"never-{attack}"
        return failing(town.bad[attack], name, hostile.site(town.folder / name, attack, at_once=True))

    found = {"memory": deploy("memory")}
    others = NAMED.keys() - found.keys()
    with ThreadPoolExecutor(3) as pool:
        return found | dict(zip(others, pool.map(deploy, others), strict=True))


@pytest.mark.parametrize("attack", NAMED)
def test_a_deployment_that_meets_a_limit_says_which(refused: dict[str, DeployFailed], attack: str) -> None:
    code, words = NAMED[attack]

    assert (refused[attack].code, bool(refused[attack].hint)) == (code, True), refused[attack].message
    assert re.search(words, refused[attack].message)


def test_a_log_that_floods_is_cut_and_still_read(town: Town) -> None:
    town.installation.get("bad-log", "/go")
    copies = town.installation.home / "container-logs"
    read: Callable[[], str] = lambda: town.bad["log"].call("GET", "/sites/bad-log/logs?lines=5").text  # noqa: E731
    wait_until(lambda: "all work and no play" in read(), 60, read)

    assert sum(path.stat().st_size for path in copies.rglob("*") if path.is_file()) < 80 << 20


def test_the_kernel_ends_a_build_first_and_the_hub_last(town: Town) -> None:
    [(_id, site)] = containers(town, "good-one")
    scores = {name: int(Path(f"/proc/{pid}/oom_score_adj").read_text()) for name, pid in {**town.ours, "site": site}.items()}

    ours = OURS if may_spare() else 0
    assert scores == {"hub": ours, "Caddy": ours, "site": 400}
    assert OOM_SCORE[InstanceKind.BUILD] > OOM_SCORE[InstanceKind.SITE]


def may_spare() -> bool:
    """Whether this machine's root is whole: CAP_SYS_RESOURCE is its right to ask the kernel to spare a process."""
    return bool(int(proc_status("CapEff"), 16) >> 24 & 1)


def proc_status(name: str) -> str:
    return next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))


def test_all_containers_together_have_limits_of_their_own(town: Town) -> None:
    [(_id, pid)] = containers(town, "good-one")
    groups = dict(line.split(":", 2)[1:] for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines())
    new = "memory" not in groups
    root, parent = Path("/sys/fs/cgroup"), Path(groups["" if new else "memory"]).parent.as_posix().strip("/")
    memory = root / parent / "memory.max" if new else root / "memory" / parent / "memory.limit_in_bytes"
    pids = (root if new else root / "pids") / parent / "pids.max"

    assert parent.startswith("dialup")
    assert int(memory.read_text()) < psutil.virtual_memory().total
    assert pids.read_text().strip().isdigit()
