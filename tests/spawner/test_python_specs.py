"""What Python and notebook sites, their previews and their builds start from: walled in as everything else is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dialup_ext.build.python_detect import serve_command
from dialup_ext.build.python_layer import python_layer_spec
from dialup_ext.build.python_plan import PythonPlan
from dialup_ext.build.python_requirements import Requirements
from dialup_ext.domain.instance import InstanceSpec, Runtime
from dialup_ext.domain.python_app import App
from dialup_ext.settings import Settings
from dialup_ext.spawner import container
from dialup_ext.spawner.container import Place, container_for
from dialup_ext.spawner.python_specs import (
    notebook_dev_spec,
    notebook_spec,
    python_dev_spec,
    python_spec,
    visitors,
)

HOME = Path("/srv/dialup")
SETTINGS = Settings(HOME, domain="example.org", pypi_index="https://pypi.example.org/simple")
GOLDEN = Path(__file__).parents[1] / "golden" / "docker"
PLACE = Place("0123456789abcdef", "dialup/python:local", 20007, "dialup-01234567-ana-sites", "10.210.0.2", "/dialup")
KINDS = ("python", "notebook", "python_dev", "notebook_dev", "python_build")
START = serve_command(App("main:app", "asgi", ""))
NOTEBOOK = ("python", "-P", "-m", "dialup_ext.handlers.notebook_site", "--notebook", "index.ipynb")
PLAN = PythonPlan(Requirements(("six==1 --hash=sha256:00",), ("six<2",), "requirements.txt"), ("uvicorn",), False, "k")


def made(name: str) -> InstanceSpec:
    workspace = HOME / "homes/ana/blog"
    return {
        "python": lambda: python_spec("blog", "ana", "d1", HOME / "app", START, SETTINGS, {"GREETING": "hello"}),
        "notebook": lambda: notebook_spec("blog", "ana", "d1", HOME / "app", NOTEBOOK, SETTINGS, {}),
        "python_dev": lambda: python_dev_spec("blog", "ana", "preview-blog-1", workspace, SETTINGS),
        "notebook_dev": lambda: notebook_dev_spec("blog", "ana", "preview-blog-1", workspace, SETTINGS),
        "python_build": lambda: python_layer_spec(PLAN, HOME / "staging", Runtime.PYTHON, account="ana", account_id="a1",
                                                  deployment_id="d1", settings=SETTINGS, environment={}),
    }[name]()


def shown(request: object) -> str:
    """Our own program by its name."""
    text = json.dumps(request, indent=2, ensure_ascii=False)
    runner = Path(container.__file__).with_name("steps.py").read_text()
    return text.replace(json.dumps(runner, ensure_ascii=False), json.dumps("<steps.py>")) + "\n"


def test_the_request_of_a_build_is_the_golden_one() -> None:
    path = GOLDEN / "python_build.json"
    if os.environ.get("DIALUP_REWRITE_GOLDEN"):
        path.write_text(shown(container_for(made("python_build"), PLACE)))
    assert shown(container_for(made("python_build"), PLACE)) == path.read_text()


@pytest.mark.parametrize("name", KINDS)
def test_no_request_opens_a_wall(name: str) -> None:
    request = container_for(made(name), PLACE)
    host = request["HostConfig"]
    assert not {"Binds", "CapAdd", "Devices", "PidMode", "PortBindings", "VolumesFrom", "ExtraHosts"} & host.keys()
    assert (host["Privileged"], host["ReadonlyRootfs"], host["CapDrop"]) == (False, True, ["ALL"])
    assert request["WorkingDir"] in {str(mount.path) for mount in made(name).mounts}
    assert not [mount for mount in host["Mounts"] if "sock" in mount["Source"] or "/run" in mount["Source"]]


@pytest.mark.parametrize("name", ["python", "notebook"])
def test_a_site_may_write_nowhere_and_holds_nothing_of_the_hub(name: str) -> None:
    spec = made(name)
    assert not [mount for mount in spec.mounts if mount.writable]
    assert not [variable for variable in spec.environment if variable.startswith("DIALUP")]


def test_packages_of_a_layer_are_mounted_and_on_the_way(tmp_path: Path) -> None:
    layer, app = tmp_path / "layers/k/site-packages", tmp_path / "app"
    (layer / "bin").mkdir(parents=True)
    app.mkdir()
    (layer / "bin/hypercorn").touch()
    (app / "site-packages").symlink_to(layer)
    spec = python_spec("blog", "ana", "d1", app, ("hypercorn", "main:app"), SETTINGS, {"PYTHONPATH": "/tmp"})
    assert layer in {mount.path for mount in spec.mounts}
    assert spec.environment["PYTHONPATH"] == str(app / "site-packages")
    assert spec.steps == ((f"{app}/site-packages/bin/hypercorn", "main:app"),)
    book = notebook_spec("blog", "ana", "d1", app, NOTEBOOK, SETTINGS, {})
    assert book.steps[0][-2:] == ("--packages", str(app / "site-packages"))
    assert "PYTHONPATH" not in book.environment  # Voila itself keeps its own packages


def test_hashes_are_asked_of_all_or_of_a_step_of_their_own() -> None:
    assert len(made("python_build").steps) == 2
    plain = PythonPlan(Requirements(("six",)), ("uvicorn",), True, "k")
    steps = python_layer_spec(plain, HOME / "staging", Runtime.PYTHON, account="ana", account_id="a1", deployment_id="d1",
                              settings=SETTINGS, environment={}).steps
    assert len(steps) == 1
    assert "--only-binary" not in steps[0]
    assert "--only-binary" in made("python_build").steps[0]


def test_memory_says_how_many_visitors_fit() -> None:
    assert (visitors(512), visitors(1024), visitors(128)) == (6, 14, 2)
