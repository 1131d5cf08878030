"""Starting, adopting, keeping alive and stopping the one Caddy of a home."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from dialup_ext.errors import BadInput, Conflict, DialupError, Unavailable
from dialup_ext.ingress.caddy import Caddy
from dialup_ext.ingress.process import RememberedProcess


def fake_caddy(path: Path, version: str) -> Path:
    path.write_text(f'#!/bin/sh\necho "{version}"\n')
    path.chmod(0o755)
    return path


def wait_until_gone(pid: int) -> None:
    for _ in range(500):
        if RememberedProcess.of(pid) is None:
            return
        threading.Event().wait(0.01)
    pytest.fail(f"process {pid} is still there")


def wait_until_closed(world: Any) -> None:
    for _ in range(500):
        try:
            world.connect().close()
        except ConnectionRefusedError:
            return
        threading.Event().wait(0.01)
    pytest.fail("it still takes new visitors")


def test_when_start_returns_it_answers(own_world: Any) -> None:
    own_world.caddy.start()

    assert own_world.caddy.running()
    assert own_world.ask("nobody.dialup.localhost").status == 404


def test_starting_twice_keeps_the_one_that_runs(own_world: Any) -> None:
    own_world.caddy.start()
    first = own_world.caddy.process_id()

    own_world.caddy.start()
    Caddy(own_world.settings).start()

    assert own_world.caddy.process_id() == first


def test_many_starts_at_once_make_one_caddy(own_world: Any) -> None:
    errors: list[DialupError] = []

    def start() -> None:
        try:
            Caddy(own_world.settings).start()
        except DialupError as error:
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert errors == []
    assert own_world.ask("nobody.dialup.localhost").status == 404


def test_it_lives_in_a_session_of_its_own_and_inside_the_home(own_world: Any) -> None:
    own_world.caddy.start()
    pid = own_world.caddy.process_id()

    environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    home = str(own_world.settings.home / "ingress" / "caddy").encode()

    assert os.getsid(pid) == os.getpgid(pid) == pid != os.getsid(0)
    assert {b"HOME=" + home, b"XDG_DATA_HOME=" + home, b"XDG_CONFIG_HOME=" + home,
            b"GOGC=400"} <= set(environment)


def test_it_outlives_a_hub_that_is_killed_and_is_adopted(own_world: Any) -> None:
    own_world.publish("lasting", own_world.folder("lasting", index_html="still here"))
    hub = subprocess.Popen([sys.executable, "-c", HUB, str(own_world.settings.home),
                            str(own_world.settings.port)], stdout=subprocess.PIPE)
    assert hub.stdout is not None
    pid = int(hub.stdout.readline())
    hub.kill()
    hub.wait(20)
    hub.stdout.close()

    assert own_world.ask("lasting.dialup.localhost").text == "still here"
    own_world.caddy.start()
    assert own_world.caddy.process_id() == pid
    own_world.caddy.stop()
    assert not own_world.caddy.running()


HUB = """
import sys, time
from pathlib import Path
from dialup_ext.ingress.caddy import Caddy
from dialup_ext.settings import Settings
caddy = Caddy(Settings(Path(sys.argv[1]), port=int(sys.argv[2])))
caddy.start()
print(caddy.process_id(), flush=True)
time.sleep(600)
"""


def test_an_adopted_caddy_gets_the_configuration_of_today(own_world: Any) -> None:
    own_world.caddy.start()
    first = own_world.caddy.process_id()
    today = own_world.settings.with_values(domain="friends.localhost")

    Caddy(today).start()
    own_world.settle("nobody.friends.localhost")

    assert own_world.caddy.process_id() == first
    assert own_world.ask("nobody.friends.localhost").status == 404
    assert own_world.raw(b"GET / HTTP/1.1\r\nHost: nobody.dialup.localhost\r\n\r\n") == b""


def test_one_that_died_is_started_again(own_world: Any) -> None:
    own_world.caddy.start()
    assert own_world.caddy.ensure() is False
    pid = own_world.caddy.process_id()
    os.kill(pid, signal.SIGKILL)
    wait_until_gone(pid)

    assert own_world.caddy.ensure() is True

    assert own_world.caddy.process_id() != pid
    assert own_world.ask("nobody.dialup.localhost").status == 404


def test_stopping_twice_and_stopping_what_never_ran_are_fine(own_world: Any) -> None:
    own_world.caddy.stop()
    own_world.caddy.start()
    pid = own_world.caddy.process_id()

    own_world.caddy.stop()
    own_world.caddy.stop()

    assert not own_world.caddy.running()
    assert own_world.caddy.process_id() is None
    wait_until_gone(pid)


def test_stopping_never_touches_a_process_that_only_has_the_same_number(own_world: Any) -> None:
    own_world.caddy.start()
    own_world.caddy.stop()
    innocent = subprocess.Popen(["sleep", "600"])
    try:
        RememberedProcess(innocent.pid, started=1).write(own_world.settings.home / "ingress" / "caddy.pid")

        own_world.caddy.stop()

        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait(20)


def test_a_request_under_way_is_answered_before_it_stops(own_world: Any) -> None:
    own_world.caddy.start()
    app, asked, go_on = own_world.server("slow"), threading.Event(), threading.Event()

    def slow(_: Any) -> tuple[int, list[tuple[str, str]], bytes]:
        asked.set()
        go_on.wait(20)
        return 200, [], b"finished"

    app.routes["/"] = slow
    host = own_world.publish("slow", None, app.address)
    answers: list[str] = []
    visitor = threading.Thread(target=lambda: answers.append(own_world.ask(host).text))
    visitor.start()
    asked.wait(20)
    stopping = threading.Thread(target=own_world.caddy.stop, args=(20.0,))
    stopping.start()
    wait_until_closed(own_world)
    go_on.set()
    visitor.join(20)
    stopping.join(20)

    assert answers == ["finished"]


def test_a_taken_port_is_named_with_its_holder(own_world: Any) -> None:
    with (socket.create_server(("127.0.0.1", own_world.settings.port)),
          pytest.raises(Conflict) as refusal):
        own_world.caddy.start()

    assert refusal.value.code == "port_taken"
    assert str(own_world.settings.port) in refusal.value.message
    assert f"process {os.getpid()}" in refusal.value.message
    assert f"PORT={own_world.settings.port + 1}" in refusal.value.hint
    assert not own_world.caddy.running()


def test_an_address_this_machine_does_not_have_is_named(make_world: Any) -> None:
    with pytest.raises(BadInput) as refusal:
        make_world("elsewhere", bind="203.0.113.7").caddy.start()

    assert refusal.value.code == "bad_bind" and "203.0.113.7" in refusal.value.message


def test_two_homes_never_share_a_port(own_world: Any, make_world: Any) -> None:
    """Caddy itself would let them: it opens its port for sharing, and visitors would get either."""
    own_world.caddy.start()
    other = make_world("other", port=own_world.settings.port)

    with pytest.raises(Conflict) as refusal:
        other.caddy.start()

    assert "caddy" in refusal.value.message
    assert own_world.ask("nobody.dialup.localhost").status == 404


def test_a_running_caddy_is_not_moved_to_a_port_that_is_taken(own_world: Any, make_world: Any) -> None:
    other = make_world("other")
    other.caddy.start()
    own_world.caddy.start()

    with pytest.raises(Conflict):
        Caddy(own_world.settings.with_values(port=other.settings.port)).start()

    assert own_world.ask("nobody.dialup.localhost").status == 404
    own_world.caddy.start()


def test_a_running_caddy_moves_to_another_port(own_world: Any, make_world: Any) -> None:
    own_world.caddy.start()
    pid = own_world.caddy.process_id()
    moved = make_world("unused").settings.port

    Caddy(own_world.settings.with_values(port=moved)).start()
    own_world.settings = own_world.settings.with_values(port=moved)
    own_world.settle("nobody.dialup.localhost")

    assert own_world.ask("nobody.dialup.localhost").status == 404
    assert own_world.caddy.process_id() == pid


@pytest.mark.parametrize("version", ["2.6.2", "v2.11.6 h1:abc", "v2.10.99"])
def test_an_old_caddy_is_refused(own_world: Any, tmp_path: Path, version: str) -> None:
    caddy = Caddy(own_world.settings, fake_caddy(tmp_path / "caddy", version))

    with pytest.raises(Unavailable) as refusal:
        caddy.start()

    assert refusal.value.code == "caddy_too_old"
    assert "2.11.7" in refusal.value.message and "pip install" in refusal.value.hint
    assert not caddy.running()


def test_a_missing_caddy_is_explained(own_world: Any, tmp_path: Path) -> None:
    for program in (tmp_path / "nowhere", fake_caddy(tmp_path / "silent", "what?")):
        with pytest.raises(Unavailable) as refusal:
            Caddy(own_world.settings, program).start()

        assert refusal.value.code == "caddy_missing"
        assert refusal.value.hint


def test_a_caddy_that_cannot_start_says_why(own_world: Any, tmp_path: Path) -> None:
    broken = tmp_path / "caddy"
    broken.write_text('#!/bin/sh\n[ "$1" = version ] && echo v2.11.7 && exit\necho "no luck today" >&2\nexit 1\n')
    broken.chmod(0o755)

    with pytest.raises(Unavailable) as refusal:
        Caddy(own_world.settings, broken).start()

    assert refusal.value.code == "caddy_failed"
    assert "no luck today" in refusal.value.message


def test_the_admin_socket_is_not_open_to_others(own_world: Any) -> None:
    own_world.caddy.start()

    mode = (own_world.settings.run / "caddy.sock").stat().st_mode

    assert mode & 0o777 == 0o200


def test_of_many_who_notice_that_it_died_one_starts_it(own_world: Any) -> None:
    caddy = own_world.caddy
    caddy.start()
    process = caddy.process_id()
    os.kill(process, signal.SIGKILL)
    wait_until_gone(process)
    problems: list[Exception] = []

    def ensure() -> None:
        try:
            caddy.ensure()
        except Exception as error:  # noqa: BLE001 - collected for the assertion
            problems.append(error)

    threads = [threading.Thread(target=ensure) for _ in range(7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []
    assert caddy.running() and caddy.process_id() != process
