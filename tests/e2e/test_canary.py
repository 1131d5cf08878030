"""A full run with secrets and variables, then a search: nowhere but in the program they are for."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dialup_ext.handlers.api import ROUTES
from dialup_ext.handlers.api.openapi import template
from dialup_ext.testing.installation import Installation, Person, wait_until

SECRET, PLAIN = "c4nary-sings-alone", "c4nary-hums-along"
BOTH = (SECRET, PLAIN)
TELLS = ("import http from 'node:http'; import { createHash } from 'node:crypto';\n"
         "const e = process.env;\n"
         "http.createServer((q, a) => a.end(createHash('sha256').update(e.TOKEN + e.GREETING).digest('hex')))"
         ".listen(e.PORT);\n")


@pytest.fixture(params=["process", "docker"])
def hub(request: pytest.FixtureRequest) -> Installation:
    found: Installation = request.getfixturevalue("docked" if request.param == "docker" else "dialup")
    return found


@pytest.fixture
def eva(hub: Installation, name: str) -> Person:
    return hub.account(f"eva-{name}")


@pytest.fixture
def printing_build(tmp_path: Path) -> Path:
    """A Vite project whose build prints all it was told."""
    folder = tmp_path / "vite"
    folder.mkdir()
    (folder / "package.json").write_text(json.dumps({
        "name": "app", "version": "1.0.0", "private": True, "type": "module",
        "scripts": {"build": "env && vite build"}, "devDependencies": {"vite": "^8.3.8"}}))
    (folder / "vite.config.js").write_text("console.log(JSON.stringify(process.env)); export default {};\n")
    (folder / "index.html").write_text("<!doctype html><title>t</title><h1>made</h1>")
    return folder


def seeded(person: Person, site: str) -> None:
    assert person.call("POST", "/sites", {"name": site}).status == 201
    for variable, value, secret in (("TOKEN", SECRET, True), ("GREETING", PLAIN, False)):
        assert person.call("PUT", f"/sites/{site}/env/{variable}", {"value": value, "secret": secret}).status == 200


def holding(files: list[Path], *values: str) -> list[Path]:
    return [path for path in files if (content := read(path)) and any(value.encode() in content for value in values)]


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # a process that ended meanwhile, a socket
        return b""


def of_processes(what: str) -> list[Path]:
    return [path for path in Path("/proc").glob(f"[0-9]*/{what}") if path.parent.name != str(os.getpid())]


def test_no_value_is_anywhere_but_in_its_program(hub: Installation, eva: Person, name: str, printing_build: Path,
                                                 node_site: Callable[..., Path]) -> None:
    from hashlib import sha256

    site = name
    seeded(eva, site)
    made = eva.deploy(site, node_site("", TELLS))
    if hub.options["driver"] == "process":  # installing Vite in a container takes a minute, to the same end
        seeded(eva, f"{name}b")
        made = eva.deploy(f"{name}b", printing_build)
        log = eva.call("GET", f"/deployments/{made['id']}/log").json["lines"]
        assert any("PATH=" in line for line in log), "the build did print what it was told"
    eva.call("POST", f"/sites/{site}/restart")
    wait_until(lambda: eva.call("GET", f"/sites/{site}").json["deployment"]["status"] == "live")
    assert hub.get(site).text == sha256((SECRET + PLAIN).encode()).hexdigest(), "the program knows them"

    # Not the disks and packages of accounts: gigabytes, which nothing of ours writes values to.
    ours = [path for place in hub.home.iterdir() if place.name not in ("disks", "store", "layers", "sites", "homes")
            for path in (place, *place.rglob("*")) if path.is_file()]
    assert {"database.sqlite", "secrets.key", "access-portal.log"} <= {path.name for path in ours}
    assert holding(ours, *BOTH) == [], "database, logs, journal"
    assert holding(of_processes("cmdline"), *BOTH) == [], "lists of processes"
    assert holding([Path(f"/proc/{hub.process.pid}/environ")] if hub.process else [], *BOTH) == []
    assert not [value for value in BOTH if value in hub.printed()]
    if hub.options["driver"] == "docker":
        for words in (["docker", "ps", "-aq", "--no-trunc"], ["docker", "image", "ls", "-q"]):
            found = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
            shown = subprocess.run(["docker", "inspect", *set(found)], capture_output=True, text=True, check=False).stdout
            assert len(shown) > 1000
            assert not [value for value in BOTH if value in shown]
    assert spoken(hub, eva, site, made["id"]) == []


def spoken(hub: Installation, eva: Person, site: str, deployment: str) -> list[str]:
    """The GET routes whose answer says a secret, or a plain value anywhere but where it is asked for."""
    found = []
    for path in sorted(template(pattern) for pattern, handler in ROUTES if "GET" in handler.contract):
        if path.endswith("/events") or path == "/events":
            continue  # streams of the same views
        answer = eva.call("GET", path.format(site=site, deployment=deployment, name=site, digest="a" * 64,
                                             check="memory"))
        values = (SECRET,) if path == "/sites/{site}/env" else BOTH
        found += [path for value in values if value in answer.text]
    account = hub.identity.account(eva.name)
    reader = Person(hub, eva.name, eva.id, hub.identity.create_key(account, "r", ["sites:read"])[1])
    found += [value for value in BOTH if value in reader.call("GET", f"/sites/{site}/env").text]
    return found
