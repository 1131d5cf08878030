"""Accounts with disks of their own, in a whole installation: full for one is full for one, and nothing gets lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dialup_ext.domain.account import Quota
from dialup_ext.errors import NoSpace, TooMany
from dialup_ext.testing.drivers import installed
from dialup_ext.testing.installation import Installation, Person, wait_until

SMALL = Quota(max_sites=5, max_memory_mb=1024, max_cpu_cores=2.0, max_storage_mb=32)


@pytest.fixture
def walled(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path / "home", options={"storage_walls": "on", "drain_seconds": "0.2"})
    yield installation.start()
    if installation.process is None:
        installation.start()
    installation.stop()
    assert mounts(installation) == []


def mounts(installation: Installation) -> list[str]:
    return [line for line in Path("/proc/self/mounts").read_text().splitlines() if str(installation.home) in line]


def fill(person: Person) -> None:
    """As a program of theirs would, until the kernel says no."""
    home = person.installation.home / "homes" / person.name
    with pytest.raises(OSError, match="No space left"), (home / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(os.urandom(1 << 20))


def test_a_full_account_is_refused_and_nobody_else_and_its_site_goes_on(
        walled: Installation, static_site: Callable[[str], Path]) -> None:
    ana, bob = walled.account("ana", quota=SMALL), walled.account("bob", quota=SMALL)
    ana.deploy("hers", static_site("hers, one"))
    fill(ana)

    folder = static_site("hers, two")
    (folder / "picture.bin").write_bytes(os.urandom(1 << 20))
    with pytest.raises((TooMany, NoSpace)) as refusal:
        ana.deploy("hers", folder)

    assert refusal.value.code in ("storage_full", "no_space") and refusal.value.hint
    assert "hers, one" in walled.get("hers").text
    bob.deploy("his", folder)
    assert "hers, two" in walled.get("his").text
    assert walled.get("admin", "/health").json["checks"]["database"] == "ok"
    (walled.home / "homes" / "ana" / "filler").unlink()
    ana.deploy("hers", folder)
    assert "hers, two" in walled.get("hers").text


def test_sites_and_files_are_there_after_the_hub_was_killed_and_after_everything_was_off(
        walled: Installation, node_site: Callable[..., Path], static_site: Callable[[str], Path]) -> None:
    ana = walled.account("ana", quota=SMALL)
    ana.deploy("page", static_site("a page"))
    ana.deploy("program", node_site("a program"))
    (walled.home / "homes" / "ana" / "draft.txt").write_text("not deployed yet")

    walled.kill()
    walled.start()
    assert (walled.get("program").text, "a page" in walled.get("page").text) == ("a program", True)
    walled.stop()
    assert mounts(walled) == []  # as after the machine was off
    walled.start()

    ana.deploy("page", static_site("page two"))
    wait_until(lambda: walled.get("program").text == "a program", 60)
    assert "page two" in walled.get("page").text
    assert (walled.home / "homes" / "ana" / "draft.txt").read_text() == "not deployed yet"


def test_what_was_there_before_is_moved_when_the_walls_are_switched_on(
        tmp_path: Path, static_site: Callable[[str], Path], node_site: Callable[..., Path]) -> None:
    installation = Installation(tmp_path / "home", options={"storage_walls": "off"})
    try:
        ana = installation.start().account("ana", quota=SMALL)
        ana.deploy("page", static_site("from before"))
        ana.deploy("program", node_site("a program"))
        installation.kill()  # its programs go on
        installation.options["storage_walls"] = "on"
        installation.start()

        assert (installation.home / "store" / ana.id).is_symlink()
        assert "from before" in installation.get("page").text
        ana.deploy("page", static_site("moved"))
        assert "moved" in installation.get("page").text
        wait_until(lambda: installation.get("program").text == "a program", 60)  # it was stopped while its files moved
    finally:
        installation.stop()
    assert mounts(installation) == []


FILLER = """
import fs from 'node:fs';
import http from 'node:http';
http.createServer((q, a) => a.end('up')).listen(process.env.PORT, process.env.HOST);
const file = fs.openSync('filler', 'w');
try { for (;;) fs.writeSync(file, Buffer.alloc(1 << 20, 'x')); } catch (error) {
  fs.ftruncateSync(file, fs.fstatSync(file).size - (4 << 20));
  fs.writeFileSync('said', `${error.code} ${fs.statSync('filler').size >> 20}`);
}
"""


def test_a_container_that_fills_its_home_fills_only_its_accounts_disk(tmp_path: Path) -> None:
    with installed("docker", tmp_path / "home", "node", health_timeout="60") as installation:
        ana, bob = installation.account("ana", quota=SMALL), installation.account("bob", quota=SMALL)
        homes = installation.home / "homes"
        wait_until(lambda: all((homes / name).is_symlink() for name in ("ana", "bob")))  # new installations have it
        assert ana.call("POST", "/sites", {"name": "greedy", "kind": "nodejs"}).status == 201
        (homes / "ana" / "greedy").mkdir()
        (homes / "ana" / "greedy" / "package.json").write_text('{"type":"module","scripts":{"dev":"node server.js"}}')
        (homes / "ana" / "greedy" / "server.js").write_text(FILLER)

        assert ana.call("POST", "/sites/greedy/preview").status < 300
        said = homes / "ana" / "greedy" / "said"
        wait_until(said.exists, 120, lambda: ana.call("GET", "/sites/greedy/preview").text)
        wait_until(lambda: said.read_text().count(" "))

        code, size = said.read_text().split()
        assert code == "ENOSPC" and int(size) < 64, said.read_text()
        (homes / "bob" / "letter").write_bytes(bytes(16 << 20))
        assert bob.call("POST", "/sites", {"name": "modest"}).status == 201
    assert mounts(installation) == []
