"""The driver that runs instances as plain processes of this machine: for a trial, and for tests.

It isolates nobody: every instance runs as the hub's own user and sees its files. CPU limits are
not enforced; memory is watched, not walled. What it promises is order: each instance has its own
session, scrubbed environment, folder, log and address, outlives the hub, and ends completely.
"""

from __future__ import annotations

import builtins
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from dialup_ext.crashpoint import crashpoint
from dialup_ext.domain.clock import SystemClock
from dialup_ext.domain.instance import Instance, InstanceSpec, LogChunk, Runtime, Usage
from dialup_ext.domain.ports import Clock
from dialup_ext.durable import no_space
from dialup_ext.errors import DialupError, NotFound, Unavailable
from dialup_ext.settings import Settings
from dialup_ext.spawner import proc
from dialup_ext.spawner.addresses import Addresses
from dialup_ext.spawner.data import make_data
from dialup_ext.spawner.environment import scrubbed
from dialup_ext.spawner.family import Families, wait_for_end
from dialup_ext.spawner.journal import Journal, Record, check_key
from dialup_ext.spawner.output import create_log, cut_log, log_end, read_log
from dialup_ext.spawner.start import spawn
from dialup_ext.spawner.toolchain import Toolchain
from dialup_ext.spawner.variable_files import VariableFiles
from dialup_ext.spawner.watch import Watch

_log = logging.getLogger(__name__)
_FIRST_MOMENT = 5.0
"""Seconds a launcher without go-ahead has to notice that nobody will give it one."""


class ProcessDriver:
    """Driver on plain processes; see `domain.ports.Driver` for what each call promises.

    A new object finds everything an earlier one started, in this process or another.
    `close` ends the watching thread, never an instance.
    """

    name = "process"

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._journal = Journal(settings.home / "instances")
        self._families = Families(settings.home)
        self._variables = VariableFiles(settings)
        self._toolchain = Toolchain(settings.home / "toolchain")
        self._addresses = Addresses(self._journal.root / ".next", settings.port_range_start,
                                    settings.port_range_end)
        self._watch = Watch(self._look, self._ended)
        self._journal.sweep()
        self._variables.sweep([instance.key for instance in self.list()])

    def check(self) -> None:
        if not os.access(self._journal.root, os.W_OK | os.X_OK):
            raise Unavailable(f"dialup may not write in {self._journal.root}.", code="home_not_writable",
                              hint="Give the folder to the user dialup runs as.")

    def prepare(self, runtime: Runtime, say: Callable[[str], None]) -> None:
        """Nothing: tools are found where they are, at the start of what needs them."""

    def python(self, runtime: Runtime) -> str:
        """The one dialup runs on, whatever the runtime."""
        return f"{sys.version_info.major}.{sys.version_info.minor}"

    def start(self, spec: InstanceSpec) -> Instance:
        check_key(spec.key)
        path = self._toolchain.folders(spec.runtime)
        if not spec.directory.is_dir():
            raise Unavailable(f"The folder {spec.directory} is not there.", code="directory_missing",
                              hint="It was moved or deleted. Deploy again, or create the site again.")
        with self._journal.locked():
            record = self._present(spec.key) or self._begin(spec, path)
        if not record.ended:
            self._watch.add([record])
        return record.instance()

    def inspect(self, key: str) -> Instance | None:
        record = self._record(key)
        return record.instance() if record else None

    def list(self) -> list[Instance]:
        records = [record for key in self._journal.known() if (record := self._record(key))]
        return [record.instance() for record in records]

    def wait(self, key: str, timeout: float) -> Instance:
        record = self._record(key)
        if record is None:
            raise _unknown(key)
        if not record.ended:
            wait_for_end(record.pid, record.ticks, timeout)
        # Stopped and forgotten meanwhile: the caller still learns that it is over.
        return self.inspect(key) or replace(record, ended=True, reason="stopped").instance()

    def stop(self, key: str, grace: float = 10.0) -> None:
        check_key(key)
        with self._journal.locked():
            record = self._journal.read(key)
        self._watch.drop(key)
        self._families.end(key, record, grace)
        with self._journal.locked():
            # Whoever came in between belongs to the same key, and the key is being stopped.
            self._families.end(key, self._journal.read(key) or record, 0)
            if record:
                _reap(record)
            self._journal.forget(key)
        self._variables.remove(key)

    def log(self, key: str, offset: int = 0, limit: int = 65536) -> LogChunk:
        try:
            return read_log(self._journal.log_file(check_key(key)), offset, limit)
        except FileNotFoundError:
            raise _unknown(key) from None

    def log_end(self, key: str) -> int:
        try:
            return log_end(self._journal.log_file(check_key(key)))
        except FileNotFoundError:
            raise _unknown(key) from None

    def listening(self, key: str) -> builtins.list[str]:
        members = self._families.members(key, self._record(key))
        held = set().union(*(proc.sockets(one.pid) for one in members)) if members else set()
        return sorted({address for inode, address in proc.listeners().items() if inode in held})

    def connections(self, key: str) -> int:
        return sum(map(proc.established, self.listening(key)))

    def usage(self, key: str) -> Usage | None:
        record = self._record(key)
        if record is None or record.ended:
            return None
        seen = (self._families.members(key, record, self._families.table(oldest=1.0))
                or self._families.members(key, record))
        members = [now for one in seen if (now := proc.process(one.pid)) and now.ticks == one.ticks]
        memory = sum(proc.own_memory(one.pid) or one.rss_bytes for one in members)
        return Usage(memory, sum(one.cpu_seconds for one in members), len(members))

    def close(self) -> None:
        """End the watching thread. Instances go on, unwatched, until the next driver object."""
        self._watch.close()

    # -- starting ------------------------------------------------------------------------------
    def _present(self, key: str) -> Record | None:
        """What is there under `key`, after removing what a crashed start left. Under the lock."""
        record = self._journal.read(key)
        if record is None:
            if self._journal.folder(key).exists():
                self._families.end(key, None, 0)
                self._journal.forget(key)
            return None
        # A launcher whose hub died without giving the go-ahead is about to leave: let it decide.
        patience = time.monotonic() + _FIRST_MOMENT
        while not (record.ended or self._journal.begun(key)) and time.monotonic() < patience:
            if wait_for_end(record.pid, record.ticks, 0.01):
                break
        return self._settled(record)

    def _begin(self, spec: InstanceSpec, path: Sequence[Path]) -> Record:
        address = self._addresses.choose(self._taken()) if spec.listens else None
        try:
            with no_space():
                make_data(spec.data)
                return self._launch(spec, path, address)
        except DialupError:
            self._journal.forget(spec.key)
            raise
        except OSError as error:
            self._journal.forget(spec.key)
            raise Unavailable(f"The server cannot start another program: {error.strerror}.",
                              hint="It is out of memory or processes. Stop what is not needed.",
                              code="cannot_start") from error

    def _launch(self, spec: InstanceSpec, path: Sequence[Path], address: str | None) -> Record:
        """Intent, launcher, its name in the journal, go-ahead: a crash between two leaves nothing."""
        self._journal.intend(spec, address)
        folder = self._journal.folder(spec.key)
        mark = self._families.mark(spec.key)
        log = create_log(self._journal.log_file(spec.key))
        try:
            launcher = spawn(spec.key, scrubbed(spec, mark=mark, folder=folder, path=path, address=address),
                             log)
        finally:
            os.close(log)
        with launcher:
            record = Record(
                key=spec.key, kind=spec.kind, account=spec.account, site=spec.site, address=address,
                memory_mb=spec.memory_mb, deadline=spec.deadline, pid=launcher.pid,
                ticks=launcher.ticks, boot=proc.boot(), started_at=self._clock.now())
            self._journal.save(record)
            crashpoint("C7b")
            launcher.go(spec, address, folder / "begun")
        return record

    def _taken(self) -> set[str]:
        """Addresses given out: their programs may not listen on them yet."""
        return {one.address for key in self._journal.known() if (one := self._journal.read(key)) and one.address}

    # -- looking -------------------------------------------------------------------------------
    def _record(self, key: str) -> Record | None:
        """The present truth about `key`; what runs is watched from now on."""
        record = self._journal.read(check_key(key))
        if record is None or record.ended:
            return record
        if not self._families.alive(record):
            with self._journal.locked():
                return self._settled(record)
        self._watch.add([record])
        return record

    def _settled(self, record: Record) -> Record | None:
        """The record as it is now, written down if its end is news. Under the lock.

        Its first process is the instance: what it left behind is ended with it.
        """
        fresh = self._journal.read(record.key)
        if fresh is None or fresh.ended or self._families.alive(fresh):
            return fresh
        try:
            self._families.end(record.key, fresh, 0)
        except Unavailable as error:
            _log.warning("left a process behind", extra={"key": record.key, "error": error.message})
        code = _reap(fresh)
        if code is None and not self._journal.begun(record.key):
            self._journal.forget(record.key)  # its hub died before the go-ahead: it never was
            return None
        ended = replace(fresh, ended=True, exit_code=code)
        self._journal.save(ended)
        return ended

    # -- watching ------------------------------------------------------------------------------
    def _ended(self, record: Record) -> None:
        with self._journal.locked():
            self._settled(record)

    def _look(self, records: Sequence[Record]) -> None:
        table = self._families.table(oldest=0.0)
        for record in records:
            cut_log(self._journal.log_file(record.key), self._settings.log_max_mb << 20)
            if record.deadline is not None and proc.age(record.ticks) > record.deadline:
                self._enforce(record, "deadline", f"it may take {record.deadline:g} seconds, and they are over.")
                continue
            used = _memory(self._families.members(record.key, record, table), record.memory_mb << 20)
            if used > record.memory_mb << 20:
                self._enforce(record, "memory", f"it used {used >> 20} MiB and may use {record.memory_mb} MiB.")

    def _enforce(self, record: Record, reason: str, why: str) -> None:
        """End an instance that went over a limit; the reason is written down first."""
        with self._journal.locked():
            fresh = self._journal.read(record.key)
            if fresh is None or not self._families.alive(fresh):
                return
            self._journal.save(replace(fresh, reason=reason))
            log = create_log(self._journal.log_file(record.key))
            try:
                os.write(log, f"dialup: ended, because {why}\n".encode())
            finally:
                os.close(log)
        self._families.end(record.key, record, 0)


def _memory(members: Sequence[proc.Process], limit: int) -> int:
    """Bytes in use. Resident size counts shared pages for each process, so it is only the first
    guess, at no price; near the limit the kernel adds up what each really costs.
    """
    guess = sum(one.rss_bytes for one in members)
    if guess <= limit:
        return guess
    return sum(proc.own_memory(one.pid) or 0 for one in members)


def _reap(record: Record) -> int | None:
    """Its exit code, 128 + n when signal n ended it; None when it is not ours to ask."""
    found = proc.process(record.pid)
    if found is None or found.ticks != record.ticks:
        return None
    # The first thread may be dead while the others still end: then there is no exit code yet.
    wait_for_end(record.pid, record.ticks, _FIRST_MOMENT)
    try:
        pid, status = os.waitpid(record.pid, os.WNOHANG)
    except ChildProcessError:
        return None
    code = os.waitstatus_to_exitcode(status) if pid else None
    return code if code is None or code >= 0 else 128 - code


def _unknown(key: str) -> NotFound:
    return NotFound(f"Nothing runs under the key “{key}”.", code="instance_not_found",
                    hint="It was stopped, or never started.")
