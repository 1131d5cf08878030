"""What the process driver remembers on disk, so that a new hub finds every instance again.

One folder per instance, `<home>/instances/<key>/`:

    spec.json    the intent, written before anything is started; names of variables, no values
    state.json   pid, start time and boot of its first process; later how it ended
    begun        there once the launcher has its go-ahead
    log          both output streams        home/ tmp/   its own, empty at the start

Every write is whole and durable, see `dialup_ext.durable`.
"""

from __future__ import annotations

import json
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dialup_ext.domain.instance import Instance, InstanceKind, InstanceSpec, InstanceState
from dialup_ext.durable import locked, write_file
from dialup_ext.errors import BadInput

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{1,127}")
_TRASH = ".trash-"


@dataclass(frozen=True, slots=True)
class Record:
    """One instance as the journal has it."""

    key: str
    kind: InstanceKind
    account: str
    site: str | None
    address: str | None
    memory_mb: int
    deadline: float | None
    pid: int
    ticks: int
    boot: str
    started_at: datetime
    ended: bool = False
    exit_code: int | None = None
    reason: str = ""

    def instance(self) -> Instance:
        state = InstanceState.EXITED if self.ended else InstanceState.RUNNING
        return Instance(self.key, self.kind, self.account, self.site, state, self.address,
                        self.started_at, self.exit_code, self.reason, self.memory_mb)


def check_key(key: str) -> str:
    """Return `key` if it can name a folder and a container, or raise `BadInput`."""
    if not _KEY.fullmatch(key):
        raise BadInput(f"“{key[:60]}” cannot be the key of an instance.", code="bad_key",
                       hint="Use 2 to 128 letters, digits, dots, hyphens and underscores, "
                            "a letter or digit first.")
    return key


class Journal:
    """The folders under `root`. Several drivers and threads may share it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else, in no thread and no process, changes what exists meanwhile. Not reentrant."""
        with locked(self.root):
            yield

    def folder(self, key: str) -> Path:
        return self.root / key

    def log_file(self, key: str) -> Path:
        return self.root / key / "log"

    def known(self) -> list[str]:
        """Every key with a folder, in order."""
        return sorted(path.name for path in self.root.iterdir() if _KEY.fullmatch(path.name))

    def intend(self, spec: InstanceSpec, address: str | None) -> None:
        """Write down what is about to be started. Only under the lock; the key must be free."""
        folder = self.folder(spec.key)
        folder.mkdir(mode=0o700)
        for name in ("home", "tmp"):
            (folder / name).mkdir(mode=0o700)
        _write(folder / "spec.json", {
            "key": spec.key, "kind": spec.kind, "account": spec.account, "site": spec.site,
            "runtime": spec.runtime, "steps": spec.steps, "directory": str(spec.directory),
            "environment": sorted(spec.environment), "address": address,
            "memory_mb": spec.memory_mb, "cpu": spec.cpu, "deadline": spec.deadline,
        })

    def save(self, record: Record) -> None:
        """Write down what became of it. Only under the lock."""
        _write(self.folder(record.key) / "state.json", {
            "pid": record.pid, "ticks": record.ticks, "boot": record.boot,
            "started_at": record.started_at.isoformat(), "ended": record.ended,
            "exit_code": record.exit_code, "reason": record.reason,
        })

    def read(self, key: str) -> Record | None:
        """The instance, or None when none was started under this key (an intent is not one)."""
        spec, state = _read(self.folder(key) / "spec.json"), _read(self.folder(key) / "state.json")
        if spec is None or state is None:
            return None
        return Record(
            key=key, kind=InstanceKind(spec["kind"]), account=spec["account"], site=spec["site"],
            address=spec["address"], memory_mb=spec["memory_mb"], deadline=spec["deadline"],
            pid=state["pid"], ticks=state["ticks"], boot=state["boot"],
            started_at=datetime.fromisoformat(state["started_at"]), ended=state["ended"],
            exit_code=state["exit_code"], reason=state["reason"])

    def begun(self, key: str) -> bool:
        """True once the launcher had its go-ahead."""
        return (self.folder(key) / "begun").exists()

    def forget(self, key: str) -> None:
        """Remove everything of `key`, the log too. Gone at once, even if removing is interrupted."""
        trash = self.root / f"{_TRASH}{key}"
        _remove(trash)
        try:
            self.folder(key).rename(trash)
        except FileNotFoundError:
            return
        _remove(trash)

    def sweep(self) -> None:
        """Remove what a crash left: intents nobody followed up, and half removed folders."""
        with self.locked():
            for path in list(self.root.glob(f"{_TRASH}*")):
                _remove(path)
            for key in self.known():
                if not (self.folder(key) / "state.json").exists():
                    self.forget(key)


def _write(path: Path, content: dict[str, Any]) -> None:
    write_file(path, json.dumps(content, indent=1).encode() + b"\n")


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _remove(path: Path) -> None:
    """Delete a tree even where its program took the write permission from its folders."""
    def again(remove: Callable[..., Any], name: str, _error: Any) -> None:
        parent = Path(name).parent
        parent.chmod(stat.S_IRWXU)
        remove(name)

    if path.exists():
        shutil.rmtree(path, onerror=again)
