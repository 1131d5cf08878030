"""A TCP relay in front of a hub that counts what passes and can break off: works with any hub."""

from __future__ import annotations

import selectors
import socket
import threading


class Relay:
    """Listens on `port`; `sent` counts the bytes on their way to the hub."""

    def __init__(self, host: str, port: int) -> None:
        self._hub = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.sent = 0
        self.connections = 0
        self.cuts: list[int] = []
        """Each number breaks one connection once so many more bytes have passed."""
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept)]
        self._closing = False
        self._threads[0].start()

    def close(self) -> None:
        self._closing = True
        with socket.create_connection(("127.0.0.1", self.port)):
            pass
        for one in list(self._open):
            _shut(one)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            near, _ = self._listener.accept()
            if self._closing:
                near.close()
                return
            self.connections += 1
            far = socket.create_connection(self._hub)
            self._open |= {near, far}
            thread = threading.Thread(target=self._pass, args=(near, far))
            self._threads.append(thread)
            thread.start()

    def _pass(self, near: socket.socket, far: socket.socket) -> None:
        with selectors.DefaultSelector() as waiting, near, far:
            waiting.register(near, selectors.EVENT_READ, far)
            waiting.register(far, selectors.EVENT_READ, near)
            try:
                going = True
                while going:
                    for key, _ in waiting.select():
                        source = near if key.data is far else far
                        going = self._move(source, key.data, near) and going
            except OSError:
                pass
            self._open -= {near, far}

    def _move(self, source: socket.socket, target: socket.socket, near: socket.socket) -> bool:
        data = source.recv(65536)
        if source is near:
            self.sent += len(data)
            if self.cuts:
                self.cuts[0] -= len(data)
                if self.cuts[0] <= 0:
                    self.cuts.pop(0)
                    return False
        target.sendall(data)
        return bool(data)


def _shut(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
