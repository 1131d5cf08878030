"""Chromium, a plain JupyterLab with the panel, and a hub made of a dictionary behind it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.browser.fake_hub import FakeHub, ago, deployment, site

BUILT = Path(__file__).parents[2] / "dialup_ext" / "labextension"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
         "--disable-renderer-backgrounding", "--disable-background-timer-throttling"]
expect.set_options(timeout=30_000)  # a busy machine is slow, not wrong
OURS = re.compile(r"/dialup/(api|lab|dashboards)/")


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    if not (BUILT / "package.json").exists():
        pytest.skip("the panel is not built: NOT tried in a browser")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A plain JupyterLab with the panel and without dialup's server side."""
    home = tmp_path_factory.mktemp("lab")
    (home / "root").mkdir()
    (home / "extensions" / "@dialup").mkdir(parents=True)
    (home / "extensions" / "@dialup" / "labextension").symlink_to(BUILT)
    (home / "config").mkdir()
    (home / "config" / "jupyter_server_config.json").write_text(json.dumps(_lab_config(home)))
    news = home / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    news.parent.mkdir(parents=True)
    news.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    port = _free_port()
    environment = {**os.environ, "HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "config"),
                   "JUPYTER_RUNTIME_DIR": str(home / "run"), "JUPYTER_DATA_DIR": str(home / "data")}
    with (home / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", "jupyterlab", f"--port={port}"], env=environment, stdout=log,
                                   stderr=log, cwd=home)
        _wait_for(f"http://127.0.0.1:{port}/api/status", process, home / "log")
        yield f"http://127.0.0.1:{port}", home / "root"
        process.send_signal(signal.SIGTERM)
        process.wait(15)


@pytest.fixture
def hub(lab: tuple[str, Path]) -> Iterator[FakeHub]:
    fake = FakeHub(lab[1])
    fake.add(
        site("atlas", status="active", live_release={"id": "r12", "number": 12}, last_deployed=ago(minutes=2),
             last_deployed_by="ana", deployment=deployment("atlas", 12, "live", "live")),
        site("blog", kind="astro", status="editing", live_release={"id": "r3", "number": 3}, last_deployed=ago(hours=5),
             last_deployed_by="ben", preview={"state": "running", "url": ""}),
        site("chess", kind="nodejs", status="stopped", live_release={"id": "r1", "number": 1},
             last_deployed=ago(days=9), last_deployed_by="ana"),
        site("draft"))
    yield fake
    fake.close()


@pytest.fixture
def page(browser: Browser, lab: tuple[str, Path], hub: FakeHub) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=lab[0])
    context.set_default_timeout(30_000)
    context.route(OURS, lambda route: _send_to(hub, route))
    yield context.new_page()
    context.close()


def _send_to(hub: FakeHub, route: Route) -> None:
    url = route.request.url
    route.continue_(url=hub.url + url[url.index("/dialup/"):])


def _lab_config(home: Path) -> dict[str, Any]:
    return {
        "ServerApp": {"ip": "127.0.0.1", "port_retries": 0, "open_browser": False, "allow_root": True,
                      "root_dir": str(home / "root"), "jpserver_extensions": {"dialup_ext": False, "jupyter_lsp": False}},
        "IdentityProvider": {"token": ""},
        "LabApp": {"expose_app_in_browser": True, "news_url": None, "open_browser": False,
                   "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
                   "extra_labextensions_path": [str(home / "extensions")],
                   "user_settings_dir": str(home / "settings"), "workspaces_dir": str(home / "workspaces")},
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(url).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(log.read_text())
