"""What an instance is in a container, asserted from inside it and from the machine it is on."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dialup_ext.domain.instance import InstanceKind, InstanceSpec, Mount, Runtime
from dialup_ext.errors import Unavailable
from dialup_ext.settings import Settings
from dialup_ext.spawner import docker as docker_module
from dialup_ext.spawner.docker import DockerDriver
from dialup_ext.spawner.docker_ready import examine_engine
from dialup_ext.testing.engine import docker_home

FACTS = """
import json, os, pathlib, resource, socket
def tries(action):
    try:
        action()
    except OSError as error:
        return error.strerror
    return "done"
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
mounts = {line.split()[1]: line.split()[3].split(",") for line in open("/proc/mounts")}
print(json.dumps({
    "status": {name: status[name].split()[0] for name in ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp")},
    "uid": os.getuid(), "gid": os.getgid(), "groups": os.getgroups(),
    "root": mounts["/"], "tmp": mounts["/tmp"], "write": tries(lambda: open("/etc/x", "w")),
    "app": tries(lambda: open("written", "w")), "mode": oct(os.stat("/tmp").st_mode & 0o7777),
    "nofile": resource.getrlimit(resource.RLIMIT_NOFILE), "core": resource.getrlimit(resource.RLIMIT_CORE),
    "host": [name for name in os.environ if name.startswith("DIALUP_")],
    "sockets": [str(path) for folder in ("/run", "/var/run", "/tmp") for path in pathlib.Path(folder).rglob("*")
                if path.is_socket()],
    "pids": sorted(int(name) for name in os.listdir("/proc") if name.isdigit()),
    "interfaces": sorted(name for _, name in socket.if_nameindex()),
    "v6": tries(lambda: socket.socket(socket.AF_INET6).connect(("fe80::1", 80, 0, 2))),
}))
"""

REACH = """
import json, socket, sys
def reach(target):
    host, _, port = target.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except OSError as error:
        return type(error).__name__
    return "reached"
print(json.dumps({target: reach(target) for target in sys.argv[1:]}))
"""

SERVER = "import http.server; http.server.ThreadingHTTPServer(('0.0.0.0', 8080), " \
         "http.server.SimpleHTTPRequestHandler).serve_forever()"


@pytest.fixture
def driver(docker_engine: None, tmp_path: Path) -> Iterator[DockerDriver]:
    with docker_home(tmp_path / "home") as (settings, installation):
        driver = DockerDriver(settings, installation)
        yield driver
        driver.close()


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    return tmp_path / "app"


@pytest.fixture
def make(app: Path) -> Callable[..., InstanceSpec]:
    def make(key: str, code: str, *words: str, account: str = "ana", kind: InstanceKind = InstanceKind.SITE,
             listens: bool = False, **more: Any) -> InstanceSpec:
        values: dict[str, Any] = {"mounts": (Mount(app),), "memory_mb": 128, "cpu": 0.5} | more
        return InstanceSpec(key=key, kind=kind, account=account, site="blog", runtime=Runtime.LAB,
                            steps=(("python3", "-c", code, *words),), directory=app, listens=listens, **values)

    return make


def answer(driver: DockerDriver, spec: InstanceSpec) -> Any:
    driver.start(spec)
    over = driver.wait(spec.key, 60)
    text = driver.log(spec.key).data.decode()
    assert over.exit_code == 0, text
    return json.loads(text)


def test_inside_nothing_is_left_to_take(driver: DockerDriver, make: Callable[..., InstanceSpec]) -> None:
    facts = answer(driver, make("site-1", FACTS))

    assert facts["status"] == {"CapEff": "0" * 16, "CapBnd": "0" * 16, "NoNewPrivs": "1", "Seccomp": "2"}
    assert facts["uid"] == facts["gid"] >= 20000
    assert facts["groups"] in ([], [facts["gid"]])
    assert "ro" in facts["root"]
    assert facts["write"] == "Read-only file system"
    assert facts["app"] in ("Read-only file system", "Permission denied")
    assert {"rw", "noexec", "nosuid", "nodev", "size=65536k", "nr_inodes=4096"} <= set(facts["tmp"])
    assert facts["mode"] == "0o1777"
    assert (facts["nofile"], facts["core"]) == ([1024, 1024], [0, 0])
    assert facts["host"] == []
    assert facts["sockets"] == []
    assert len(facts["pids"]) == 2
    assert len(facts["interfaces"]) == 2
    assert facts["v6"] != "done"


def test_the_limits_hold(driver: DockerDriver, make: Callable[..., InstanceSpec]) -> None:
    fill = ("import os, errno, sys\ndef fill():\n try:\n  with open('/tmp/big', 'wb') as f:\n"
            "   for _ in range(200): f.write(bytes(1 << 20))\n except OSError as e: return e.errno\n"
            "def fork():\n n = 0\n try:\n  while n < 400:\n   if os.fork() == 0: import time; time.sleep(60)\n"
            "   n += 1\n except OSError: pass\n return n\n"
            "import json; full = fill(); os.unlink('/tmp/big'); print(json.dumps([full, fork()]))\n"
            "sys.stdout.flush(); os._exit(0)")
    full, forks = answer(driver, make("site-1", fill, memory_mb=512))

    assert full == 28  # ENOSPC
    assert forks < 128


def test_accounts_have_users_and_networks_of_their_own(driver: DockerDriver,
                                                       make: Callable[..., InstanceSpec]) -> None:
    who = "import os, json; print(json.dumps(os.getuid()))"
    seen = {name: answer(driver, make(f"site-{name}", who, account=name)) for name in ("ana", "ben")}
    assert len(set(seen.values())) == 2
    assert len(driver._networks.list()) == 2


def test_rules_somebody_removed_come_back(driver: DockerDriver, make: Callable[..., InstanceSpec]) -> None:
    with listening("0.0.0.0") as port:
        target = f"{machine()}:{port}"
        assert answer(driver, make("site-1", REACH, target)) == {target: "ConnectionRefusedError"}
        driver._firewall.remove()
        assert answer(driver, make("site-2", REACH, target)) == {target: "reached"}
        driver.check()
        assert answer(driver, make("site-3", REACH, target)) == {target: "ConnectionRefusedError"}


def test_who_asks_how_things_are_does_not_queue_for_the_rules(driver: DockerDriver, monkeypatch: pytest.MonkeyPatch
                                                              ) -> None:
    driver.check()
    renewed = threading.Event()
    monkeypatch.setattr(docker_module, "MOMENTS", 0.0)
    monkeypatch.setattr(driver._watch, "_renew", renewed.set)
    monkeypatch.setattr(driver._firewall, "ensure", lambda: pytest.fail("in the caller's thread"))
    driver.check()
    assert renewed.wait(20)


def test_rules_nobody_could_renew_are_no_secret(driver: DockerDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.check()

    def refuse() -> None:
        raise Unavailable("no", code="firewall_refused")

    monkeypatch.setattr(driver._firewall, "ensure", refuse)
    monkeypatch.setattr(driver._firewall, "_ensured", time.monotonic() - 181)
    with pytest.raises(Unavailable):
        driver.check()


def test_a_new_hub_puts_the_rules_of_what_runs_back(driver: DockerDriver, make: Callable[..., InstanceSpec], until
                                                    ) -> None:
    driver.start(make("site-1", SERVER, listens=True))
    driver.close()
    driver._firewall.remove()
    heir = DockerDriver(driver._settings, driver._installation)
    until(lambda: heir._firewall.age < 60)
    heir.close()


def test_what_an_earlier_hub_made_is_walled_in_before_it_is_started(driver: DockerDriver,
                                                                    make: Callable[..., InstanceSpec]) -> None:
    with listening("0.0.0.0") as port:
        target = f"{machine()}:{port}"
        spec = make("site-1", REACH, target)
        heir = DockerDriver(driver._settings, driver._installation)
        driver._make(spec)
        driver.close()
        driver._firewall.remove()
        assert answer(heir, spec) == {target: "ConnectionRefusedError"}
        heir.close()


def test_what_somebody_removed_takes_its_log_along(driver: DockerDriver, make: Callable[..., InstanceSpec]) -> None:
    spec, said = make("site-1", "print(open('/proc/sys/kernel/random/uuid').read(), end='')"), []
    for _ in range(2):
        driver.start(spec)
        driver.wait("site-1", 20)
        said.append(driver.log("site-1").data)
        subprocess.run(["docker", "rm", "-f", driver._containers._name("site-1")], check=True, capture_output=True)
    assert [len(one) for one in said] == [37, 37]
    assert said[0] != said[1]


def test_an_address_just_given_back_is_the_last_to_be_used_again(driver: DockerDriver,
                                                                 make: Callable[..., InstanceSpec]) -> None:
    first = driver.start(make("site-1", SERVER, listens=True)).address
    driver.stop("site-1", grace=0)
    second = driver.start(make("site-2", SERVER, listens=True)).address
    assert first != second


def test_a_writable_folder_belongs_to_its_account(driver: DockerDriver, make: Callable[..., InstanceSpec],
                                                  tmp_path: Path) -> None:
    home = tmp_path / "homes" / "ana"
    home.mkdir(parents=True)
    (home / "notes.txt").write_text("mine")
    code = "import os, json; open('new.txt', 'w').write('x'); print(json.dumps(open('notes.txt').read()))"
    spec = make("preview-1", code, kind=InstanceKind.PREVIEW, mounts=(Mount(home, writable=True),))
    assert answer(driver, replace(spec, directory=home)) == "mine"
    assert (home / "new.txt").stat().st_uid == home.stat().st_uid >= 20000


def test_steps_run_in_node_too(driver: DockerDriver, docker_node: None, app: Path, tmp_path: Path) -> None:
    steps = (("node", "-e", "console.log('one')"), ("node", "-e", "console.log(process.pid, process.env.PORT)"))
    spec = InstanceSpec(key="site-1", kind=InstanceKind.SITE, account="ana", runtime=Runtime.NODE, steps=steps,
                        directory=app, mounts=(Mount(app),))
    driver.start(spec)
    assert driver.wait("site-1", 60).exit_code == 0
    one, two = driver.log("site-1").data.decode().splitlines()
    assert (one, two.split()[1]) == ("one", "8080")


def test_what_was_half_made_is_started_by_the_next_start(driver: DockerDriver, make: Callable[..., InstanceSpec]
                                                         ) -> None:
    spec = make("site-1", "print('hello')")
    driver._make(spec)
    assert (driver.inspect("site-1"), driver.list()) == (None, [])
    driver.start(spec)
    driver.wait("site-1", 20)
    assert driver.log("site-1").data == b"hello\n"


def test_two_starts_at_once_are_one_container(driver: DockerDriver, make: Callable[..., InstanceSpec]) -> None:
    spec = make("site-1", SERVER, listens=True)
    seen: list[object] = []
    threads = [threading.Thread(target=lambda: seen.append(driver.start(spec))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(seen) == 3
    assert len(set(seen)) == len(driver.list()) == 1


def test_several_stops_at_once_are_one(driver: DockerDriver, make: Callable[..., InstanceSpec]) -> None:
    driver.start(make("site-1", SERVER, listens=True))
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(driver.stop, "site-1", 0) for _ in range(4)]:
            done.result(60)
    assert driver.inspect("site-1") is None


def test_a_round_asks_the_engine_once_however_many_run(driver: DockerDriver, make: Callable[..., InstanceSpec],
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(2):
        driver.start(make(f"site-{number}", SERVER, listens=True))
    before = driver.list()
    monkeypatch.setattr(driver._containers, "look", lambda key: pytest.fail(f"asked about {key}"))
    assert driver.list() == before
    monkeypatch.undo()
    driver.stop("site-0", grace=0)
    assert [one.key for one in driver.list()] == ["site-1"]


def test_an_engine_that_was_not_there_at_the_start_is_found_later(
        driver: DockerDriver, make: Callable[..., InstanceSpec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        until) -> None:
    driver.start(make("build-1", SERVER, kind=InstanceKind.BUILD, deadline=2.0))
    driver._watch.close()  # as if that hub had been killed
    door = tmp_path / "docker.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{door}")
    late = DockerDriver(driver._settings, driver._installation)
    with pytest.raises(Unavailable):
        late.list()
    door.symlink_to("/var/run/docker.sock")
    assert [one.key for one in late.list()] == ["build-1"]
    until(lambda: late.list()[0].reason == "deadline")
    late.close()


def test_leaving_takes_the_rules_away_whatever_else_stays(driver: DockerDriver, make: Callable[..., InstanceSpec]
                                                          ) -> None:
    driver.start(make("site-1", SERVER, listens=True))
    network = driver._networks.list()[0]["Name"]
    guest = ["docker", "run", "-d", "--rm", f"--network={network}", "--name=dialup-test-guest", "dialup/base:local"]
    subprocess.run([*guest, "sleep", "60"], check=True, capture_output=True)
    try:
        with pytest.raises(Unavailable):
            driver.remove_everything()
        rules = subprocess.run(["iptables", "-S"], check=True, capture_output=True, text=True).stdout
        assert driver._networks.bridges.upper() not in rules
    finally:
        subprocess.run(["docker", "rm", "-f", "dialup-test-guest"], check=True, capture_output=True)


def test_a_bridge_that_has_ipv6_leads_nowhere_by_it(driver: DockerDriver, make: Callable[..., InstanceSpec]) -> None:
    """Ours have none; a network somebody gave one to is walled in as well."""
    driver.start(make("site-1", SERVER, listens=True))
    bridge, ask = f"{driver._networks.bridges}six", ["docker", "network"]
    try:
        subprocess.run([*ask, "create", "--ipv6", "--subnet=fd00:d1a1::/64", "--subnet=10.211.77.0/26",
                        f"--opt=com.docker.network.bridge.name={bridge}", "dialup-test-six"],
                       check=True, capture_output=True)
        with listening("::") as port:
            probe = ["docker", "run", "--rm", "--network=dialup-test-six", "dialup/base:local", "python3", "-c", REACH,
                     f"fd00:d1a1::1:{port}"]
            assert "reached" not in subprocess.run(probe, check=True, capture_output=True, text=True).stdout
            driver._firewall.remove()
            assert "reached" in subprocess.run(probe, check=True, capture_output=True, text=True).stdout
    finally:
        subprocess.run([*ask, "rm", "dialup-test-six"], check=False, capture_output=True)


def test_without_an_engine_it_says_what_to_do(docker_engine: None, tmp_path: Path,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    driver = DockerDriver(Settings(tmp_path / "home"), "ab" * 16)
    for ask in (driver.check, driver.list, lambda: driver.inspect("site-1")):
        with pytest.raises(Unavailable) as refusal:
            ask()
        assert refusal.value.code == "docker_down"
        assert "systemctl start docker" in refusal.value.hint
    driver.close()


def test_without_its_image_it_says_what_to_do(docker_engine: None, make: Callable[..., InstanceSpec],
                                              tmp_path: Path) -> None:
    with docker_home(tmp_path / "home", lab_image="dialup/nothing:none") as (settings, installation):
        driver = DockerDriver(settings, installation)
        with pytest.raises(Unavailable) as refusal:
            driver.start(make("site-1", "print(1)"))
        driver.close()
    assert refusal.value.code == "image_missing"
    assert "dialup images build" in refusal.value.hint


def test_an_image_of_another_dialup_is_refused_with_the_command_to_run(
        docker_engine: None, make: Callable[..., InstanceSpec], tmp_path: Path) -> None:
    recipe = "FROM dialup/base:local\nLABEL dialup.image=lab dialup.version=0.0.1\n"
    subprocess.run(["docker", "build", "-q", "-t", "dialup/test-old:local", "-"], input=recipe, text=True, check=True,
                   capture_output=True)
    try:
        with docker_home(tmp_path / "home", lab_image="dialup/test-old:local") as (settings, installation):
            driver = DockerDriver(settings, installation)
            with pytest.raises(Unavailable) as refusal:
                driver.start(make("lab-1", "print(1)", kind=InstanceKind.LAB))
            driver.close()
        assert refusal.value.code == "image_old"
        assert "0.0.1" in refusal.value.message
        with pytest.raises(Unavailable):
            examine_engine(lab="dialup/test-old:local")
    finally:
        subprocess.run(["docker", "rmi", "dialup/test-old:local"], check=True, capture_output=True)


def connects(address: str | None) -> bool:
    host, _, port = (address or "").rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


class listening:  # noqa: N801 - reads as a word in `with listening(…)`
    """A service of this machine on a port of its own."""

    def __init__(self, host: str) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, 0), family=family)

    def __enter__(self) -> int:
        return self._socket.getsockname()[1]

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def machine() -> str:
    """This machine's own address towards the world."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.254", 9))
        return str(probe.getsockname()[0])

