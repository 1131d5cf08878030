"""The parts of the docker driver that need no engine: addresses, rules, logs, users, groups."""

from __future__ import annotations

import ast
import os
import socket
import threading
import zipfile
from contextlib import suppress
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from dialup_ext.app import choose_driver
from dialup_ext.cli.dialup_up import what_to_know
from dialup_ext.errors import BadInput, Forbidden, Unavailable
from dialup_ext.installation import Bond
from dialup_ext.settings import Settings
from dialup_ext.spawner.cgroup import group_in
from dialup_ext.spawner.debian import mirror_of
from dialup_ext.spawner.docker_build import place_node
from dialup_ext.spawner.docker_engine import Engine
from dialup_ext.spawner.docker_firewall import PRIVATE, comes_first, parse_allowed, resolvers, rules
from dialup_ext.spawner.docker_logs import MOST, SLACK, Logs, Position, advance, messages, unseen
from dialup_ext.spawner.docker_networks import bridge_name, free_subnet, parse_pool, routed
from dialup_ext.spawner.docker_watch import DockerWatch
from dialup_ext.spawner.package import SHARED, make_wheel
from dialup_ext.spawner.uids import FIRST, Uids, give
from dialup_ext.store.engine import Store
from dialup_ext.store.values import StoredValues

POOL = parse_pool("10.210.0.0/24")


def test_a_subnet_overlaps_nothing_that_is_there() -> None:
    assert free_subnet(POOL, []) == IPv4Network("10.210.0.0/26")
    assert free_subnet(POOL, ["10.210.0.16/28", "fd00::/64", "10.210.0.64/26"]) == IPv4Network("10.210.0.128/26")
    with pytest.raises(Unavailable) as refusal:
        free_subnet(POOL, ["10.0.0.0/8"])
    assert refusal.value.code == "no_free_network"


@pytest.mark.parametrize("text", ["8.8.8.0/16", "10.210.0.0/28", "nonsense", "10.210.0.1/16"])
def test_a_pool_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_pool(text)


def test_routes_of_the_machine_count_as_used() -> None:
    table = ("Iface Destination Gateway Flags RefCnt Use Metric Mask\n"
             "eth0 00000000 010200C0 0003 0 0 0 00000000\n"
             "br0 0000D20A 00000000 0001 0 0 0 C0FFFFFF\n")
    assert routed(table) == ["10.210.0.0/26"]


def test_a_bridges_name_fits_the_kernel_and_tells_whose_it_is() -> None:
    name = bridge_name("0123456789abcdef", "dialup-01234567-ana-sites")
    assert len(name) <= 15
    assert name.startswith("dlp012345")
    assert bridge_name("0123ff6789abcdef", "dialup-01234567-ana-sites")[:9] != name[:9]


def test_the_rules_open_only_what_is_named() -> None:
    text = rules("A-IN", "A-OUT", ["10.0.0.53"], ["10.7.0.0/16"])
    lines = text.splitlines()

    assert lines[0] == "*filter"
    assert lines[-1] == "COMMIT"
    opened = [line for line in lines if line.endswith("RETURN")]
    assert [line for line in opened if "-d " in line] == [
        *(f"-A {chain} -d 10.0.0.53/32 -p {kind} --dport 53 -j RETURN"
          for chain in ("A-IN",) for kind in ("udp", "tcp")),
        *(f"-A A-OUT -d 10.0.0.53/32 -p {kind} --dport 53 -j RETURN" for kind in ("udp", "tcp")),
        "-A A-OUT -d 10.7.0.0/16 -j RETURN"]
    assert lines.index("-A A-OUT -d 10.7.0.0/16 -j RETURN") < next(
        number for number, line in enumerate(lines) if PRIVATE[1] in line)
    assert [line for line in lines if line.startswith("-A A-IN")][-1].startswith("-A A-IN -j REJECT")


def test_a_jump_counts_only_where_no_strange_rule_comes_before_it() -> None:
    jump = ("-i", "dlpab12+", "-j", "DLPAB12-IN")
    ours, other = "-A INPUT -i dlpab12+ -j DLPAB12-IN", "-A INPUT -i dlpcd34+ -j DLPCD34-IN"
    assert comes_first(f"-P INPUT ACCEPT\n{other}\n{ours}\n-A INPUT -j ufw-before-input\n", jump)
    assert not comes_first(f"-P INPUT ACCEPT\n-A INPUT -j ufw-before-input\n{ours}\n", jump)
    assert not comes_first("-P INPUT ACCEPT\n", jump)


def test_what_the_operator_opens_must_be_addresses() -> None:
    assert parse_allowed("10.0.0.7, 10.1.0.0/16") == ["10.0.0.7/32", "10.1.0.0/16"]
    assert parse_allowed("") == []
    with pytest.raises(BadInput):
        parse_allowed("mirror.example.org")


def test_name_servers_on_loopback_are_not_reached_from_containers(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("search x\nnameserver 127.0.0.53\nnameserver 10.0.0.53\nnameserver fd00::1\n")
    assert resolvers([file, tmp_path / "none"]) == ["10.0.0.53"]


def frame(second: int, text: bytes, stream: int = 1) -> bytes:
    line = f"2026-01-01T00:00:{second:02d}.000000000Z ".encode() + text
    return bytes([stream, 0, 0, 0]) + len(line).to_bytes(4, "big") + line


class Recorded:
    """An engine's log: what it has, and only what is asked for."""

    def __init__(self) -> None:
        self.data: list[bytes] = []

    def __call__(self, since: str) -> bytes:
        seconds, _, fraction = since.partition(".")
        least = int(seconds) * 10**9 + int(fraction)
        return b"".join(one for one in self.data if next(messages(one))[0] >= least)


def test_an_engine_that_hangs_is_asked_no_further_until_it_gives_a_sign_of_life(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[socket.socket] = []
    with socket.socket(socket.AF_UNIX) as hung:
        hung.bind(str(tmp_path / "hung.sock"))
        hung.listen(50)

        def accept() -> None:
            with suppress(OSError):  # until the socket is closed
                while True:
                    asked.append(hung.accept()[0])

        thread = threading.Thread(target=accept)
        thread.start()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/hung.sock")
        engine = Engine()
        with pytest.raises(Unavailable) as refusal:
            engine.ping()
        before = len(asked)
        for _ in range(20):
            with pytest.raises(Unavailable):
                engine.ping()
        assert refusal.value.code == "docker_down"
        assert len(asked) == before
        hung.shutdown(socket.SHUT_RDWR)
        thread.join()
    for connection in asked:
        connection.close()


def test_a_log_is_copied_once_and_read_on_by_bytes(tmp_path: Path) -> None:
    logs, engine = Logs(tmp_path, 1 << 20), Recorded()
    engine.data = [frame(1, b"one\n"), frame(2, b"two\n")]
    first = logs.read("site-1", 0, 4, engine)
    engine.data += [frame(1, b"late\n", 2), frame(30, b"three\n")]
    rest = logs.read("site-1", first.next_offset, 1000, engine)
    engine.data += [frame(31, b"four\n")]
    last = Logs(tmp_path, 1 << 20).read("site-1", rest.next_offset, 1000, engine)

    assert first.data == b"one\n"
    assert rest.data == b"two\nlate\nthree\n"
    assert last.data == b"four\n"
    assert Logs(tmp_path, 1 << 20).read("site-1", 0, 1000, engine).data == b"one\ntwo\nlate\nthree\nfour\n"


def test_a_crash_between_copy_and_note_doubles_nothing(tmp_path: Path) -> None:
    logs, engine = Logs(tmp_path, 1 << 20), Recorded()
    engine.data = [frame(1, b"one\n")]
    logs.read("site-1", 0, 100, engine)
    with (tmp_path / "site-1" / "log").open("ab") as file:
        file.write(b"half a li")
    engine.data += [frame(2, b"two\n")]

    assert Logs(tmp_path, 1 << 20).read("site-1", 0, 100, engine).data == b"one\ntwo\n"


def test_a_copy_that_lost_its_end_is_begun_anew(tmp_path: Path) -> None:
    logs, engine = Logs(tmp_path, 1 << 20), Recorded()
    engine.data = [frame(1, b"one\n")]
    logs.read("site-1", 0, 100, engine)
    os.truncate(tmp_path / "site-1" / "log", 2)

    assert logs.read("site-1", 0, 100, engine).data == b"one\n"


def test_an_engine_that_threw_its_oldest_away_is_read_from_what_is_left(tmp_path: Path) -> None:
    logs, engine = Logs(tmp_path, 1 << 20), Recorded()
    engine.data = [frame(n, b"%d\n" % n) for n in range(4)]
    logs.read("site-1", 0, 100, engine)
    engine.data = [frame(40, b"new\n")]

    assert logs.read("site-1", 8, 100, engine).data == b"new\n"


def test_a_forgotten_log_leaves_nothing(tmp_path: Path) -> None:
    logs = Logs(tmp_path, 1 << 20)
    logs.read("site-1", 0, 1, Recorded())
    (tmp_path / "site-1" / "position.new").write_text("half a note")  # of a hub that died
    for _ in range(2):
        logs.forget("site-1")
    assert list(tmp_path.iterdir()) == []


def test_the_anchor_stays_well_behind() -> None:
    times = [SLACK, 2 * SLACK, 3 * SLACK]
    assert advance(Position(), times, 9) == Position(9, 2 * SLACK, 2, 3 * SLACK)


def test_of_more_than_can_be_asked_for_the_newest_is_kept_and_nothing_comes_twice() -> None:
    found = [(time, b"x\n") for time in range(MOST)]
    assert unseen(found, Position(seen=3, newest=MOST - 3)) == found[-2:]
    assert unseen(found[:10], Position(seen=3, newest=2)) == found[3:10]


def test_an_account_keeps_its_number_for_ever(tmp_path: Path) -> None:
    uids = Uids(tmp_path / "uids.json")
    assert [uids.of("ana"), uids.of("ben"), uids.of("ana")] == [FIRST, FIRST + 1, FIRST]
    assert Uids(tmp_path / "uids.json").of("ben") == FIRST + 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_giving_a_home_follows_no_link_and_takes_no_second_name(tmp_path: Path) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    (home / "blog").mkdir(parents=True)
    other.mkdir()
    (other / "secret").write_text("x")
    (home / "blog" / "index.html").write_text("x")
    (home / "link").symlink_to(other)
    (home / "file").symlink_to(other / "secret")
    os.link(other / "secret", home / "second")

    assert give(home, 20000) > 0

    assert {path.stat().st_uid for path in (home, home / "blog", home / "blog/index.html")} == {20000}
    assert {path.stat().st_uid for path in (other, other / "secret")} == {0}
    assert give(home, 20000) == 0
    (tmp_path / "led").symlink_to(other)
    with pytest.raises(Forbidden):
        give(tmp_path / "led", 20000)


def test_both_kinds_of_control_groups_are_read(tmp_path: Path) -> None:
    old = group_in("12:memory:/dialup/ab\n4:cpuacct,cpu:/dialup/ab\n0::/\n", tmp_path)
    new = group_in("0::/dialup.slice/docker-ab.scope\n", tmp_path)
    assert old is not None
    assert new is not None
    assert (old.version, old.memory) == (1, tmp_path / "memory/dialup/ab")
    assert (new.version, new.memory) == (2, tmp_path / "dialup.slice/docker-ab.scope")
    new.memory.mkdir(parents=True)
    for name, text in {"memory.current": "5000\n", "memory.stat": "anon 1\ninactive_file 1000\n",
                       "cpu.stat": "usage_usec 2500000\n", "cgroup.procs": "1\n2\n3\n"}.items():
        (new.memory / name).write_text(text)
    use = new.usage()
    assert use is not None
    assert (use.memory_bytes, use.cpu_seconds, use.processes) == (4000, 2.5, 2)
    assert old.usage() is None


def test_the_watch_ends_what_is_over_its_time_and_tries_again(until) -> None:
    ended: list[str] = []

    def end(key: str) -> None:
        ended.append(key)
        if key == "b":
            raise Unavailable("down", code="docker_down")

    watch = DockerWatch(end, lambda: None)
    watch.add("late", 600)
    watch.add("a", 0.01)
    watch.add("b", 0.0)
    until(lambda: sorted(ended) == ["a", "b"])
    assert watch._due.keys() == {"late", "b"}
    watch.close()


def test_the_watch_outlives_what_nobody_expected(until) -> None:
    ended: list[str] = []

    def end(key: str) -> None:
        ended.append(key)
        if key == "a":
            raise OSError("no memory for another process")

    watch = DockerWatch(end, lambda: None)
    watch.add("a", 0.0)
    until(lambda: ended)
    watch.add("b", 0.0)
    until(lambda: "b" in ended)
    watch.close()


def test_the_machines_own_mirror_is_used() -> None:
    assert mirror_of("Types: deb\nURIs: http://deb.example.org/debian\n") == "http://deb.example.org/debian"
    assert mirror_of("deb [signed-by=x] http://deb.example.org/debian bookworm main\n") == (
        "http://deb.example.org/debian")
    assert mirror_of("") == ""


def test_npm_is_a_link_to_its_program(tmp_path: Path) -> None:
    source = tmp_path / "wheel"
    (source / "bin").mkdir(parents=True)
    (source / "bin/node").write_text("")
    (source / "lib/node_modules/npm/bin").mkdir(parents=True)
    for name in ("npm-cli.js", "npx-cli.js"):
        (source / "lib/node_modules/npm/bin" / name).write_text("")
    place_node(source, tmp_path / "made")
    assert (tmp_path / "made/bin/npm").resolve() == tmp_path / "made/lib/node_modules/npm/bin/npm-cli.js"
    assert os.access(tmp_path / "made/bin/npm", os.X_OK)


def test_the_running_dialup_is_packed_whole_and_the_same_twice(tmp_path: Path) -> None:
    wheels = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        wheels.append(make_wheel(tmp_path / name))
    assert wheels[0].read_bytes() == wheels[1].read_bytes()
    with zipfile.ZipFile(wheels[0]) as wheel:
        names = {name.partition(".data/data/")[2] or name for name in wheel.namelist()}
    assert {"dialup_ext/handlers/lab/dashboards.py", "dialup_ext/spawner/steps.js", "dialup_ext/dashboards/style.css",
            "share/jupyter/labextensions/@dialup/labextension/package.json",
            "share/dialup/site_templates/node/package.json", "share/dialup/voila_dashboards/overview.ipynb",
            "etc/jupyter/jupyter_server_config.d/dialup_ext.json"} <= names
    assert not [name for name in names if "node_modules" in name or "__pycache__" in name]


def test_the_package_knows_the_same_shared_files_as_its_build() -> None:
    source = (Path(__file__).parents[2] / "hatch_build.py").read_text()
    table = next(node.value for node in ast.parse(source).body if isinstance(node, ast.Assign)
                 and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "SHARED")
    assert ast.literal_eval(table) == SHARED


@pytest.mark.needs_root
def test_what_was_chosen_comes_with_the_reason_and_the_command_to_change_it(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    for driver in ("process", "docker"):
        assert "systemctl start docker" in what_to_know(Settings(tmp_path), driver)
    assert what_to_know(Settings(tmp_path, driver="process"), "process") == ""  # asked for


def test_the_setting_changes_over_for_good_and_nothing_else_does(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/x.sqlite")
    store.prepare()
    values = StoredValues(store)
    values.set("driver", "docker")
    bond = Bond(tmp_path, values)
    choose_driver(Settings(tmp_path, driver="process"), values, bond)
    assert values.get("driver") == "process"
    assert choose_driver(Settings(tmp_path), values, bond).name == "process"
    store.close()
