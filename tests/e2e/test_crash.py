"""`kill -9` of the hub: what serves goes on serving, what was acknowledged is still true, all is adopted."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from dialup_ext.ingress.caddy import Caddy
from dialup_ext.testing.installation import Installation, wait_until


def test_sites_go_on_without_the_hub_and_are_adopted_by_the_next(
        own_dialup: Installation, static_site: Callable[[str], Path], node_site: Callable[..., Path]) -> None:
    ana = own_dialup.account("ana")
    ana.deploy("flat", static_site("static"))
    ana.deploy("alive", node_site("x", server=(
        "import h from 'node:http';"
        "h.createServer((q, a) => a.end(String(process.pid))).listen(process.env.PORT)")))
    process = own_dialup.get("alive").text
    caddy = Caddy(own_dialup.settings).process_id()

    own_dialup.kill()

    assert "static" in own_dialup.get("flat").text
    assert own_dialup.get("alive").text == process
    assert own_dialup.get("admin", "/login").status >= 500  # the hub itself is away, and says so

    own_dialup.start()

    assert own_dialup.get("alive").text == process, "the same process, not a new one"
    assert Caddy(own_dialup.settings).process_id() == caddy
    assert [site["status"] for site in ana.call("GET", "/sites").json["sites"]] == ["active", "active"]


def test_an_instance_that_dies_is_started_again(own_dialup: Installation, node_site: Callable[..., Path]) -> None:
    ana = own_dialup.account("ana")
    ana.deploy("phoenix", node_site("x", server=(
        "import h from 'node:http';"
        "h.createServer((q, a) => a.end(String(process.pid))).listen(process.env.PORT)")))
    before = own_dialup.get("phoenix").text

    os.kill(int(before), signal.SIGKILL)

    wait_until(lambda: own_dialup.get("phoenix").status == 200 and own_dialup.get("phoenix").text != before, 40)


def test_ctrl_c_stops_all_of_it_and_the_next_start_brings_all_back(
        own_dialup: Installation, node_site: Callable[..., Path]) -> None:
    ana = own_dialup.account("ana")
    ana.deploy("back", node_site("here"))
    port = own_dialup.port

    own_dialup.stop()

    assert not Caddy(own_dialup.settings).running()
    assert not any(str(own_dialup.home) in command for command in _commands()), "nothing is left running"

    own_dialup.start()

    wait_until(lambda: own_dialup.get("back").text == "here")
    assert own_dialup.port == port


def test_a_second_hub_on_the_same_home_is_refused(own_dialup: Installation) -> None:
    second = Installation(own_dialup.home)
    second.output = second.output.with_suffix(".second")
    process = second.run("up", "--no-browser")

    assert process.wait(30) == 1
    assert "already runs" in second.printed()
    assert "Traceback" not in second.printed()


def test_a_database_that_does_not_know_this_home_removes_nothing(
        own_dialup: Installation, static_site: Callable[[str], Path]) -> None:
    ana = own_dialup.account("ana")
    ana.deploy("precious", static_site("keep me"))
    own_dialup.kill()
    for file in (own_dialup.home / "data").glob("database.sqlite*"):
        file.unlink()

    own_dialup.start()

    health = own_dialup.get("admin", "/health").json
    assert health["status"] == "degraded" and "does not know" in health["checks"]["database"]
    assert "keep me" in own_dialup.get("precious").text


def _commands() -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
            except OSError:
                continue
    return found
