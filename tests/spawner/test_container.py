"""The request a container is made from: every flag, word for word."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from dialup_ext.build.command import build_spec
from dialup_ext.build.layer import layer_spec
from dialup_ext.build.plan import BuildPlan
from dialup_ext.domain import python_app
from dialup_ext.domain.instance import InstanceSpec, InstanceState, Runtime
from dialup_ext.domain.site import Kind
from dialup_ext.settings import Settings
from dialup_ext.spawner import container, nginx_specs, python_specs, specs
from dialup_ext.spawner.container import Place, container_for, instance_of

HOME = Path("/srv/dialup")
SETTINGS = Settings(HOME, domain="example.org")
SPAWNER = Path(container.__file__).parent
GOLDEN = Path(__file__).parents[1] / "golden" / "docker"
PLACE = Place("0123456789abcdef", "dialup/node:local", 20007, "dialup-01234567-ana-sites", "10.210.0.2", "/dialup")
KINDS = ("site", "site_variables", "site_data", "static_dev", "nodejs_dev", "lab", "build",
         "next", "python", "notebook", "python_dev", "notebook_dev", "site_build", "static")


def made(name: str) -> InstanceSpec:
    home = HOME / "homes/ana"
    return {
        "site": lambda: specs.site_spec("blog", "ana", "d1", HOME / "app", SETTINGS, {"GREETING": "hello"}),
        "site_variables": lambda: replace(specs.site_spec("blog", "ana", "d1", HOME / "app", SETTINGS, {}),
                                          variables=Path("/run/dialup-0/site-blog-d1")),
        "site_data": lambda: replace(specs.site_spec("blog", "ana", "d1", HOME / "app", SETTINGS, {}),
                                     data=SETTINGS.volume("ana", "s1")),
        "next": lambda: specs.site_spec("blog", "ana", "d1", HOME / "app", SETTINGS, {}, kind=Kind.NEXT,
                                        start=("node", "server.js")),
        "python": lambda: python_specs.python_spec("blog", "ana", "d1", HOME / "app", ("uvicorn", "main:app"), SETTINGS, {}),
        "notebook": lambda: python_specs.notebook_spec("blog", "ana", "d1", HOME / "app", ("index.ipynb",), SETTINGS, {}),
        "python_dev": lambda: python_specs.python_dev_spec("blog", "ana", "preview-blog-1", home / "blog", SETTINGS),
        "notebook_dev": lambda: python_specs.notebook_dev_spec("blog", "ana", "preview-blog-1", home / "blog", SETTINGS),
        "site_build": lambda: build_spec((("npm", "run", "build"),), HOME / "staging", HOME / "layer/node_modules",
                                         account="ana", deployment_id="d1", site="blog", settings=SETTINGS, environment={}),
        "static": lambda: nginx_specs.nginx_spec("blog", "ana", "d1", HOME / "public", SETTINGS),
        "static_dev": lambda: specs.static_dev_spec("blog", "ana", "preview-blog-1", home / "blog", SETTINGS),
        "nodejs_dev": lambda: specs.nodejs_dev_spec("blog", "ana", "preview-blog-1", home / "blog", SETTINGS),
        "lab": lambda: specs.lab_spec("ana", "lab-ana-1", home, SETTINGS, "s3cret", HOME / "run/labs/ana/hub.sock"),
        "build": lambda: layer_spec(BuildPlan(True, "package-lock.json", "k"), HOME / "staging", account="ana",
                                    account_id="a1", deployment_id="d1", settings=SETTINGS, environment={}),
    }[name]()


def shown(request: object) -> str:
    text = json.dumps(request, indent=2, ensure_ascii=False)
    for script in ("install.js", "develop.js", "steps.js", "install.py", "develop.py", "develop_serve.py", "steps.py",
                   python_app.__file__):
        source = (SPAWNER / script).read_text()
        inner = json.dumps(source)
        name = Path(script).name
        text = text.replace(json.dumps(source, ensure_ascii=False), json.dumps(f"<{name}>"))
        text = text.replace(json.dumps(inner, ensure_ascii=False)[1:-1], f"<{name}>")
    text = text.replace(json.dumps(nginx_specs.configuration().replace("{port}", "8080")), json.dumps("<nginx.conf>"))
    return text + "\n"


@pytest.mark.parametrize("name", KINDS)
def test_the_request_is_the_golden_one(name: str) -> None:
    path = GOLDEN / f"{name}.json"
    if os.environ.get("DIALUP_REWRITE_GOLDEN"):
        path.write_text(shown(container_for(made(name), PLACE)))
    assert shown(container_for(made(name), PLACE)) == path.read_text()


@pytest.mark.parametrize("name", KINDS)
def test_no_request_opens_a_wall(name: str) -> None:
    request = container_for(made(name), PLACE)
    host = request["HostConfig"]

    assert not {"Binds", "CapAdd", "Devices", "PidMode", "UTSMode", "UsernsMode", "PortBindings", "Sysctls",
                "MaskedPaths", "ReadonlyPaths", "VolumesFrom", "ExtraHosts", "Links"} & host.keys()
    assert (host["Privileged"], host["ReadonlyRootfs"], host["CapDrop"]) == (False, True, ["ALL"])
    assert host["MemorySwap"] == host["Memory"] == made(name).memory_mb << 20
    assert request["User"] == "20007:20007"
    assert not [mount for mount in host["Mounts"] if mount["Source"].endswith("docker.sock")]


def test_only_what_the_specification_makes_writable_is() -> None:
    mounts = container_for(made("lab"), PLACE)["HostConfig"]["Mounts"]

    assert {mount["Source"]: mount["ReadOnly"] for mount in mounts} == {
        str(mount.path): not mount.writable for mount in made("lab").mounts}
    assert all(mount["Source"] == mount["Target"] for mount in mounts)


@pytest.mark.parametrize("name", KINDS)
def test_the_engine_itself_enters_no_folder_an_account_could_have_made_a_link(name: str) -> None:
    assert container_for(made(name), PLACE)["WorkingDir"] in {str(mount.path) for mount in made(name).mounts}


def test_the_port_is_put_into_every_step() -> None:
    spec = replace(made("site"), runtime=Runtime.LAB, steps=(("a", "{port}"), ("b", "--port={port}")))

    assert json.loads(container_for(spec, PLACE)["Cmd"][-1]) == [["a", "8080"], ["b", "--port=8080"]]


def found(code: int, *, oom: bool = False, lived: str = "02", deadline: str | None = None) -> dict[str, object]:
    marks = container.labels(made("site"), PLACE) | ({} if deadline is None else {container.DEADLINE: deadline})
    return {"Config": {"Labels": marks}, "HostConfig": {"Memory": 256 << 20}, "State": {
        "Running": False, "Restarting": False, "ExitCode": code, "OOMKilled": oom,
        "StartedAt": "2026-01-01T00:00:00.5Z", "FinishedAt": f"2026-01-01T00:00:{lived}.600000001Z"}}


@pytest.mark.parametrize(("state", "reason"), [
    (found(0), ""), (found(1), ""), (found(137), ""), (found(137, oom=True), "memory"), (found(0, oom=True), ""),
    (found(137, deadline="2"), "deadline"), (found(137, deadline="3"), ""), (found(1, deadline="2"), "")])
def test_why_it_is_over_is_read_from_the_engines_record(state: dict[str, object], reason: str) -> None:
    over = instance_of(state)

    assert (over.state, over.reason) == (InstanceState.EXITED, reason)
    assert over.address == "10.210.0.2:8080"
    assert over.started_at.isoformat() == "2026-01-01T00:00:00.500000+00:00"
