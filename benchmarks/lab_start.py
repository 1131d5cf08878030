"""From asking for a lab to its page, and what it takes, beside JupyterLab as `pip install` gives it."""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

from benchmarks.memory import family, pss, running
from benchmarks.rounds import Bench, Case
from benchmarks.standing import installation, owner
from benchmarks.stopwatch import until
from benchmarks.visitor import enter
from dialup_ext.testing.installation import Person, free_port

SETTLE = 3.0
"""Seconds of doing nothing before memory is read."""

PAGE = b"jupyter-config-data"
"""What the page holds that makes JupyterLab start in the browser."""

OTHERS = ("dialup_ext", "voila.server_extension", "jupyter_server_proxy")
"""Extensions that are here for dialup's labs; plain JupyterLab does not bring them."""


@contextmanager
def lab_start(bench: Bench) -> Iterator[Sequence[Case]]:
    """Plain, as a process of ours, and as a container where there is an engine."""
    with ExitStack() as stack:
        cases: list[Case] = [partial(_plain, bench.folder / "plain-lab")]
        for driver in ("process", "docker") if bench.docker else ("process",):
            person = owner(stack.enter_context(installation(bench, f"lab-{driver}", driver=driver)))
            person.call("POST", "/lab")
            until(lambda person=person: _state(person) != "starting")  # type: ignore[misc]
            host = person.installation.settings.lab_host(person.name)
            cookie = enter(person, host)
            _stop(person)
            cases.append(partial(_ours, person, driver, host, cookie))
        yield cases


def _ours(person: Person, driver: str, host: str, cookie: str) -> Mapping[str, float]:
    began = time.perf_counter()
    person.call("POST", "/lab")
    took = until(lambda: PAGE in person.installation.get(host, "/lab", Cookie=cookie).body, since=began)
    time.sleep(SETTLE)
    # The home's path is on the lab's command line, in a container too.
    home = str(person.installation.home / "homes" / person.name)
    taken = pss(one for pid in running("dialup_ext.lab", home) for one in family(pid))
    _stop(person)
    return {f"lab.{driver}.start": took, f"lab.{driver}.memory": taken}


def _plain(home: Path) -> Mapping[str, float]:
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    port = free_port()
    words = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.port={port}",
             "--IdentityProvider.token=", f"--ServerApp.root_dir={home}",
             *(f"--ServerApp.jpserver_extensions={name}=False" for name in OTHERS)]
    environment = {**os.environ, "HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "config"),
                   "JUPYTER_DATA_DIR": str(home / "data"), "JUPYTER_RUNTIME_DIR": str(home / "runtime")}
    began = time.perf_counter()
    process = subprocess.Popen(words, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        took = until(lambda: PAGE in _page(port), since=began)
        time.sleep(SETTLE)
        return {"lab.plain.start": took, "lab.plain.memory": pss(family(process.pid))}
    finally:
        process.kill()
        process.wait()


def _page(port: int) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/lab")
        return connection.getresponse().read()
    return b""


def _stop(person: Person) -> None:
    person.call("DELETE", "/lab")
    until(lambda: _state(person) == "stopped")


def _state(person: Person) -> str:
    return str(person.call("GET", "/lab").json["state"])

