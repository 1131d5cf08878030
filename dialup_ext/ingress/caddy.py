"""Start Caddy, adopt the one that is there, keep it alive, stop it. One per home.

It lives in a session of its own and outlives the hub: public sites go on being served. Whatever
Caddy keeps (certificates, its own settings) stays inside the home, beside the rest of the data.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dialup_ext.errors import Unavailable
from dialup_ext.ingress.admin import AdminSocket
from dialup_ext.ingress.binary import find_caddy
from dialup_ext.ingress.caddyfile import render
from dialup_ext.ingress.listening import check_free, has_address
from dialup_ext.ingress.places import listen_addresses, listen_ports
from dialup_ext.ingress.process import POLL, RememberedProcess
from dialup_ext.settings import Settings

START_TIMEOUT = 20.0
"""Seconds until it must answer; measured at 0.1 on an idle machine."""

LOOPBACK = ("127.0.0.1", "::1")


class Caddy:
    """The Caddy of one home.

    A new object on the same home finds the running one again. `binary` overrides the setting.
    """

    def __init__(self, settings: Settings, binary: Path | None = None) -> None:
        self._settings = _on_both_loopbacks(settings)
        self._wanted = str(binary or settings.caddy)
        self._directory = settings.home / "ingress"
        self._remembered = self._directory / "caddy.pid"
        self._admin = AdminSocket(settings.run / "caddy.sock")

    def start(self) -> None:
        """Return when the addresses answer, with the configuration of these settings.

        A Caddy that already runs for this home is kept, and given the configuration if it has
        another. Raises `Unavailable` (`caddy_missing`, `caddy_too_old`, `caddy_failed`) or
        `Conflict` (`port_taken`).
        """
        caddyfile = render(self._settings)
        self._prepare()
        with self._alone():
            self._write(caddyfile)
            if self._admin.answers():
                self._adopt(caddyfile)
            else:
                self._launch()

    def ensure(self) -> bool:
        """Start it again if it is not answering; True when that was necessary. For a watchdog."""
        if self._admin.answers():
            return False
        caddyfile = render(self._settings)
        self._prepare()
        with self._alone():  # of several who noticed, one starts it
            if self._admin.answers():
                return False
            self._write(caddyfile)
            self._launch()
        return True

    def stop(self, grace: float = 5.0) -> None:
        """End it, letting requests finish for up to `grace` seconds. Idempotent.

        Only the Caddy this home started: never one of systemd's, never another's process.
        """
        self._prepare()
        with self._alone():
            self._forget(grace)

    def running(self) -> bool:
        """True while it answers on its admin socket."""
        return self._admin.answers()

    def process_id(self) -> int | None:
        """Of the Caddy this home started, while it runs."""
        process = RememberedProcess.read(self._remembered)
        return process.pid if process and process.running() else None

    def loaded_config(self) -> Any:
        """The configuration in force, as Caddy's own JSON."""
        return self._admin.config()

    # -- starting -------------------------------------------------------------------------------
    def _adopt(self, caddyfile: str) -> None:
        servers = self._admin.config()["apps"]["http"]["servers"].values()
        ours = {int(address.rpartition(":")[2]) for server in servers for address in server["listen"]}
        self._check_ports(but=ours)
        self._admin.load(caddyfile)

    def _launch(self) -> None:
        binary = find_caddy(self._wanted)
        self._forget()
        self._check_ports()
        with suppress(FileNotFoundError):
            (self._settings.run / "caddy.sock").unlink()
        process = self._spawn(binary)
        deadline = time.monotonic() + START_TIMEOUT
        while not (self._admin.answers() and self._listens()):
            if process is None or not process.running() or time.monotonic() > deadline:
                raise self._failed()
            time.sleep(POLL)

    def _check_ports(self, but: Collection[int] = ()) -> None:
        for port in listen_ports(self._settings):
            if port not in but:
                check_free(listen_addresses(self._settings), port)

    def _spawn(self, binary: Path) -> RememberedProcess | None:
        log = os.open(self._output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        try:
            pid = os.posix_spawn(
                binary, [str(binary), "run", "--adapter", "caddyfile", "--config", str(self._caddyfile)],
                self._environment(), setsid=True,
                file_actions=[(os.POSIX_SPAWN_DUP2, nothing, 0), (os.POSIX_SPAWN_DUP2, log, 1),
                              (os.POSIX_SPAWN_DUP2, log, 2)])
        finally:
            os.close(log)
            os.close(nothing)
        process = RememberedProcess.of(pid)
        if process:
            process.write(self._remembered)
        return process

    def _environment(self) -> dict[str, str]:
        own = str(self._directory / "caddy")
        return {"HOME": own, "XDG_DATA_HOME": own, "XDG_CONFIG_HOME": own, "PATH": os.defpath,
                # A quarter more requests per second for 19 MB (measured).
                "GOGC": "400"}

    def _failed(self) -> Unavailable:
        self._forget()
        with suppress(OSError):
            words = self._output.read_text(errors="replace").strip().splitlines()
            return Unavailable(f"Caddy, the web server, did not start: {words[-1][-500:] if words else ''}",
                               hint=f"Its own words are in {self._output}.", code="caddy_failed")
        return Unavailable("Caddy, the web server, did not start.", code="caddy_failed",
                           hint="Look into the folder logs in the home.")

    def _listens(self) -> bool:
        for address in listen_addresses(self._settings) or ["127.0.0.1"]:
            with suppress(OSError), socket.create_connection((address, self._settings.port), timeout=1):
                continue
            return False
        return True

    # -- what it leaves on disk -----------------------------------------------------------------
    @property
    def _caddyfile(self) -> Path:
        return self._directory / "Caddyfile"

    @property
    def _output(self) -> Path:
        return self._settings.home / "logs" / "caddy-start.log"

    def _prepare(self) -> None:
        for directory in (self._directory / "live", self._directory / "serving", self._directory / "caddy",
                          self._settings.home / "logs"):
            directory.mkdir(parents=True, exist_ok=True)
        self._settings.run.mkdir(parents=True, exist_ok=True, mode=0o700)

    def _write(self, caddyfile: str) -> None:
        fresh = self._caddyfile.with_name("Caddyfile.new")
        fresh.write_text(caddyfile)
        fresh.rename(self._caddyfile)

    def _forget(self, grace: float = 5.0) -> None:
        process = RememberedProcess.read(self._remembered)
        if process:
            process.stop(grace)
        self._remembered.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two starts of the same home, one after the other."""
        with (self._directory / "caddy.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _on_both_loopbacks(settings: Settings) -> Settings:
    """Browsers try ::1 first for `*.localhost`: leave it to nobody else when we can have it."""
    if settings.bind == LOOPBACK[0] and has_address(LOOPBACK[1]):
        return settings.with_values(bind=" ".join(LOOPBACK))
    return settings
