"""What is under way when a site is switched: it ends on the release that took it, whole.

`docs/developers/ingress.md` says what is promised: the drain for every program, and ten seconds
more for one that ends politely when it is told to (SIGTERM).
"""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dialup_ext.testing.drivers import installed
from dialup_ext.testing.installation import Installation, Person

DRAIN = 8
LARGE = 64 << 20
"""More than the buffers of Caddy and the kernel hold on the way."""

PLAIN = """import http from 'node:http'

http.createServer((request, response) => {
  if (request.url === '/large') {
    response.setHeader('content-length', LARGE)
    const part = Buffer.alloc(1 << 20, 'WORD ')
    let left = LARGE / part.length
    const send = () => {
      while (left > 0) {
        left -= 1
        if (!response.write(part)) return response.once('drain', send)
      }
      response.end()
    }
    return send()
  }
  let size = 0
  request.on('data', part => { size += part.length })
  request.on('end', () => response.end(`WORD took ${size}`))
}).listen(process.env.PORT)
""".replace("LARGE", str(LARGE))
"""Does nothing about its end: it is over when SIGTERM comes."""

POLITE = """import http from 'node:http'

const streams = new Set()
const server = http.createServer((request, response) => {
  let size = 0
  request.on('data', part => { size += part.length })
  request.on('end', () => response.end(`WORD took ${size}`))
})
server.on('upgrade', (request, stream) => {
  stream.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n')
  stream.on('data', part => stream.write(`WORD heard ${part}`))
  stream.on('error', () => {})
  streams.add(stream)
})
server.listen(process.env.PORT)
process.on('SIGTERM', () => {
  server.close()
  for (const stream of streams) stream.end('WORD says goodbye\\n')
})
"""
"""Ends as it should: takes nothing new, finishes what it has, says goodbye."""


@pytest.fixture(scope="module", params=["process", "docker"])
def draining(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed(request.param, tmp_path_factory.mktemp(request.param) / "home", "node",
                   drain_seconds=str(DRAIN), health_timeout="15") as installation:
        yield installation


@pytest.fixture
def ana(draining: Installation, name: str) -> Person:
    return draining.account(f"ana-{name}")


class Line:
    """One connection to a site on which a request is sent in pieces."""

    def __init__(self, installation: Installation, site: str) -> None:
        self._host = f"{site}.{installation.settings.domain}:{installation.port}"
        self._line = socket.create_connection(("127.0.0.1", installation.port), timeout=60)

    def ask(self, method: str, path: str, *headers: str) -> Line:
        self.send("\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {self._host}", *headers, "", ""]))
        return self

    def send(self, text: str) -> None:
        self._line.sendall(text.encode())

    def hear(self, word: str) -> str:
        """Everything up to `word`; shorter when the line is closed before."""
        heard = b""
        while word.encode() not in heard and (more := self._line.recv(4096)):
            heard += more
        return heard.decode()

    def answer(self) -> bytes:
        """The body of a whole answer. Raises `IncompleteRead` when it was cut."""
        answer = http.client.HTTPResponse(self._line)
        answer.begin()
        return answer.read()

    def close(self) -> None:
        self._line.close()


def test_large_answers_and_slow_posts_end_on_the_release_that_took_them(
        draining: Installation, ana: Person, name: str, node_site: Callable[..., Path]) -> None:
    ana.deploy(name, node_site("", PLAIN.replace("WORD", "old")))
    with closing(Line(draining, name)) as download, closing(Line(draining, name)) as upload:
        download.ask("GET", "/large")
        upload.ask("POST", "/", "Content-Length: 11", "Expect: 100-continue")
        assert "100 Continue" in upload.hear("\r\n\r\n")  # the old release has it, and waits
        upload.send("first ")

        ana.deploy(name, node_site("", PLAIN.replace("WORD", "new")))
        assert draining.get(name).text == "new took 0"
        upload.send("later")

        assert upload.answer() == b"old took 11"
        assert download.answer() == b"old " * (LARGE // 4)


def test_a_websocket_and_a_post_longer_than_the_drain_end_politely_with_a_program_that_does(
        draining: Installation, ana: Person, name: str, node_site: Callable[..., Path]) -> None:
    ana.deploy(name, node_site("", POLITE.replace("WORD", "old")))
    with closing(Line(draining, name)) as stream, closing(Line(draining, name)) as upload:
        stream.ask("GET", "/", "Connection: Upgrade", "Upgrade: websocket")
        assert " 101 " in stream.hear("\r\n\r\n")
        upload.ask("POST", "/", "Content-Length: 11", "Expect: 100-continue")
        assert "100 Continue" in upload.hear("\r\n\r\n")

        ana.deploy(name, node_site("", POLITE.replace("WORD", "new")))
        assert draining.get(name).text == "new took 0"
        stream.send("still\n")
        assert stream.hear("\n") == "old heard still\n"

        assert stream.hear("goodbye\n") == "old says goodbye\n"  # the drain is over, it was told to end
        assert stream.hear("anything") == ""
        upload.send("at the last")
        assert upload.answer() == b"old took 11"
