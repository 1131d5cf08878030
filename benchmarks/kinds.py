"""From starting an instance to its first good answer, for each kind of site, beside a plain `docker run` of the same.

What runs was deployed with dialup; then its hub stops, so that nothing else starts anything. The plain container has
the same image, program, files, environment, memory and share of the processor, and none of the walls.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.content import template, trivial_node
from benchmarks.rounds import Bench, Case
from benchmarks.standing import installation, owner
from benchmarks.stopwatch import until
from dialup_ext.domain.instance import InstanceSpec
from dialup_ext.spawner.container import PORT
from dialup_ext.spawner.docker import DockerDriver
from dialup_ext.templates import list_templates
from dialup_ext.testing.installation import Installation, Person

TEMPLATES = {"node": "node", "next": "next", "python": "python", "notebook": "notebook"}
"""Figures by their names, and the template each is of; `trivial` is a program that only answers."""

ASKED = 20
"""Requests before the memory is read."""

_numbers = itertools.count(1)


@contextmanager
def kinds(bench: Bench) -> Iterator[Sequence[Case]]:
    """Both ways, for every kind there is a template of."""
    if not bench.docker:
        bench.leave_out("Starts of each kind: there are no containers here.")
        yield []
        return
    with ExitStack() as stack:
        ours = stack.enter_context(installation(bench, "kinds", driver="docker", storage_walls="off"))
        made = _deployed(ours, owner(ours), bench)
        ours.stop()
        driver = DockerDriver(ours.settings, json.loads((ours.home / "data/installation").read_text())["id"])
        stack.callback(driver.close)
        yield [case for name, (spec, found) in made.items()
               for case in (partial(_by_dialup, driver, spec, name), partial(_plainly, found, name))]


def _deployed(ours: Installation, person: Person, bench: Bench) -> dict[str, tuple[InstanceSpec, Mapping[str, Any]]]:
    """What each site's instance was started from: as we say it, and as the engine has it."""
    folders = {"trivial": trivial_node(bench.folder / "kind-trivial")}
    there = {one.name for one in list_templates()}
    folders |= {name: template(words, bench.folder / f"kind-{name}") for name, words in TEMPLATES.items() if words in there}
    for name, folder in folders.items():
        person.deploy(f"kind-{name}", folder)
    found = {name: _inspected(ours, f"kind-{name}") for name in folders}
    return {name: (_spec(ours, f"kind-{name}", Path(one["HostConfig"]["Mounts"][0]["Source"])), one)
            for name, one in found.items()}


def _spec(ours: Installation, site_name: str, app: Path) -> InstanceSpec:
    """The specification of a live site, from its rows."""
    from dialup_ext.spawner.specs import Specifications
    from dialup_ext.store.deployments import DeploymentRecords
    from dialup_ext.store.engine import Store
    from dialup_ext.store.releases import ReleaseRecords
    from dialup_ext.store.sites import SiteRecords

    store = Store(ours.settings.resolved_database_url)
    site = next(one for one in SiteRecords(store).list() if one.name == site_name)
    assert site.live_release_id is not None and site.live_deployment_id is not None
    release = ReleaseRecords(store).load(site.live_release_id)
    return Specifications(ours.settings).site(site, DeploymentRecords(store).load(site.live_deployment_id), release, app)


def _inspected(ours: Installation, site: str) -> Mapping[str, Any]:
    mark = json.loads((ours.home / "data/installation").read_text())["id"]
    key = _docker("ps", "-q", f"--filter=label=dialup.installation={mark}", f"--filter=label=dialup.site={site}")
    return dict(json.loads(_docker("inspect", key))[0])


def _by_dialup(driver: DockerDriver, spec: InstanceSpec, name: str) -> Mapping[str, float]:
    key, began = f"site-bench-{next(_numbers)}-{os.getpid()}", time.perf_counter()
    address = driver.start(replace(spec, key=key)).address or ""
    try:
        took = until(lambda: _answers(address), since=began)
        for _ in range(ASKED):
            _answers(address)
        used = driver.usage(key)
        return {f"kind.{name}.start": took, f"kind.{name}.memory": used.memory_bytes / (1 << 20) if used else 0.0}
    finally:
        driver.stop(key, grace=0)


def _plainly(found: Mapping[str, Any], name: str) -> Mapping[str, float]:
    host, config = found["HostConfig"], found["Config"]
    words = ["run", "--detach", "--cpus", f"{host['NanoCpus'] / 1e9:g}", "--memory", str(host["Memory"]),
             "--user", config["User"], "--workdir", config["WorkingDir"], "--tmpfs", "/tmp:mode=1777",  # noqa: S108
             *(f"--env={one}" for one in config["Env"]),
             *(f"--volume={one['Source']}:{one['Target']}{':ro' if one['ReadOnly'] else ''}" for one in host["Mounts"])]
    began = time.perf_counter()
    mark = _docker(*words, config["Image"], *config["Cmd"])
    try:
        address = _docker("inspect", "-f", "{{.NetworkSettings.IPAddress}}", mark)
        return {f"kind.{name}.plain": until(lambda: _answers(f"{address}:{PORT}"), since=began)}
    finally:
        _docker("rm", "--force", mark)


def _answers(address: str) -> bool:
    """One question, as a visitor asks it."""
    with suppress(OSError, http.client.HTTPException), closing(http.client.HTTPConnection(address, timeout=20)) as line:
        line.request("GET", "/")
        return line.getresponse().status == 200
    return False


def _docker(*words: str) -> str:
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout.strip()
