"""A container engine for tests: the one that answers, else Debian's, installed and started.

Where that may not be, `why_not` says so: tests then skip loudly, and fail on `CI=true`.

`python -m dialup_ext.testing.engine pytest …` runs a command, and all it starts, on one engine with all images.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from dialup_ext.errors import DialupError
from dialup_ext.settings import Settings
from dialup_ext.spawner.docker import DockerDriver
from dialup_ext.spawner.docker_build import BASE, Builder, Options
from dialup_ext.spawner.docker_engine import Engine

PACKAGES = ("docker.io", "iptables", "iproute2", "debootstrap")
START_TIMEOUT = 60.0
_built: set[str] = set()


@contextmanager
def engine() -> Iterator[None]:
    """An engine that answers. One we had to start serves the whole run and is stopped at its end."""
    if not answers():
        reason = why_not()
        if reason:
            skip(reason)
        atexit.register(_stop, _start())
    yield


def skip(reason: str) -> None:
    """Leave these tests out, so that nobody overlooks it; on a build server they fail instead."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"containers must be tested here, and cannot: {reason}")
    warnings.warn(f"NOT TESTED HERE: containers. {reason}", stacklevel=2)
    pytest.skip(reason)


def answers() -> bool:
    """True when an engine answers now."""
    with closing(Engine()) as engine:
        try:
            engine.ping()
        except DialupError:
            return False
    return True


def why_not() -> str:
    """Why no engine can be started here; empty when one can."""
    if os.geteuid() != 0:
        return "No container engine answers, and only root may start one."
    if shutil.which("dockerd") is None and shutil.which("apt-get") is None:
        return "No container engine is installed, and there is no apt-get to install one with."
    return ""


def need_images(*names: str) -> None:
    """Build those of `base`, `node`, `python`, `lab` that are not there or not of this source; once per run."""
    wanted = [name for name in ("base", *names) if name not in _built]
    if not wanted:
        return
    if shutil.which("debootstrap") is None and shutil.which("apt-get") is not None:
        _install()
    certificates = os.environ.get("PIP_CERT")
    with closing(Engine()) as engine:
        options = Options(ca_bundle=Path(certificates) if certificates else None)
        Builder(engine, print, options).build(wanted)
    _built.update(wanted)


def main(words: Sequence[str]) -> int:
    """Run `words` while an engine answers and its images are made; without either where that may not be.

    Returns what the command returned. An engine that was started for it ends with it.
    """
    try:
        with engine():
            need_images("base", "node", "python", "lab")
            return _command(words)
    except (pytest.skip.Exception, pytest.fail.Exception) as reason:
        print(f"NOT TESTED HERE: containers. {reason}", file=sys.stderr)
        return _command(words)


@contextmanager
def docker_home(home: Path, **values: object) -> Iterator[tuple[Settings, str]]:
    """Settings and an installation's id for docker drivers; nothing of it is left afterwards."""
    settings = Settings(home, **{"lab_image": BASE, **values})
    installation = secrets.token_hex(16)
    try:
        yield settings, installation
    finally:
        DockerDriver(settings, installation).remove_everything()


def _stop(started: subprocess.Popen[bytes]) -> None:
    started.send_signal(signal.SIGTERM)
    started.wait(60)


def _start() -> subprocess.Popen[bytes]:
    if shutil.which("dockerd") is None or shutil.which("iptables") is None:
        _install()
    log = Path(tempfile.gettempdir()) / "dialup-tests-dockerd.log"
    with log.open("ab") as output:
        # Containers go on while the engine is restarted: one of the tests does that.
        process = subprocess.Popen(["dockerd", "--live-restore"], stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, start_new_session=True)
    deadline = time.monotonic() + START_TIMEOUT
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            lines = log.read_text(errors="replace").splitlines()[-1:]
            process.kill()
            skip(f"dockerd does not start here: {' '.join(lines)[-300:]}")
        time.sleep(0.1)
    return process


def _install() -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *PACKAGES]):
        _run(["apt-get", *words], environment)


def _command(words: Sequence[str]) -> int:
    return subprocess.run(words, check=False).returncode


def _run(words: Sequence[str], environment: dict[str, str]) -> None:
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        skip(f"{' '.join(words[:2])} failed: {done.stderr.strip()[-300:]}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
