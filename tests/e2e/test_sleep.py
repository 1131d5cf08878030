"""Sites that sleep when nobody comes, and wake for the next visitor, who notices nothing but a moment's wait."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dialup_ext.testing.installation import Answer, Installation, Person, wait_until

ECHO = """\
const http = require('node:http')
if (process.env.BROKEN) process.exit(3)
http.createServer((asked, answer) => {
  const parts = []
  asked.on('data', part => parts.push(part))
  asked.on('end', () => answer.end(`${asked.method} ${Buffer.concat(parts).length}`))
}).on('upgrade', (asked, line) => {
  line.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n')
  line.pipe(line)
}).listen(process.env.PORT, process.env.HOST)
"""


@pytest.fixture(scope="module")
def sleepy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Sites here may be told to sleep after a second."""
    installation = Installation(tmp_path_factory.mktemp("sleepy") / "home", options={
        "drain_seconds": "2", "health_timeout": "8", "sleep_least": "1"})
    try:
        yield installation.start()
    finally:
        installation.stop()


@pytest.fixture
def person(sleepy: Installation, name: str) -> Person:
    return sleepy.account(f"p-{name}")


@pytest.fixture
def echo(tmp_path: Path) -> Path:
    (tmp_path / "package.json").write_text('{"scripts": {"start": "node server.js"}}')
    (tmp_path / "server.js").write_text(ECHO)
    return tmp_path


@pytest.fixture
def asleep(sleepy: Installation, person: Person, name: str, echo: Path) -> str:
    """A site's name; it sleeps."""
    person.deploy(name, echo)
    fall_asleep(person, name)
    return name


def fall_asleep(person: Person, name: str) -> None:
    assert person.call("PATCH", f"/sites/{name}", {"sleep_after": 1}).json["sleep_after"] == 1
    wait_until(lambda: status(person, name) == "sleeping", 60)


def status(person: Person, name: str) -> str:
    return str(person.call("GET", f"/sites/{name}").json["status"])


def test_who_comes_while_it_sleeps_wakes_it_and_is_answered(sleepy: Installation, person: Person, asleep: str) -> None:
    assert person.call("GET", f"/sites/{asleep}").json["memory_mb"] is None

    assert sleepy.get(asleep).text == "GET 0"
    assert status(person, asleep) == "active"


def test_a_crowd_wakes_it_once_and_nobody_is_refused_or_cut(sleepy: Installation, person: Person, asleep: str) -> None:
    body = b"x" * (2 << 20)
    person.call("PATCH", f"/sites/{asleep}", {"sleep_after": 600})  # not again while they come in

    def visit(number: int) -> Answer:
        if number % 3:
            return sleepy.get(asleep)
        return sleepy.request("POST", asleep, body=body)

    with ThreadPoolExecutor(60) as pool:
        answers = list(pool.map(visit, range(60)))

    assert {(answer.status, answer.text) for answer in answers if answer.status != 200} == set()
    assert {answer.text for answer in answers} == {"GET 0", f"POST {len(body)}"}
    assert len(person.call("GET", f"/sites/{asleep}/deployments").json["deployments"]) == 1


def test_an_open_line_keeps_it_awake(sleepy: Installation, person: Person, name: str, echo: Path) -> None:
    person.deploy(name, echo)
    with socket.create_connection(("127.0.0.1", sleepy.settings.port), timeout=30) as line:
        line.sendall(f"GET / HTTP/1.1\r\nHost: {sleepy.settings.site_host(name)}\r\nConnection: Upgrade\r\n"
                     "Upgrade: websocket\r\n\r\n".encode())
        assert line.recv(4096).startswith(b"HTTP/1.1 101")
        other = f"{name}-other"
        person.deploy(other, echo)
        person.call("PATCH", f"/sites/{name}", {"sleep_after": 1})
        fall_asleep(person, other)  # as long as that takes, this one had time as well

        assert status(person, name) == "active"
        line.sendall(b"hello")
        assert line.recv(4096) == b"hello"

    wait_until(lambda: status(person, name) == "sleeping", 60)


def test_asleep_it_can_be_woken_stopped_started_and_deployed(sleepy: Installation, person: Person, asleep: str,
                                                            echo: Path) -> None:
    assert person.call("POST", f"/sites/{asleep}/wake").json["status"] == "active"
    wait_until(lambda: status(person, asleep) == "sleeping", 60)

    assert person.call("POST", f"/sites/{asleep}/stop").json["status"] == "stopped"
    assert sleepy.get(asleep).status == 503
    person.call("POST", f"/sites/{asleep}/start")
    wait_until(lambda: status(person, asleep) == "active")
    wait_until(lambda: status(person, asleep) == "sleeping", 60)

    (echo / "server.js").write_text(ECHO.replace("${asked.method}", "new ${asked.method}"))
    assert person.deploy(asleep, echo)["status"] == "live"
    assert sleepy.get(asleep).text == "new GET 0"


def test_it_sleeps_on_when_the_hub_comes_back_and_wakes_then(sleepy: Installation, person: Person,
                                                            asleep: str) -> None:
    sleepy.kill()
    away = sleepy.get(asleep, accept="text/html")
    sleepy.start()

    assert (away.status, "Back in a moment" in away.text) == (503, True)
    assert status(person, asleep) == "sleeping"
    assert sleepy.get(asleep).text == "GET 0"


def test_never_again_wakes_it_for_good(person: Person, asleep: str) -> None:
    answer = person.call("PATCH", f"/sites/{asleep}", {"sleep_after": None}).json

    assert (answer["status"], answer["sleep_after"]) == ("active", None)


def test_what_makes_no_sense_is_refused(person: Person, name: str, static_site: Callable[[str], Path]) -> None:
    person.deploy(name, static_site("files"))

    for change, code in (({"sleep_after": 900}, "sleep_needs_instance"), ({"volume": True}, "volume_needs_instance"),
                         ({"sleep_after": 0}, "bad_input"), ({"colour": "red"}, "bad_input")):
        answer = person.call("PATCH", f"/sites/{name}", change)
        assert (answer.status, answer.json["code"]) == (400, code), change
        assert answer.json["hint"]


def test_a_site_that_cannot_wake_says_so(sleepy: Installation, person: Person, asleep: str) -> None:
    person.call("PUT", f"/sites/{asleep}/env/BROKEN", {"value": "yes", "secret": False})

    answer = sleepy.get(asleep, accept="text/html")

    assert answer.status == 503 and "cannot be shown right now" in answer.text
    assert person.call("GET", f"/sites/{asleep}").json["error_message"]
