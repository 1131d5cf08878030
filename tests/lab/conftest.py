"""A real lab process in front of a small hub: a real HTTP server on a unix socket."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

import pytest

SECRET = "a-secret-of-this-lab-only"
EDGE = {"X-Dialup-User": "ada", "X-Dialup-Lab": SECRET}


def _wait_until(claim, seconds=30.0):
    """Poll `claim` until it is true; its last value, or fail."""
    end = time.monotonic() + seconds
    while True:
        value = claim()
        if value or time.monotonic() > end:
            assert value, "waited in vain"
            return value
        time.sleep(0.05)


class HubServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


class StandInHub:
    """Answers what a test puts into `answers`, keeps what was asked, and streams on demand."""

    def __init__(self, path: Path):
        self.path = path
        self.answers: dict[tuple[str, str], object] = {}
        self.asked: list[dict] = []
        self.blobs: dict[str, bytes] = {}
        self.streams_open = 0
        self.news = threading.Condition()
        self.lines: list[str] = []
        self._server: HubServer | None = None

    def start(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
        hub = self

        class Handler(_Handler):
            pass

        Handler.hub = hub
        self._server = HubServer(str(self.path), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
            self.path.unlink(missing_ok=True)

    def say(self, line: str):
        with self.news:
            self.lines.append(line)
            self.news.notify_all()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: StandInHub

    def address_string(self):
        return "lab"

    def log_message(self, *_):
        """Quiet."""

    def _any(self):
        path = urlsplit(self.path).path.removeprefix("/dialup/api/v1")
        body = b""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while length := int(self.rfile.readline(), 16):
                body += self.rfile.read(length)
                self.rfile.readline()
            self.rfile.readline()
        else:
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(size)
        self.hub.asked.append({"method": self.command, "path": self.path, "headers": dict(self.headers), "body": body})
        if path == "/events":
            return self._stream()
        if re.fullmatch(r"/uploads/[^/]+/files", path):
            return self._json(200, self._take(body))
        answer = self.hub.answers.get((self.command, path))
        if callable(answer):
            answer = answer(body)
        if answer is None:
            return self._json(404, {"message": "No such thing.", "reason": "not_found", "code": "not_found", "hint": ""})
        status, data = answer if isinstance(answer, tuple) else (200, answer)
        return self._json(status, data)

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_HEAD = _any  # noqa: N815

    def _take(self, body):
        at = 0
        while at < len(body):
            end = body.index(b"\n", at)
            digest, size = body[at:end].decode().split(" ")
            self.hub.blobs[digest] = body[end + 1 : end + 1 + int(size)]
            at = end + 1 + int(size)
        return {"received": len(self.hub.blobs), "missing": []}

    def _json(self, status, data):
        text = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Set-Cookie", "hub=must-not-pass")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def _stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        self.hub.streams_open += 1
        sent = int(self.headers.get("Last-Event-ID") or -1) + 1
        try:
            while True:
                with self.hub.news:
                    self.hub.news.wait_for(partial(_more_than, self.hub.lines, sent), timeout=0.2)
                    fresh = self.hub.lines[sent:]
                if not fresh:
                    self.connection.setblocking(False)
                    try:
                        if self.connection.recv(1) == b"":
                            return
                    except BlockingIOError:
                        pass
                    finally:
                        self.connection.setblocking(True)
                for line in fresh:
                    self.wfile.write(f"id: {sent}\nevent: log\ndata: {line}\n\n".encode())
                    sent += 1
                self.wfile.flush()
        except OSError:
            return
        finally:
            self.hub.streams_open -= 1


def _more_than(lines, seen):
    return len(lines) > seen


class Lab:
    """A running lab and how to talk to it as the edge does."""

    def __init__(self, home: Path, port: int, process: subprocess.Popen, log: Path):
        self.home, self.port, self.process, self.log = home, port, process, log
        self.url = f"http://127.0.0.1:{port}"

    def request(self, method, path, body=None, *, headers=EDGE, xsrf=True, timeout=20):
        sent = {**headers}
        if xsrf and method not in ("GET", "HEAD"):
            sent |= self._xsrf(headers)
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        request = urllib.request.Request(self.url + path, data=data, headers=sent, method=method)
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def json(self, method, path, body=None, **more):
        status, _, text = self.request(method, path, body, **more)
        return status, json.loads(text)

    def _xsrf(self, headers):
        request = urllib.request.Request(self.url + "/lab", headers=headers)
        with urllib.request.urlopen(request, timeout=20) as page:
            cookies = page.headers.get_all("Set-Cookie") or []
        token = next((c.split(";")[0].split("=", 1)[1] for c in cookies if c.startswith("_xsrf=")), "")
        return {"Cookie": f"_xsrf={token}", "X-XSRFToken": token.strip('"')}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args, **_kwargs):
        return None


@pytest.fixture(scope="session")
def wait_until():
    return _wait_until


@pytest.fixture(scope="session")
def edge():
    """The headers by which the edge proves itself."""
    return dict(EDGE)


@pytest.fixture(scope="session")
def hub(tmp_path_factory):
    hub = StandInHub(tmp_path_factory.mktemp("hub") / "ada.sock")
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture(scope="session")
def lab(hub, tmp_path_factory):
    home = tmp_path_factory.mktemp("home") / "ada"
    home.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = home.parent / "lab.log"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "DIALUP"))}
    environment |= {"DIALUP_LAB_SECRET": SECRET, "DIALUP_HUB_SOCKET": str(hub.path), "DIALUP_ACCOUNT": "ada",
                    "DIALUP_PORTAL": "http://admin.dialup.localhost:8080", "DIALUP_DOMAIN": "dialup.localhost"}
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "dialup_ext.lab", "--port", str(port), "--root", str(home)],
            env=environment, stdout=output, stderr=subprocess.STDOUT, cwd=home)
    lab = Lab(home, port, process, log)

    def up():
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(OSError):
            return lab.request("GET", "/api/status")[0] == 200
        return False

    try:
        _wait_until(up, 60)
        yield lab
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


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
def page(chromium, lab):
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, base_url=lab.url,
                                   extra_http_headers=EDGE)
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()
