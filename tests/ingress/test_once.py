"""Hosts whose connections are to be their requests: nothing is kept open towards what runs for them."""

from __future__ import annotations

from typing import Any

import pytest

from dialup_ext.domain.ports import GATE, Target

HOST = "diary.dialup.localhost"


def publish(world: Any, *, once: bool, name: str = "r1") -> Any:
    app = world.server(f"app {once}")
    world.ingress.point(HOST, Target(name, None, app.address, once=once))
    return app


@pytest.mark.parametrize("once", [True, False])
def test_what_runs_is_told_whether_its_connection_ends_with_the_request(world: Any, once: bool) -> None:
    publish(world, once=once)

    seen = world.ask(HOST, "/", "POST", b"words").echo

    assert seen["body"] == "words"
    assert (["connection", "close"] in seen["headers"]) is once


def test_a_request_that_was_held_goes_on_to_it_in_the_same_way(world: Any) -> None:
    world.ingress.point(HOST, Target("hold-1", None, GATE))
    world.on_socket("gate").routes["/_gate"] = lambda _: (publish(world, once=True) and 204, [], b"")

    seen = world.ask(HOST, "/", "POST", b"words").echo

    assert (seen["name"], seen["body"]) == ("app True", "words")
    assert ["connection", "close"] in seen["headers"]


def test_a_websocket_to_it_is_opened(world: Any) -> None:
    publish(world, once=True)
    line = world.connect()
    line.sendall(f"GET /ws HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nhello\n".encode())
    heard = b""
    while b"heard hello" not in heard and (more := line.recv(4096)):
        heard += more
    line.close()

    assert heard.startswith(b"HTTP/1.1 101 ")
    assert heard.endswith(b"app True heard hello\n")
