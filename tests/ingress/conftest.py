"""A real Caddy for all tests of this room, and small real servers to put behind it."""

from __future__ import annotations

import http.client
import itertools
import json
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from dialup_ext.domain.ports import Target
from dialup_ext.ingress.caddy import Caddy
from dialup_ext.ingress.serving import ServingDirectories
from dialup_ext.settings import Settings

DOMAIN = "dialup.localhost"


_numbers = itertools.count()


@dataclass
class Answer:
    """What a visitor got."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def echo(self) -> dict[str, Any]:
        """What the server behind Caddy saw."""
        return dict(json.loads(self.body))

    @property
    def cookies(self) -> list[str]:
        return self.headers.get_all("Set-Cookie") or []


class EchoHandler(BaseHTTPRequestHandler):
    """Answers with what it was asked, or as its server's `routes` say."""

    protocol_version = "HTTP/1.1"
    server: EchoServer
    body: bytes

    def _answer(self) -> None:
        self.body = body = self._body()
        # Spelling and repetition matter here, so no dictionary.
        headers = [[name.lower(), value] for name, value in self.headers.items()]
        self.server.seen.append((self.command, self.path))
        route = self.server.routes.get(self.path.partition("?")[0])
        if route is None and self.headers.get("Upgrade"):
            self._echo_stream()
            return
        status, extra, content = route(self) if route else (200, [], b"")
        content = content or json.dumps({"name": self.server.name, "method": self.command, "path": self.path,
                                         "headers": headers, "body": body.decode()}).encode()
        self.send_response(status)
        for name, value in [*self.server.answer_headers, *extra]:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _body(self) -> bytes:
        """All of it, also when it comes without a length."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline() or b"0", 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _echo_stream(self) -> None:
        """A websocket as far as a proxy cares: 101, then bytes both ways."""
        self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        self.close_connection = True
        while line := self.rfile.readline():
            self.wfile.write(self.server.name.encode() + b" heard " + line)

    do_GET = do_POST = do_HEAD = _answer  # noqa: N815 - the library's names

    def address_string(self) -> str:
        return "test"

    def log_message(self, *args: Any) -> None:
        """Quiet."""


Route = Callable[[EchoHandler], tuple[int, list[tuple[str, str]], bytes]]


class EchoServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A running site, a hub or a door: one thread, one address (TCP, or a socket's path)."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, name: str, path: Path | None = None) -> None:
        self.name = name
        self.routes: dict[str, Route] = {}
        self.answer_headers: list[tuple[str, str]] = []
        self.seen: list[tuple[str, str]] = []
        self._connections: list[socket.socket] = []
        if path is not None:
            path.unlink(missing_ok=True)
            self.address_family = socket.AF_UNIX
        super().__init__(str(path) if path else ("127.0.0.1", 0), EchoHandler)  # type: ignore[arg-type]
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._connections.append(connection)
        return connection, address

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Visitors hang up; that is their right."""

    def close(self) -> None:
        """Stop listening and hang up on everybody, as a process that ends does."""
        self.shutdown()
        self.server_close()
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@dataclass
class World:
    """One home with a running Caddy, its serving directories, and visitors."""

    settings: Settings
    caddy: Caddy
    ingress: ServingDirectories
    servers: list[EchoServer] = field(default_factory=list)

    def server(self, name: str, path: Path | None = None) -> EchoServer:
        server = EchoServer(name, path)
        self.servers.append(server)
        return server

    def on_socket(self, name: str) -> EchoServer:
        return self.server(name, self.settings.run / f"{name}.sock")

    def gate(self) -> EchoServer:
        """A gate that lets nobody in, and answers with what it was asked."""
        server = self.on_socket("gate")
        server.routes["/_gate"] = lambda _: (503, [], b"")
        return server

    def folder(self, name: str, **files: str) -> Path:
        """A public folder; `index_html="…"` makes index.html, other paths go through `write`."""
        folder = self.settings.home / "sites" / f"{name}-{next(_numbers)}"
        folder.mkdir(parents=True, mode=0o755)
        for key, text in files.items():
            write(folder / key.replace("_", "."), text)
        return folder

    def publish(self, site: str, public: Path | None = None, upstream: str | None = None) -> str:
        """Point `<site>.<domain>` there and return the host."""
        host = site if "." in site else f"{site}.{DOMAIN}"
        self.ingress.point(host, Target(f"release-{len(self.servers)}", public, upstream))
        return host

    def ask(self, host: str, path: str = "/", method: str = "GET", body: bytes | None = None,
            headers: dict[str, str] | None = None, more: list[tuple[str, str]] | None = None) -> Answer:
        """One request on a fresh connection. `more` may repeat or oddly spell headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.settings.port, timeout=20)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            connection.putheader("Host", host)
            for name, value in [*(headers or {}).items(), *(more or [])]:
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def settle(self, host: str) -> None:
        """Wait until `host` is answered: a new configuration resets lines opened in its first moments."""
        for _ in range(200):
            with suppress(ConnectionError, http.client.HTTPException):
                self.ask(host)
                return
            threading.Event().wait(0.05)
        pytest.fail(f"{host} is not answered")

    def connect(self) -> socket.socket:
        """A line to Caddy on which nothing has been said."""
        return socket.create_connection(("127.0.0.1", self.settings.port), timeout=20)

    def raw(self, request: bytes) -> bytes:
        """Exactly these bytes, and everything that comes back until the line is closed."""
        with self.connect() as line:
            line.sendall(request)
            chunks = []
            try:
                while chunk := line.recv(65536):
                    chunks.append(chunk)
            except ConnectionResetError:
                pass
            return b"".join(chunks)

    def close(self) -> None:
        for server in self.servers:
            server.close()
        self.caddy.stop(grace=1.0)


def write(path: Path, text: str | bytes) -> Path:
    """A file as releases have them: nobody but us may change it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o644)
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def new_world(home: Path, **settings: Any) -> World:
    chosen = Settings(home, **{"port": free_port(), "domain": DOMAIN, **settings})
    return World(chosen, Caddy(chosen), ServingDirectories(home / "ingress"))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One Caddy for all tests that only look at answers; each takes names of its own."""
    world = new_world(tmp_path_factory.mktemp("home"))
    world.caddy.start()
    yield world
    world.close()


@pytest.fixture
def world(shared: World) -> Iterator[World]:
    """The shared Caddy; servers made in the test end with it."""
    mine = World(shared.settings, shared.caddy, shared.ingress)
    yield mine
    for host in mine.ingress.targets():
        mine.ingress.remove(host)
    for server in mine.servers:
        server.close()


@pytest.fixture
def own_world(tmp_path: Path) -> Iterator[World]:
    """A home of one's own, nothing started: for tests of starting and stopping."""
    world = new_world(tmp_path / "home")
    yield world
    world.close()


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """More homes, with other settings."""
    made: list[World] = []

    def make(name: str, **settings: Any) -> World:
        made.append(new_world(tmp_path / name, **settings))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def write_file() -> Callable[[Path, str | bytes], Path]:
    return write
