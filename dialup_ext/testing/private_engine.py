"""A container engine of a test's own, to be stopped, killed and started while the machine's goes on.

It shares nothing with the other but the kernel: own socket, data, runtime folder, process number and
bridge, and no rules in the firewall. Without a bridge named to it, it would delete the other's `docker0`.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from dialup_ext.spawner import proc
from dialup_ext.testing.installation import wait_until

PATIENCE = 90.0
BRIDGE_ADDRESS = "192.0.2.1/29"
"""Of the block kept for documentation (RFC 5737): no machine's network is there. Nothing uses the bridge."""


@dataclass
class PrivateEngine:
    """`start`, `stop` or `kill` it, start it again; containers go on meanwhile (live-restore)."""

    root: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """For DOCKER_HOST."""
        return f"unix://{self.root / 'e.sock'}"

    @property
    def bridge(self) -> str:
        """The name of its bridge, which has to be there before it starts."""
        return f"deng{os.getpid()}"

    def start(self) -> None:
        """Return once it answers. On a busy machine it gives its own helper too little time and ends:
        it is started again then, as systemd does.
        """
        for _ in range(5):
            self._begin()
            wait_until(lambda: self._ended() or self._answers(), PATIENCE, self.said)
            if not self._ended():
                return
        raise AssertionError(self.said())

    def stop(self) -> None:
        """SIGTERM, as `systemctl stop docker`."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """`kill -9`: it leaves its process number and its socket lying about."""
        self._end(signal.SIGKILL)

    def revive(self) -> None:
        """Start it if it is away."""
        if self._ended():
            self.start()

    def load(self, *images: str) -> None:
        """Bring images over from the machine's own engine."""
        with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as saved:
            done = subprocess.run(["docker", "--host", self.address, "load", "--quiet"], stdin=saved.stdout,
                                  capture_output=True, text=True, check=False)
        assert (saved.returncode, done.returncode) == (0, 0), done.stderr

    def said(self) -> str:
        return (self.root / "log").read_text(errors="replace")[-2000:]

    def _begin(self) -> None:
        words = ["dockerd", "--host", self.address, "--data-root", str(self.root / "data"),
                 "--exec-root", str(self.root / "exec"), "--pidfile", str(self.root / "pid"),
                 "--bridge", self.bridge, "--iptables=false", "--ip6tables=false", "--live-restore"]
        with (self.root / "log").open("ab") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)

    def _answers(self) -> bool:
        return subprocess.run(["docker", "--host", self.address, "version"], capture_output=True,
                              check=False).returncode == 0

    def _ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(PATIENCE)


@contextmanager
def private_engine() -> Iterator[PrivateEngine]:
    """A running one; nothing of it is left afterwards, neither processes nor mounts nor files."""
    root = Path(tempfile.mkdtemp(prefix="dialup-engine-"))
    engine = PrivateEngine(root)
    _ip("link", "add", engine.bridge, "type", "bridge")
    try:
        _ip("address", "add", BRIDGE_ADDRESS, "dev", engine.bridge)
        engine.start()
        yield engine
    finally:
        engine.stop()
        _end_helpers(root)
        _unmount(root)
        _ip("link", "delete", engine.bridge)
        shutil.rmtree(root)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def _end_helpers(root: Path) -> None:
    """What outlives a killed engine; each names our folder on its command line."""
    for one in proc.processes():
        with suppress(OSError):
            words = Path(f"/proc/{one.pid}/cmdline").read_bytes()
            if b"containerd" in words.split(b"\0")[0] and os.fsencode(root) in words:
                os.kill(one.pid, signal.SIGKILL)


def _unmount(root: Path) -> None:
    places = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for place in sorted((one for one in places if one.startswith(f"{root}/")), reverse=True):
        subprocess.run(["umount", "--lazy", place], check=True)
