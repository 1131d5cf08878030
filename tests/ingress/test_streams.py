"""Websockets: through the door, through a switch, and through a new configuration."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dialup_ext.domain.ports import Target

LAB = "alice.editor.dialup.localhost"


class Stream:
    """One open websocket."""

    def __init__(self, world: Any, host: str, headers: str = "") -> None:
        self._line: socket.socket = world.connect()
        self._line.sendall(f"GET /ws HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                           f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                           f"{headers}\r\n".encode())
        self.head = b""
        while b"\r\n\r\n" not in self.head and (more := self._line.recv(4096)):
            self.head += more

    def say(self, word: str) -> str:
        """What comes back."""
        self._line.sendall(f"{word}\n".encode())
        heard = b""
        while not heard.endswith(b"\n") and (more := self._line.recv(4096)):
            heard += more
        return heard.decode().strip()

    def close(self) -> None:
        self._line.close()


@pytest.fixture
def open_stream() -> Iterator[Callable[..., Stream]]:
    streams: list[Stream] = []

    def open_one(*args: Any, **more: Any) -> Stream:
        streams.append(Stream(*args, **more))
        return streams[-1]

    yield open_one
    for stream in streams:
        stream.close()


def test_a_websocket_reaches_a_running_site(world: Any, open_stream: Any) -> None:
    host = world.publish("stream", None, world.server("app").address)

    assert open_stream(world, host).say("hello") == "app heard hello"


def test_a_websocket_to_a_lab_passes_the_door_or_is_refused(world: Any, open_stream: Any) -> None:
    def door(handler: Any) -> tuple[int, list[tuple[str, str]], bytes]:
        fine = handler.headers.get("Origin") == "http://alice" and handler.headers.get("Upgrade") == "websocket"
        return (200, [("X-Dialup-User", "alice")], b"ok") if fine else (403, [], b"origin")

    world.on_socket("edge").routes["/_auth"] = door
    world.publish(LAB, None, world.server("lab").address)

    assert open_stream(world, LAB, "Origin: http://alice\r\n").say("1 + 1") == "lab heard 1 + 1"
    assert open_stream(world, LAB, "Origin: http://evil\r\n").head.startswith(b"HTTP/1.1 403")


def test_a_websocket_stays_with_its_release_through_a_switch(world: Any, open_stream: Any) -> None:
    host = world.publish("stays", None, world.server("old").address)
    stream = open_stream(world, host)

    world.ingress.point(host, Target("next", None, world.server("new").address))

    assert stream.say("still") == "old heard still"
    assert open_stream(world, host).say("hello") == "new heard hello"


def test_a_websocket_outlives_a_new_configuration(own_world: Any, open_stream: Any) -> None:
    """The configuration only changes with the settings; even then nobody is cut off at once."""
    own_world.caddy.start()
    host = own_world.publish("outlives", None, own_world.server("app").address)
    stream = open_stream(own_world, host)

    type(own_world.caddy)(own_world.settings.with_values(domain="friends.localhost")).start()
    own_world.settle("nobody.friends.localhost")

    assert own_world.raw(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()) == b""
    assert stream.say("still") == "app heard still"
