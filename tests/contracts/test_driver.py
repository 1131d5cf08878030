"""What every driver promises, asked of the fake and of the real ones alike."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dialup_ext.domain.instance import InstanceKind, InstanceSpec, InstanceState, Mount, Runtime
from dialup_ext.domain.ports import Driver
from dialup_ext.errors import BadInput, NotFound
from dialup_ext.settings import Settings
from dialup_ext.spawner.docker import DockerDriver
from dialup_ext.spawner.process import ProcessDriver
from dialup_ext.testing.driver import FakeDriver, Machine
from dialup_ext.testing.engine import docker_home

SERVER = "import http.server, os; http.server.ThreadingHTTPServer((os.environ['HOST'], " \
         "int(os.environ['PORT'])), http.server.SimpleHTTPRequestHandler).serve_forever()"


@dataclass
class World:
    """One driver, ways to write programs for it, and a way to make another object of it."""

    directory: Path
    make: Callable[[], Driver]
    program: Callable[..., tuple[str, ...]]
    drivers: list[Driver] = field(default_factory=list)

    def driver(self) -> Driver:
        self.drivers.append(self.make())
        return self.drivers[-1]

    def spec(self, key: str, *steps: tuple[str, ...], listens: bool = False, memory_mb: int = 256,
             deadline: float | None = None, environment: dict[str, str] | None = None) -> InstanceSpec:
        return InstanceSpec(key=key, kind=InstanceKind.SITE, account="ana", site="blog",
                            runtime=Runtime.LAB, steps=steps, directory=self.directory,
                            mounts=(Mount(self.directory),), environment=environment or {}, listens=listens, memory_mb=memory_mb,
                            deadline=deadline)


def fake_program(word: str, *rest: str) -> tuple[str, ...]:
    return (word, *rest)


def real_program(word: str, *rest: str) -> tuple[str, ...]:
    python = {
        "says": "import sys; print(sys.argv[1])",
        "exits": "import sys; sys.exit(int(sys.argv[1]))",
        "waits": "import time; time.sleep(600)",
        "serves": SERVER,
        "shows": "import os; [print(f'{k}={v}') for k, v in os.environ.items()]",
        "eats": "import sys, time; hold = bytearray(int(sys.argv[1]) << 20); time.sleep(600)",
    }[word]
    return ("python", "-u", "-c", python, *rest)


@pytest.fixture(params=["fake", "process", "docker"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    directory = tmp_path / "app"
    directory.mkdir()
    with ExitStack() as stack:
        if request.param == "fake":
            machine = Machine()
            world = World(directory, lambda: FakeDriver(machine), fake_program)
        elif request.param == "process":
            settings = Settings(tmp_path / "home")
            world = World(directory, lambda: ProcessDriver(settings), real_program)
        else:
            request.getfixturevalue("docker_engine")
            settings, installation = stack.enter_context(docker_home(tmp_path / "home"))
            world = World(directory, lambda: DockerDriver(settings, installation), real_program)
        yield world
        last = world.make()
        for instance in last.list():
            last.stop(instance.key, grace=0)
        for driver in [*world.drivers, last]:
            driver.close()


@pytest.fixture
def driver(world: World) -> Driver:
    return world.driver()


def until(claim: Callable[[], object], seconds: float = 20.0) -> None:
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not claim():
        assert time.monotonic() < deadline, "it did not come true"
        pause.wait(0.01)


def port(address: str | None) -> str:
    return (address or "").rpartition(":")[2]


def lines(driver: Driver, key: str) -> list[str]:
    return driver.log(key).data.decode().splitlines()


def test_it_is_a_driver(driver: Driver) -> None:
    assert isinstance(driver, Driver)
    driver.check()


def test_a_started_instance_runs_under_its_key(world: World, driver: Driver) -> None:
    instance = driver.start(world.spec("site-1", world.program("waits")))
    assert (instance.key, instance.kind, instance.account, instance.site, instance.state) == (
        "site-1", InstanceKind.SITE, "ana", "blog", InstanceState.RUNNING)
    assert instance.address is None
    assert instance.exit_code is None
    assert instance.started_at.tzinfo is not None
    assert driver.inspect("site-1") == instance
    assert driver.list() == [instance]


def test_the_same_key_twice_is_the_same_instance(world: World, driver: Driver) -> None:
    first = driver.start(world.spec("site-1", world.program("serves"), listens=True))
    assert driver.start(world.spec("site-1", world.program("exits", "1"))) == first
    assert len(driver.list()) == 1


def test_the_same_key_after_its_end_gives_what_is_over(world: World, driver: Driver) -> None:
    driver.start(world.spec("site-1", world.program("exits", "4")))
    over = driver.wait("site-1", 20)
    assert driver.start(world.spec("site-1", world.program("waits"))) == over


@pytest.mark.parametrize("code", [0, 1, 42])
def test_the_exit_code_is_known(world: World, driver: Driver, code: int) -> None:
    driver.start(world.spec("site-1", world.program("exits", str(code))))
    over = driver.wait("site-1", 20)
    assert (over.state, over.exit_code, over.reason) == (InstanceState.EXITED, code, "")
    assert driver.inspect("site-1") == over


def test_waiting_gives_up_after_its_time(world: World, driver: Driver) -> None:
    driver.start(world.spec("site-1", world.program("waits")))
    assert driver.wait("site-1", 0.01).state is InstanceState.RUNNING


def test_what_nobody_started_is_unknown(driver: Driver) -> None:
    assert driver.inspect("site-1") is None
    assert driver.list() == []
    assert driver.listening("site-1") == []
    assert driver.usage("site-1") is None
    for ask in (lambda: driver.log("site-1"), lambda: driver.log_end("site-1"), lambda: driver.wait("site-1", 0)):
        with pytest.raises(NotFound) as refusal:
            ask()
        assert refusal.value.code == "instance_not_found"
        assert refusal.value.hint


def test_stopping_forgets_and_may_be_repeated(world: World, driver: Driver) -> None:
    driver.start(world.spec("site-1", world.program("serves"), listens=True))
    for _ in range(2):
        driver.stop("site-1", grace=5)
        assert driver.inspect("site-1") is None
        assert driver.list() == []
    driver.stop("never-there")


def test_what_ended_by_itself_can_be_stopped_and_forgotten(world: World, driver: Driver) -> None:
    driver.start(world.spec("site-1", world.program("exits", "3")))
    driver.wait("site-1", 20)
    driver.stop("site-1")
    assert driver.inspect("site-1") is None


def test_a_stopped_key_can_be_started_afresh(world: World, driver: Driver) -> None:
    driver.start(world.spec("site-1", world.program("exits", "3")))
    driver.wait("site-1", 20)
    driver.stop("site-1")
    assert driver.start(world.spec("site-1", world.program("waits"))).state is InstanceState.RUNNING


@pytest.mark.parametrize("key", ["", "a", "../up", "a/b", ".hidden", "-x", "a b", "x" * 200, "ä-1", "a\n"])
def test_a_key_that_is_no_name_is_refused(world: World, driver: Driver, key: str) -> None:
    for ask in (lambda: driver.start(world.spec(key, world.program("waits"))), lambda: driver.stop(key),
                lambda: driver.inspect(key), lambda: driver.log(key)):
        with pytest.raises(BadInput) as refusal:
            ask()
        assert refusal.value.code == "bad_key"


def test_two_instances_get_two_addresses(world: World, driver: Driver) -> None:
    addresses = {driver.start(world.spec(f"site-{n}", world.program("serves"), listens=True)).address
                 for n in range(3)}
    assert len(addresses) == 3
    for address in addresses:
        host, _, port = (address or "").rpartition(":")
        assert ipaddress.ip_address(host).is_private
        assert 1024 <= int(port) < 65536


def test_what_serves_listens_at_its_address(world: World, driver: Driver) -> None:
    instance = driver.start(world.spec("site-1", world.program("serves"), listens=True))
    until(lambda: driver.listening("site-1"))
    assert [port(address) for address in driver.listening("site-1")] == [port(instance.address)]


def test_open_connections_are_counted(world: World, driver: Driver) -> None:
    if isinstance(driver, FakeDriver):
        driver = FakeDriver(answers=True)  # with a real address
    instance = driver.start(world.spec("site-1", world.program("serves"), listens=True))
    until(lambda: driver.listening("site-1"))
    assert driver.connections("site-1") == 0
    host, _, number = (instance.address or "").rpartition(":")
    with socket.create_connection((host, int(number))):
        until(lambda: driver.connections("site-1") == 1)
    until(lambda: driver.connections("site-1") == 0)
    driver.stop("site-1")
    assert driver.connections("site-1") == 0


def test_what_waits_listens_nowhere(world: World, driver: Driver) -> None:
    driver.start(world.spec("site-1", world.program("waits"), listens=True))
    assert driver.listening("site-1") == []


def test_the_environment_is_the_specification_and_the_address(world: World, driver: Driver,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIALUP_SECRET_OF_THE_HUB", "hidden")
    spec = world.spec("site-1", world.program("shows"), listens=True, environment={"GREETING": "hello"})
    instance = driver.start(spec)
    driver.wait("site-1", 20)
    shown = dict(line.split("=", 1) for line in lines(driver, "site-1"))
    assert shown["GREETING"] == "hello"
    assert shown["PORT"] == port(instance.address)
    assert shown["HOST"] in ("0.0.0.0", (instance.address or "").partition(":")[0])
    assert "DIALUP_SECRET_OF_THE_HUB" not in shown


def test_the_port_takes_its_place_in_the_arguments(world: World, driver: Driver) -> None:
    spec = world.spec("site-1", world.program("says", "--port={port}"), listens=True)
    instance = driver.start(spec)
    driver.wait("site-1", 20)
    assert lines(driver, "site-1") == [f"--port={port(instance.address)}"]


def test_steps_run_in_order_and_the_last_one_stays(world: World, driver: Driver) -> None:
    driver.start(world.spec("site-1", world.program("says", "one"), world.program("says", "two"),
                            world.program("serves"), listens=True))
    until(lambda: driver.listening("site-1"))
    assert lines(driver, "site-1") == ["one", "two"]


def test_a_step_that_fails_is_the_end(world: World, driver: Driver) -> None:
    driver.start(world.spec("site-1", world.program("says", "one"), world.program("exits", "9"),
                            world.program("says", "never")))
    assert driver.wait("site-1", 20).exit_code == 9
    assert lines(driver, "site-1")[0] == "one"
    assert "never" not in lines(driver, "site-1")


def test_the_log_is_read_on_from_where_one_stopped(world: World, driver: Driver) -> None:
    driver.start(world.spec("site-1", world.program("says", "one"), world.program("says", "two")))
    driver.wait("site-1", 20)
    first = driver.log("site-1", 0, limit=4)
    rest = driver.log("site-1", first.next_offset)
    assert (first.data, first.offset, first.next_offset) == (b"one\n", 0, 4)
    assert (rest.data, rest.offset, rest.next_offset) == (b"two\n", 4, 8)
    nothing = driver.log("site-1", rest.next_offset)
    assert (nothing.data, nothing.offset, nothing.next_offset) == (b"", 8, 8)


def test_the_end_of_the_log_is_known_without_reading_it(world: World, driver: Driver) -> None:
    driver.start(world.spec("site-1", world.program("says", "one"), world.program("says", "two")))
    driver.wait("site-1", 20)
    assert driver.log_end("site-1") == 8
    assert driver.log("site-1", driver.log_end("site-1") - 4).data == b"two\n"


def test_an_offset_beyond_the_end_starts_over(world: World, driver: Driver) -> None:
    driver.start(world.spec("site-1", world.program("says", "one")))
    driver.wait("site-1", 20)
    assert driver.log("site-1", 4000).data == b"one\n"


def test_over_its_memory_it_is_ended_and_says_so(world: World, driver: Driver) -> None:
    driver.start(world.spec("site-1", world.program("eats", "200"), memory_mb=60))
    over = driver.wait("site-1", 20)
    assert (over.state, over.exit_code, over.reason) == (InstanceState.EXITED, 137, "memory")


def test_over_its_time_it_is_ended_and_says_so(world: World, driver: Driver) -> None:
    driver.start(world.spec("site-1", world.program("waits"), deadline=0.1))
    until(lambda: [one.state for one in driver.list()] == [InstanceState.EXITED])
    over = driver.inspect("site-1")
    assert over is not None
    assert (over.exit_code, over.reason) == (137, "deadline")


def test_use_is_known_while_it_runs(world: World, driver: Driver) -> None:
    driver.start(world.spec("site-1", world.program("eats", "30")))
    until(lambda: (use := driver.usage("site-1")) and use.memory_bytes >= 30 << 20)
    use = driver.usage("site-1")
    assert use is not None
    assert use.processes == 1
    assert use.cpu_seconds >= 0
    driver.stop("site-1", grace=0)
    assert driver.usage("site-1") is None


def test_a_new_driver_object_finds_everything_again(world: World, driver: Driver) -> None:
    running = driver.start(world.spec("site-1", world.program("serves"), listens=True))
    driver.start(world.spec("site-2", world.program("exits", "5")))
    driver.wait("site-2", 20)
    until(lambda: driver.listening("site-1"))

    heir = world.driver()

    assert heir.inspect("site-1") == running
    assert [port(address) for address in heir.listening("site-1")] == [port(running.address)]
    over = heir.inspect("site-2")
    assert over is not None
    assert over.exit_code == 5
    heir.stop("site-1", grace=5)
    assert heir.inspect("site-1") is None
    assert driver.inspect("site-1") is None


def test_a_closed_driver_leaves_what_runs_and_can_still_stop_it(world: World, driver: Driver) -> None:
    driver.start(world.spec("site-1", world.program("waits")))

    driver.close()
    driver.close()

    assert [(one.key, one.state) for one in driver.list()] == [("site-1", InstanceState.RUNNING)]
    driver.stop("site-1", grace=0)
    assert driver.list() == []


def test_who_waits_for_what_is_stopped_learns_that_it_is_over(world: World, driver: Driver) -> None:
    driver.start(world.spec("site-1", world.program("waits")))
    seen: list[InstanceState] = []
    waiter = threading.Thread(target=lambda: seen.append(driver.wait("site-1", 20).state))
    waiter.start()
    driver.stop("site-1", grace=0)
    waiter.join(20)
    assert seen in ([InstanceState.EXITED], [])
    assert not waiter.is_alive()


