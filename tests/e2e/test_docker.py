"""The same flow in containers: deploys, rollbacks, crashes, previews and labs, through hub and Caddy.

What fails stands in `test_broken.py`, who reaches whom in `test_walls.py`.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dialup_ext.testing.installation import Installation, Person, wait_until


@pytest.fixture
def ana(docked: Installation, name: str) -> Person:
    return docked.account(f"ana-{name}")


def containers(installation: Installation, **labels: str) -> list[dict]:
    mark = json.loads((installation.home / "data/installation").read_text())["id"]
    wanted = [f"--filter=label=dialup.{key}={value}" for key, value in {"installation": mark, **labels}.items()]
    done = subprocess.run(["docker", "ps", "--format", "{{json .}}", *wanted], capture_output=True, text=True,
                          check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_choice_is_shown(docked: Installation, ana: Person) -> None:
    assert "docker driver" in docked.printed()
    assert ana.call("GET", "/me").json["driver"] == "docker"


def test_a_static_site_needs_no_container(docked: Installation, ana: Person, name: str,
                                          static_site: Callable[[str], Path]) -> None:
    ana.deploy(name, static_site("first"))
    assert "first" in docked.get(name).text
    assert containers(docked, site=name) == []


def test_a_node_site_runs_in_a_container(docked: Installation, ana: Person, name: str,
                                         node_site: Callable[..., Path]) -> None:
    ana.deploy(name, node_site("from node"))
    assert docked.get(name).text == "from node"
    assert len(containers(docked, site=name)) == 1


def test_a_new_release_takes_over_and_the_old_one_is_stopped(docked: Installation, ana: Person, name: str,
                                                             node_site: Callable[..., Path]) -> None:
    ana.deploy(name, node_site("one"))
    ana.deploy(name, node_site("two"))
    assert docked.get(name).text == "two"
    wait_until(lambda: len(containers(docked, site=name)) == 1)
    assert ana.call("POST", f"/sites/{name}/rollback", {}).status == 202
    wait_until(lambda: docked.get(name).text == "one")


def test_dependencies_are_built_in_a_container_and_mounted(docked: Installation, ana: Person, name: str,
                                                           node_site: Callable[..., Path]) -> None:
    folder = node_site("", "import pad from 'left-pad';\nimport http from 'node:http';\n"
                           "http.createServer((q, a) => a.end(pad('x', 4))).listen(process.env.PORT);\n")
    (folder / "package.json").write_text('{"name":"t","type":"module","scripts":{"start":"node server.js"},'
                                         '"dependencies":{"left-pad":"1.3.0"}}')
    ana.deploy(name, folder)
    assert docked.get(name).text == "   x"


def test_a_container_somebody_removed_comes_back(docked: Installation, ana: Person, name: str,
                                                 node_site: Callable[..., Path]) -> None:
    ana.deploy(name, node_site("here"))
    before = containers(docked, site=name)[0]["ID"]
    subprocess.run(["docker", "rm", "-f", before], check=True, capture_output=True)
    wait_until(lambda: (found := containers(docked, site=name)) and found[0]["ID"] != before, 60)
    wait_until(lambda: docked.get(name).text == "here", 30)


def test_a_killed_hub_finds_its_containers_again(docked: Installation, ana: Person, name: str,
                                                 node_site: Callable[..., Path]) -> None:
    ana.deploy(name, node_site("still here"))
    before = containers(docked, site=name)[0]["ID"]
    docked.kill()
    assert docked.get(name).text == "still here"
    docked.start()
    ana.deploy(name, node_site("and on"))
    assert docked.get(name).text == "and on"
    wait_until(lambda: before not in [one["ID"] for one in containers(docked, site=name)])


@pytest.mark.parametrize("kind", ["static", "nodejs"])
def test_a_preview_runs_in_a_container(docked: Installation, ana: Person, name: str, kind: str,
                                       node_site: Callable[..., Path]) -> None:
    ana.call("POST", "/sites", {"name": name, "kind": kind})
    workspace = docked.home / "homes" / ana.name / name
    workspace.mkdir(parents=True)
    for path in (node_site("dev").iterdir() if kind == "nodejs" else ()):
        (workspace / path.name).write_bytes(path.read_bytes())
    (workspace / "index.html").write_text("<h1>hello</h1>")
    ana.call("POST", f"/sites/{name}/preview")
    wait_until(lambda: ana.call("GET", f"/sites/{name}/preview").json["state"] in ("running", "failed"), 90)
    shown = ana.call("GET", f"/sites/{name}/preview").json
    assert shown["state"] == "running", shown
    assert len(containers(docked, site=name, kind="preview")) == 1
    ana.call("DELETE", f"/sites/{name}/preview")
    wait_until(lambda: containers(docked, site=name, kind="preview") == [])


def test_a_lab_runs_in_a_container_and_reaches_its_hub(docked: Installation, ana: Person) -> None:
    ana.call("POST", "/lab")
    wait_until(lambda: ana.call("GET", "/lab").json["state"] in ("running", "failed"), 120)
    shown = ana.call("GET", "/lab").json
    assert shown["state"] == "running", shown
    lab = containers(docked, account=ana.name, kind="lab")[0]["ID"]
    ask = ("import os, http.client, socket\n"
           "c = http.client.HTTPConnection('hub'); s = socket.socket(socket.AF_UNIX)\n"
           "s.connect(os.environ['DIALUP_HUB_SOCKET']); c.sock = s\n"
           "c.request('GET', '/dialup/api/v1/me'); print(c.getresponse().read().decode())")
    done = subprocess.run(["docker", "exec", lab, "python", "-c", ask], capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["account"]["name"] == ana.name, done.stderr
    assert (docked.home / "homes" / ana.name).stat().st_uid >= 20000
