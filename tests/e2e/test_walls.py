"""What people's programs find around them in containers, asked from inside: limits, and what they reach.

Whatever is refused is tried from elsewhere too, where it succeeds: a wall is seen only where
something would get through without it.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dialup_ext.domain.instance import InstanceKind, InstanceSpec, Mount, Runtime
from dialup_ext.settings import Settings
from dialup_ext.spawner.docker import DockerDriver
from dialup_ext.testing.installation import Installation, Person, wait_until

pytestmark = pytest.mark.needs_root

WORLD = {"metadata": "169.254.169.254:80", "Azure's": "168.63.129.16:80", "carrier's": "100.100.100.200:80",
         "a private network": "192.168.77.1:80", "another one": "172.30.77.1:80",
         "mail": "198.51.100.7:25", "mail too": "198.51.100.7:587"}
OUTSIDE = "198.51.100.7:443"
"""An address of the world like any other; every instance reaches it."""

LISTENER = """
import select, socket
waiting = [socket.create_server(("0.0.0.0", port), backlog=50) for port in (80, 443, 25, 587)]
print("ready", flush=True)
while True:
    for one in select.select(waiting, [], [])[0]:
        one.accept()[0].close()
"""
REACH = """
import concurrent.futures, json, os, socket, sys
def reach(target):
    if target.startswith("/"):
        one, place = socket.socket(socket.AF_UNIX), target
    else:
        host, _, port = target.rpartition(":")
        one, place = socket.socket(), (host, int(port))
    one.settimeout(2)
    try:
        one.connect(place)
    except OSError as error:
        return type(error).__name__
    return "reached"
def read(path):
    try:
        os.listdir(path) if os.path.isdir(path) else open(path, "rb").close()
    except OSError as error:
        return type(error).__name__
    return "read"
targets, paths = json.loads(sys.argv[1])
with concurrent.futures.ThreadPoolExecutor(16) as at_once:
    print(json.dumps([list(at_once.map(reach, targets)), [read(one) for one in paths]]))
"""
FACTS = """
import json, os
status = dict(line.split(":", 1) for line in open("/proc/1/status") if ":" in line)
def first(*paths):
    return next(open("/sys/fs/cgroup/" + path).read().split()[0] for path in paths
                if os.path.exists("/sys/fs/cgroup/" + path))
mounts = {line.split()[1]: line.split()[3].split(",") for line in open("/proc/mounts")}
print(json.dumps({
    "status": [status[name].split()[0] for name in ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp")],
    "root": "ro" in mounts["/"], "uid": int(status["Uid"].split()[0]),
    "memory": int(first("memory/memory.limit_in_bytes", "memory.max")) >> 20,
    "pids": int(first("pids/pids.max", "pids.max")),
    "cpu": int(first("cpu/cpu.cfs_quota_us", "cpu.max")) / 100000,
    "v6": open("/proc/net/if_inet6").read() if os.path.exists("/proc/net/if_inet6") else "",
}))
"""


ASGI = """async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x"})
"""
NOTEBOOK = json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": [
    {"id": "a", "cell_type": "markdown", "metadata": {}, "source": "hello"}], "metadata": {
    "kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}})


@dataclass(frozen=True)
class Inside:
    """A running container, to try things from."""

    id: str
    address: str

    def run(self, code: str, *words: str) -> Any:
        done = subprocess.run(["docker", "exec", self.id, "python3", "-c", code, *words], check=True,
                              capture_output=True, text=True)
        return json.loads(done.stdout)

    def reaches(self, targets: dict[str, str], paths: dict[str, Path] | None = None) -> set[str]:
        """The names of those it gets through to."""
        paths = paths or {}
        asked = json.dumps([list(targets.values()), [str(path) for path in paths.values()]])
        got, read = self.run(REACH, asked)
        return {name for name, answer in zip(targets, got, strict=True) if answer == "reached"} | {
            name for name, answer in zip(paths, read, strict=True) if answer == "read"}


@dataclass(frozen=True)
class Household:
    """An account with one of each."""

    person: Person
    site: Inside
    second: Inside
    preview: Inside
    lab: Inside
    python: Inside
    notebook: Inside


@pytest.fixture(scope="module")
def homes(docked: Installation, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Household]:
    app = tmp_path_factory.mktemp("app")
    (app / "package.json").write_text('{"name":"t","type":"module","scripts":{"start":"node server.js"}}')
    (app / "server.js").write_text("import http from 'node:http';\n"
                                   "http.createServer((q, a) => a.end('x')).listen(process.env.PORT);\n")
    for end, (name, text) in {"py": ("main.py", ASGI), "nb": ("index.ipynb", NOTEBOOK)}.items():
        (folder := app.with_name(f"{app.name}-{end}")).mkdir()
        (folder / name).write_text(text)
    return {name: household(docked, docked.account(name), app) for name in ("walla", "wallb")}


def household(docked: Installation, person: Person, app: Path) -> Household:
    site, second, shown = (f"{person.name}{end}" for end in ("one", "two", "dev"))
    kinds = {f"{person.name}{end}": app.with_name(f"{app.name}-{end}") for end in ("py", "nb")}
    for name, folder in {site: app, second: app, **kinds}.items():
        person.deploy(name, folder)
    person.call("POST", "/sites", {"name": shown, "kind": "static"})
    workspace = docked.home / "homes" / person.name / shown
    workspace.mkdir(parents=True)
    (workspace / "index.html").write_text("<h1>hello</h1>")
    for what in (f"/sites/{shown}/preview", "/lab"):
        person.call("POST", what)
    for what in (f"/sites/{shown}/preview", "/lab"):
        wait_until(partial(is_decided, person, what), 120)
        assert person.call("GET", what).json["state"] == "running", person.call("GET", what).json
    return Household(person, *(inside(docked, **wanted) for wanted in (
        {"site": site}, {"site": second}, {"site": shown, "kind": "preview"},
        {"account": person.name, "kind": "lab"}, *({"site": name} for name in kinds))))


def is_decided(person: Person, what: str) -> bool:
    return person.call("GET", what).json["state"] in ("running", "failed")


def inside(installation: Installation, **labels: str) -> Inside:
    wanted = [f"--filter=label=dialup.{name}={value}"
              for name, value in {"installation": mark(installation), **labels}.items()]
    done = subprocess.run(["docker", "ps", "--format", '{{.ID}} {{.Label "dialup.address"}}', *wanted], check=True,
                          capture_output=True, text=True)
    return Inside(*done.stdout.split("\n")[0].split())


def mark(installation: Installation) -> str:
    return str(json.loads((installation.home / "data/installation").read_text())["id"])


@pytest.fixture
def build(docked: Installation, homes: dict[str, Household], tmp_path_factory: pytest.TempPathFactory
          ) -> Iterator[Inside]:
    """A build of the first account that takes its time. No deployment asked for it, so the hub ends it after
    half a minute: each test has one of its own.
    """
    driver = DockerDriver(Settings(docked.home), mark(docked))
    folder = tmp_path_factory.mktemp("staging")
    driver.start(InstanceSpec(key="build-walls", kind=InstanceKind.BUILD, account=homes["walla"].person.name,
                              runtime=Runtime.NODE, steps=(("sleep", "600"),), directory=folder, listens=False,
                              mounts=(Mount(folder, writable=True),), memory_mb=300, cpu=0.5, deadline=600))
    found = subprocess.run(["docker", "ps", "-q", f"--filter=label=dialup.installation={mark(docked)}",
                            "--filter=label=dialup.key=build-walls"], check=True, capture_output=True, text=True)
    yield Inside(found.stdout.strip(), "")
    driver.stop("build-walls", grace=0)
    driver.close()


@pytest.fixture(scope="module")
def elsewhere(docker_engine: None) -> Iterator[Inside]:
    """A container that is not ours, on a bridge that is not: it meets none of our rules."""
    ask = ["docker", "network"]
    subprocess.run([*ask, "create", "dialup-test-elsewhere"], check=True, capture_output=True)
    made = subprocess.run(["docker", "run", "-d", "--rm", "--network=dialup-test-elsewhere", "dialup/base:local",
                           "sleep", "600"], check=True, capture_output=True, text=True)
    yield Inside(made.stdout.strip(), "")
    subprocess.run(["docker", "rm", "-f", made.stdout.strip()], check=True, capture_output=True)
    subprocess.run([*ask, "rm", "dialup-test-elsewhere"], check=True, capture_output=True)


@pytest.fixture(scope="module")
def world() -> Iterator[None]:
    """A machine of our own that has all those addresses, behind this one."""
    name, addresses = "dialup-world", sorted({one.partition(":")[0] for one in [*WORLD.values(), OUTSIDE]})
    inner = ["ip", "-n", name]
    steps = [["ip", "netns", "add", name], ["ip", "link", "add", "dlworld", "type", "veth", "peer", "name", "eth0",
                                            "netns", name],
             ["ip", "addr", "add", "10.213.77.1/30", "dev", "dlworld"], ["ip", "link", "set", "dlworld", "up"],
             [*inner, "addr", "add", "10.213.77.2/30", "dev", "eth0"], [*inner, "link", "set", "eth0", "up"],
             [*inner, "link", "set", "lo", "up"], [*inner, "route", "add", "default", "via", "10.213.77.1"],
             *([*inner, "addr", "add", f"{one}/32", "dev", "lo"] for one in addresses),
             *(["ip", "route", "add", f"{one}/32", "via", "10.213.77.2"] for one in addresses)]
    listener = None
    try:
        for step in steps:
            subprocess.run(step, check=True, capture_output=True)
        listener = subprocess.Popen(["ip", "netns", "exec", name, sys.executable, "-c", LISTENER],
                                    stdout=subprocess.PIPE)
        assert listener.stdout is not None
        assert listener.stdout.readline() == b"ready\n"
        yield
    finally:
        if listener is not None:
            listener.kill()
            listener.communicate()
        subprocess.run(["ip", "link", "del", "dlworld"], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


@pytest.fixture(params=["site", "python", "notebook", "build", "preview", "lab"])
def here(request: pytest.FixtureRequest, homes: dict[str, Household]) -> tuple[str, Inside]:
    """Each kind of instance of the first account."""
    kind = str(request.param)
    return kind, request.getfixturevalue("build") if kind == "build" else getattr(homes["walla"], kind)


def test_the_facts_inside_are_those_that_were_asked_for(docked: Installation, homes: dict[str, Household],
                                                       here: tuple[str, Inside]) -> None:
    kind, one = here
    settings = docked.settings
    facts = one.run(FACTS)
    limits = {"site": (settings.nodejs_memory_mb, settings.nodejs_cpu, 128),
              "python": (settings.python_memory_mb, settings.python_cpu, 128),
              "notebook": (settings.notebook_memory_mb, settings.notebook_cpu, 128), "build": (300, 0.5, 256),
              "preview": (settings.static_dev_memory_mb, 0.1, 256), "lab": (settings.lab_memory_mb, 1.0, 512)}[kind]
    assert facts["status"] == ["0" * 16, "0" * 16, "1", "2"]
    assert facts["root"]
    assert facts["uid"] == (docked.home / "homes" / homes["walla"].person.name).stat().st_uid >= 20000
    assert (facts["memory"], facts["cpu"], facts["pids"]) == limits
    assert facts["v6"] == ""


def test_nothing_of_anybody_else_is_reached(homes: dict[str, Household], here: tuple[str, Inside]) -> None:
    kind, one = here
    mine, other = homes["walla"], homes["wallb"]
    theirs = {f"their {name}": getattr(other, name).address for name in ("site", "python", "notebook", "preview", "lab")}
    own = {"my second site": mine.second.address, "my lab": mine.lab.address, "my preview": mine.preview.address}

    assert reached_from_here(theirs | own) == {*theirs, *own}
    open_to_it = {"my lab", "my preview"} if kind in ("lab", "preview") else set()
    assert one.reaches(theirs | own) == open_to_it


def test_nothing_of_this_machine_is_reached(docked: Installation, here: tuple[str, Inside], elsewhere: Inside) -> None:
    _kind, one = here
    with closing(socket.create_server(("0.0.0.0", 0))) as service:
        port = service.getsockname()[1]
        targets = {f"{ip}": f"{ip}:{port}" for ip in own_addresses()}
        assert elsewhere.reaches(targets) == set(targets)
        assert one.reaches({**targets, "Caddy": f"127.0.0.1:{docked.port}"}) == set()


def test_no_socket_and_no_file_of_the_server_is_there(docked: Installation, homes: dict[str, Household],
                                                      here: tuple[str, Inside]) -> None:
    kind, one = here
    run, home, other, their = docked.settings.run, docked.home, homes["wallb"].person.name, homes["wallb"].person.id
    sockets = {path.stem: str(path) for path in (run / "caddy.sock", run / "hub.sock", run / "edge.sock",
                                                 run / "gate.sock", Path("/var/run/docker.sock"))}
    sockets |= {"their door": str(run / "labs" / other / "hub.sock")}
    door = {"my door": str(run / "labs" / homes["walla"].person.name / "hub.sock")}
    files = {path.name: path for path in (home / "data/database.sqlite", home / "data/uids.json", home / "sites" / other,
                                          home / "store" / their, home / "homes" / other, home / "logs")}

    assert reached_from_here(sockets | door) == {*sockets, *door}
    assert all(path.exists() for path in files.values())
    assert one.reaches(sockets | door, files) == ({"my door"} if kind == "lab" else set())


def test_the_world_is_open_but_for_private_addresses_and_mail(world: None, here: tuple[str, Inside],
                                                              elsewhere: Inside) -> None:
    _kind, one = here
    everything = {**WORLD, "the world": OUTSIDE}
    assert elsewhere.reaches(everything) == set(everything)
    assert one.reaches(everything) == {"the world"}


def test_a_lab_deploys_from_its_terminal_and_from_a_notebook(docked: Installation, homes: dict[str, Household]) -> None:
    mine = homes["walla"]
    home = docked.home / "homes" / mine.person.name
    ask = ["docker", "exec", "-w", str(home), mine.lab.id]
    words = {"terminal": ["bash", "-c", "deploy site wallpage --domain wallpage"],
             "notebook": ["ipython", "-c", "get_ipython().run_line_magic('load_ext', 'dialup_ext')\n"
                                           "get_ipython().run_line_magic('deploy', 'wallpage')"]}
    for place, command in words.items():
        write = f"mkdir -p wallpage && echo '<h1>from a {place}</h1>' > wallpage/index.html"
        subprocess.run([*ask, "sh", "-c", write], check=True, capture_output=True)
        done = subprocess.run([*ask, *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"from a {place}" in docked.get("wallpage").text


def test_what_a_lab_and_a_site_use_is_shown(homes: dict[str, Household]) -> None:
    usage = homes["walla"].person.call("GET", "/usage").json
    assert 20 < usage["lab_memory_mb"] < 1024
    assert all(site["memory_mb"] > 1 for site in usage["sites"] if site["name"].endswith(("one", "two")))


def reached_from_here(targets: dict[str, str]) -> set[str]:
    """From the machine itself, where all of them can be reached."""
    done = subprocess.run([sys.executable, "-c", REACH, json.dumps([list(targets.values()), []])], check=True,
                          capture_output=True, text=True)
    return {name for name, answer in zip(targets, json.loads(done.stdout)[0], strict=True) if answer == "reached"}


def own_addresses() -> list[str]:
    """This machine's, on every interface but loopback; bridges of containers among them."""
    done = subprocess.run(["ip", "-4", "-j", "addr"], check=True, capture_output=True, text=True)
    return [one["local"] for link in json.loads(done.stdout) if link["ifname"] != "lo"
            for one in link["addr_info"]]
