"""Sites that do not work, with both drivers: the old release stays, the cause is named, nothing is left running.

All of them are deployed at once, as on a bad day: that takes as long as the slowest, and the good ones
beside them must not notice.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dialup_ext.client.deploy import DeployFailed
from dialup_ext.settings import Settings
from dialup_ext.testing.engine import engine, need_images
from dialup_ext.testing.installation import Installation, Person, free_port, wait_until
from dialup_ext.testing.invariants import violations

HTTP = "import http from 'node:http';\nimport net from 'node:net';\nimport fs from 'node:fs';\nimport os from 'node:os';\n"
LISTEN = ".listen(process.env.PORT, process.env.HOST);\n"
GOOD = HTTP + "http.createServer((q, a) => a.end('good'))" + LISTEN
TIMEOUT = 10
ELSEWHERE = free_port()
FILL = """
if (process.env.HOST === '0.0.0.0')  // in a container; the process driver has no limit to run into
  for (let n = 0; ; n++) fs.writeFileSync(`${os.tmpdir()}/${n}`, Buffer.alloc(1 << 20));
fs.writeFileSync('/dev/full', 'x');
"""


@dataclass(frozen=True)
class Broken:
    """A program, and what the failure card must say."""

    server: str
    code: str
    words: str


BROKEN = {
    "syntax-error": Broken("this is not JavaScript (", "exited", r"SyntaxError: .*server\.js:1"),
    "exit-1": Broken("console.error('no database');\nprocess.exit(1)", "exited", "ended with exit code 1 before it answered"),
    "hang": Broken(HTTP + "http.createServer(() => {})" + LISTEN, "no_answer",
                   "It listens on its port but does not answer “/”."),
    "out-of-memory": Broken("const hold = []; for (;;) hold.push(Buffer.alloc(1 << 20, 1));", "out_of_memory",
                            "more than the 256 MiB of memory it may have"),
    "heap": Broken("const hold = []; for (;;) hold.push(new Array(1e6).fill(0.5));", "out_of_memory",
                   "more than the 256 MiB of memory it may have"),
    "status-500": Broken(HTTP + "http.createServer((q, a) => { a.statusCode = 500; a.end('x') })" + LISTEN,
                         "unhealthy", "answers 500 on “/”"),
    "wrong-port": Broken(HTTP + f"http.createServer((q, a) => a.end('x')).listen({ELSEWHERE});", "wrong_port",
                         f"It listens on port {ELSEWHERE}, not on PORT."),
    "too-slow": Broken(HTTP + f"setTimeout(() => http.createServer((q, a) => a.end('x')){LISTEN.strip()[:-1]}, 60_000);",
                       "never_listened", f"did not answer within {TIMEOUT} seconds"),
    "redirect-loop": Broken(HTTP + "http.createServer((q, a) => { a.writeHead(302, { Location: q.url === '/' ? '/a' : '/' });"
                                   " a.end() })" + LISTEN, "redirect_loop", "redirects that never end"),
    "giant-headers": Broken(HTTP + "http.createServer((q, a) => { a.setHeader('X', 'x'.repeat(200_000)); a.end('x') })"
                            + LISTEN, "not_http", "not proper HTTP"),
    "closes-socket": Broken(HTTP + "net.createServer(s => s.once('data', () => s.destroy()))" + LISTEN,
                            "closes_connection", "closes them without an answer"),
    "fills-disk": Broken(HTTP + FILL, "no_space", "It filled its disk"),
    "never-listens": Broken("setInterval(() => {}, 1000);", "never_listened", "did not answer within"),
}
"""Twelve kinds and one twin: memory ends a program in two ways, from outside and by its own engine."""


@dataclass(frozen=True)
class Outcome:
    """What became of a broken deployment."""

    person: Person
    site: str
    failed: DeployFailed | None


@pytest.fixture(scope="module", params=["process", "docker"])
def shattered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """An installation on which every broken program was deployed over a good one."""
    with ExitStack() as stack:
        if request.param == "docker":
            stack.enter_context(engine())
            need_images("node")
        home = tmp_path_factory.mktemp("b") / "home"
        installation = Installation(home, options={"driver": request.param, "drain_seconds": "0.5",
                                                   "health_timeout": str(TIMEOUT)}).start()
        stack.callback(_away, installation)
        people = {name: installation.account(f"b-{name}") for name in (*BROKEN, "good")}
        folders = tmp_path_factory.mktemp("sites")

        def break_it(name: str) -> Outcome:
            site, person = f"broken-{name}", people[name]
            person.deploy(site, write(folders / name, GOOD))
            return deploy_badly(person, site, write(folders / name, BROKEN[name].server))

        with ThreadPoolExecutor(6) as pool:
            outcomes = dict(zip(BROKEN, pool.map(break_it, BROKEN), strict=True))
        yield {"installation": installation, "person": people["good"], "folder": folders, "outcomes": outcomes}


def _away(installation: Installation) -> None:
    installation.stop()
    if installation.options["driver"] == "docker":
        from dialup_ext.spawner.docker import DockerDriver

        mark = json.loads((installation.home / "data/installation").read_text())["id"]
        driver = DockerDriver(Settings(installation.home), mark)
        driver.remove_everything()
        driver.close()


def write(folder: Path, server: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "package.json").write_text('{"name":"t","type":"module","scripts":{"start":"node server.js"}}')
    (folder / "server.js").write_text(server)
    return folder


def deploy_badly(person: Person, site: str, folder: Path) -> Outcome:
    try:
        person.deploy(site, folder)
    except DeployFailed as failed:
        return Outcome(person, site, failed)
    return Outcome(person, site, None)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_program_leaves_the_old_release_live_and_names_its_cause(shattered: dict[str, Any], name: str) -> None:
    outcome: Outcome = shattered["outcomes"][name]
    failed = outcome.failed

    assert failed is not None, "it went live"
    assert (failed.code, bool(failed.hint)) == (BROKEN[name].code, True), failed.message
    assert re.search(BROKEN[name].words, failed.message), failed.message
    assert shattered["installation"].get(outcome.site).text == "good"
    assert outcome.person.call("GET", f"/sites/{outcome.site}").json["deployment"]["still_live"] == 1


def test_nothing_of_the_broken_ones_is_left(shattered: dict[str, Any]) -> None:
    installation = shattered["installation"]
    wait_until(lambda: violations(installation) == [], 60, lambda: "; ".join(violations(installation)))


def test_a_slow_start_within_the_limit_is_no_failure(shattered: dict[str, Any]) -> None:
    slow = HTTP + f"setTimeout(() => http.createServer((q, a) => a.end('slow')){LISTEN.strip()[:-1]}, 3000);"
    shattered["person"].deploy("slow-start", write(shattered["folder"] / "slow", slow))
    assert shattered["installation"].get("slow-start").text == "slow"


@pytest.mark.parametrize("moves", ["q.url === '/' && a.writeHead(302, { Location: '/home' })",
                                   "q.headers.cookie || a.writeHead(302, { Location: '/', 'Set-Cookie': 'seen=1' })"],
                         ids=["elsewhere", "by-cookie"])
def test_a_redirect_that_ends_is_no_loop(shattered: dict[str, Any], moves: str) -> None:
    fine = HTTP + f"http.createServer((q, a) => {{ {moves}; a.end('moved') }})" + LISTEN
    shattered["person"].deploy("redirects", write(shattered["folder"] / "moves", fine))
    assert shattered["installation"].get("redirects").status == 302


def test_a_page_without_end_holds_nobody_up(shattered: dict[str, Any]) -> None:
    endless = HTTP + ("http.createServer((q, a) => { const more = () => a.write(Buffer.alloc(1 << 16)) ? "
                      "setImmediate(more) : a.once('drain', more); more() })") + LISTEN
    shattered["person"].deploy("endless", write(shattered["folder"] / "endless", endless))
    connection = http.client.HTTPConnection("127.0.0.1", shattered["installation"].port, timeout=30)
    connection.request("GET", "/", headers={"Host": f"endless.dialup.localhost:{shattered['installation'].port}"})
    assert len(connection.getresponse().read(1 << 20)) == 1 << 20
    connection.close()


def test_a_program_that_ends_after_it_went_live_comes_back(shattered: dict[str, Any]) -> None:
    once = HTTP + ("setTimeout(() => process.exit(1), 5000);\n"
                   "http.createServer((q, a) => a.end(String(performance.timeOrigin)))") + LISTEN
    shattered["person"].deploy("five-seconds", write(shattered["folder"] / "five", once))
    get: Callable[[], Any] = lambda: shattered["installation"].get("five-seconds")  # noqa: E731
    first = get().text
    wait_until(lambda: get().status == 200 and get().text != first, 60)
    shattered["person"].call("DELETE", "/sites/five-seconds")
