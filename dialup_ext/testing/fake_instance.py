"""One instance of the fake drivers: follows its steps in memory.

A step is one word of a small language, or stands for a program that serves on its port:

    ("says", text)    print it               ("exits", code)    end with this code
    ("waits",)        run, listen nowhere    ("serves",)        run and listen: also what any
    ("shows",)        print the environment                     other step does
    ("eats", mib)     use so much memory, then run
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from dialup_ext.domain.instance import Instance, InstanceSpec, InstanceState

KILLED = 137
"""What a program killed by the system leaves as its exit code: 128 + SIGKILL."""


class FakeInstance:
    """State of one. With `answers` it holds a real loopback port and answers 200 with its key."""

    def __init__(self, spec: InstanceSpec, *, port: int, now: datetime, began: float, answers: bool) -> None:
        self.spec, self.began = spec, began
        self.log, self.cut, self.memory_mb = bytearray(), 0, 16
        self.listens = False
        self._serves = False
        self._server = _bound(spec.key) if answers and spec.listens else None
        port = self._server.server_port if self._server else port
        self.instance = Instance(spec.key, spec.kind, spec.account, spec.site, InstanceState.RUNNING,
                                 f"127.0.0.1:{port}" if spec.listens else None, now)

    def run(self) -> None:
        """Follow the steps: all but the last must exit 0, and the last is the instance."""
        code: int | None = 0
        port = (self.instance.address or "").rpartition(":")[2]
        for step in self.spec.steps:
            code = self._step(tuple(word.replace("{port}", port or "{port}") for word in step))
            if code != 0:
                break
        if code is not None:
            self.end(code)

    def listen(self) -> None:
        """Open its port, if its program serves and still runs."""
        if self.listens or not self._serves or self.instance.state is InstanceState.EXITED:
            return
        self.listens = True
        if self._server is not None:
            self._server.server_activate()
            threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def end(self, code: int | None, reason: str = "") -> None:
        """It is over; the first end counts."""
        if self.instance.state is InstanceState.RUNNING:
            self.instance = replace(self.instance, state=InstanceState.EXITED, exit_code=code, reason=reason)
            self.close()

    def close(self) -> None:
        """Give its port back."""
        if self._server is not None:
            if self.listens:
                self._server.shutdown()
            self._server.server_close()
            self._server = None
        self.listens = False

    def older_than(self, monotonic: float) -> bool:
        """True when its deadline is over."""
        return self.spec.deadline is not None and monotonic - self.began > self.spec.deadline

    def _step(self, step: tuple[str, ...]) -> int | None:
        """The code it ended with, or None when it goes on running."""
        match step:
            case ("says", text):
                self.log += f"{text}\n".encode()
                return 0
            case ("exits", code):
                return int(code)
            case ("shows",):
                lines = [f"{name}={value}\n" for name, value in self._environment().items()]
                self.log += "".join(lines).encode()
                return 0
            case ("eats", mib):
                self.memory_mb = int(mib)
                if self.memory_mb > self.spec.memory_mb:
                    self.end(KILLED, "memory")
            case ("waits",):
                pass
            case _:
                self._serves = True
        return None

    def _environment(self) -> dict[str, str]:
        host, _, port = (self.instance.address or "").rpartition(":")
        return {**self.spec.environment, **({"HOST": host, "PORT": port} if port else {})}


def _bound(key: str) -> ThreadingHTTPServer:
    """A server that holds its port and does not listen yet."""
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(key)))
            self.end_headers()
            self.wfile.write(key.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer, bind_and_activate=False)
    server.server_bind()
    return server
