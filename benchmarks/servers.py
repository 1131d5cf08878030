"""The programs we are compared with, as one would configure them by hand, on free ports of loopback."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from benchmarks.programs import Programs
from dialup_ext.testing.installation import free_port, wait_until

GOGC = "400"
"""Caddy's as dialup starts it; the bare one gets the same."""

TYPES = "types { text/html html; text/css css; text/javascript js; image/svg+xml svg; }"


@contextmanager
def program(words: list[str | Path], port: int, folder: Path,
            environment: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """It runs and listens on `port` while the block does."""
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(words, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        wait_until(lambda: process.poll() is not None or answers(port), 30)
        if process.poll() is not None:
            raise RuntimeError((folder / f"{port}.log").read_text(errors="replace")[-300:])
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()


@contextmanager
def bare_caddy(programs: Programs, folder: Path, body: str, *, log: bool = False) -> Iterator[int]:
    """Caddy with one block for any name; gives its port. With `log`, it writes what dialup's writes."""
    port = free_port()
    if log:
        body += f"\n\tlog {{\n\t\toutput file {folder}/{port}-access.log\n\t}}"
    file = folder / f"{port}.caddyfile"
    file.write_text(f"{{\n\tadmin off\n\tauto_https off\n\tpersist_config off\n}}\n"
                    f"http://:{port} {{\n\tbind 127.0.0.1\n{body}\n}}\n")
    words: list[str | Path] = [programs.caddy, "run", "--adapter", "caddyfile", "--config", file]
    with program(words, port, folder, {"GOGC": GOGC, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}):
        yield port


@contextmanager
def nginx(programs: Programs, folder: Path, body: str, *, port: int | None = None) -> Iterator[int]:
    """nginx as Debian configures it, with one server of `body` for any name; gives its port."""
    assert programs.nginx is not None
    port = port or free_port()
    place = folder / f"nginx-{port}"
    place.mkdir()
    owner = "user root;" if os.geteuid() == 0 else ""
    temporary = " ".join(f"{name}_temp_path {place}/{name};"
                         for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (place / "nginx.conf").write_text(
        f"daemon off; {owner} worker_processes auto; pid {place}/pid; error_log {place}/error.log;\n"
        "events { worker_connections 768; }\n"
        f"http {{ {TYPES} sendfile on; tcp_nopush on; {temporary} access_log {place}/access.log;\n"
        f"server {{ {body.replace('PORT', f'127.0.0.1:{port}')} }} }}\n")
    words: list[str | Path] = [programs.nginx, "-p", place, "-c", place / "nginx.conf", "-e", place / "error.log"]
    with program(words, port, folder, programs.environment()):
        yield port


def answers(port: int, path: str = "/", host: str = "localhost") -> bool:
    """Somebody answers HTTP there, or at least listens for something else."""
    with suppress(OSError, http.client.HTTPException), \
            closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        connection.connect()
        with suppress(http.client.HTTPException, ConnectionError):
            connection.request("GET", path, headers={"Host": host})
            connection.getresponse().read()
        return True
    return False
