"""A person's own `jupyter lab` after `pip install`: no hub, no accounts, and it simply works."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dialup_ext.ingress.caddy import Caddy
from dialup_ext.settings import Settings
from dialup_ext.testing.installation import free_port, wait_until

TOKEN = "the-persons-own-token"


class Standalone:
    """A stock Jupyter server with the extension enabled, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.sites_port = free_port(), free_port()
        self.settings = Settings(folder / "dialup", port=self.sites_port)
        self.log = folder / "log"
        (folder / "work").mkdir(parents=True)
        environment = {
            **os.environ, "HOME": str(folder), "DIALUP_HOME": str(self.settings.home), "PORT": str(self.sites_port),
            "JUPYTER_CONFIG_DIR": str(folder / "c"), "JUPYTER_DATA_DIR": str(folder / "d"),
            "JUPYTER_RUNTIME_DIR": str(folder / "r"),
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyter_server", f"--port={self.port}", "--no-browser", "--allow-root",
                 f"--ServerApp.root_dir={folder / 'work'}", f"--IdentityProvider.token={TOKEN}",
                 "--ServerApp.port_retries=0",
                 "--ServerApp.jpserver_extensions={'dialup_ext': True, 'jupyter_server_proxy': False, "
                 "'voila.server_extension': False, 'jupyter_lsp': False}"],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
        wait_until(self._answers, 40, self.log.read_text)

    def call(self, method: str, path: str, body: Any = None, token: str = TOKEN) -> tuple[int, Any]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            headers = {"Authorization": f"token {token}"} if token else {}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            raw = answer.read()
        return answer.status, json.loads(raw) if raw[:1] in (b"{", b"[") else raw.decode()

    def visit(self, label: str) -> str:
        with closing(http.client.HTTPConnection("127.0.0.1", self.sites_port, timeout=10)) as connection:
            connection.request("GET", "/", headers={"Host": f"{label}.dialup.localhost:{self.sites_port}"})
            return connection.getresponse().read().decode()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(40)

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.call("GET", "/api/status")[0] == 200
        except OSError:
            return False


@pytest.fixture
def jupyter(tmp_path: Path) -> Iterator[Standalone]:
    standalone = Standalone(tmp_path / "person")
    yield standalone
    if standalone.process.poll() is None:
        standalone.stop()


def test_nothing_is_made_or_started_before_it_is_used(jupyter: Standalone) -> None:
    assert not jupyter.settings.home.exists()


def test_the_owner_makes_edits_and_deploys_a_site(jupyter: Standalone) -> None:
    status, me = jupyter.call("GET", "/dialup/api/v1/me")
    assert status == 200 and me["account"]["role"] == "admin"

    assert jupyter.call("POST", "/dialup/api/v1/sites", {"name": "mine", "template": "static"})[0] == 201
    assert jupyter.call("POST", "/dialup/lab/v1/workspaces", {"site": "mine", "template": "static"})[0] in (200, 201)
    page = jupyter.folder / "work" / "mine" / "index.html"
    page.write_text("<h1>my own page</h1>")
    status, begun = jupyter.call("POST", "/dialup/lab/v1/deploy", {"site": "mine"})
    assert status == 202, begun

    wait_until(lambda: jupyter.call("GET", "/dialup/api/v1/sites/mine")[1]["status"] == "active", 30,
               lambda: jupyter.log.read_text()[-3000:])
    assert "my own page" in jupyter.visit("mine")


def test_jupyters_own_login_guards_it(jupyter: Standalone) -> None:
    for path in ("/dialup/api/v1/sites", "/dialup/api/v1/me"):
        assert jupyter.call("GET", path, token="")[0] in (401, 403)
        assert jupyter.call("GET", path, token="wrong")[0] in (401, 403)
    assert jupyter.call("POST", "/dialup/api/v1/sites", {"name": "x"}, token="")[0] in (401, 403)


def test_when_the_server_ends_nothing_is_left_running(
        jupyter: Standalone, node_site: Callable[..., Path]) -> None:
    folder = node_site("node here")
    folder.rename(jupyter.folder / "work" / "prog")
    jupyter.call("POST", "/dialup/api/v1/sites", {"name": "prog"})
    jupyter.call("POST", "/dialup/lab/v1/deploy", {"site": "prog"})
    wait_until(lambda: jupyter.call("GET", "/dialup/api/v1/sites/prog")[1]["status"] == "active", 30,
               lambda: jupyter.log.read_text()[-3000:])

    jupyter.stop()

    assert not Caddy(jupyter.settings).running()
    assert not any((entry / "cmdline").read_bytes().find(str(jupyter.settings.home).encode()) >= 0
                   for entry in Path("/proc").iterdir() if entry.name.isdigit() and (entry / "cmdline").exists())
