"""One running thing: of a site, a preview, a lab or a build; and the specification it starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class InstanceKind(StrEnum):
    """What an instance is for; it decides limits, priority and who may stop it."""

    SITE = "site"
    PREVIEW = "preview"
    LAB = "lab"
    BUILD = "build"


class InstanceState(StrEnum):
    """Running, or over. A driver knows no "healthy": that is asked over HTTP."""

    RUNNING = "running"
    EXITED = "exited"


class Runtime(StrEnum):
    """The tools an instance needs: an image to the docker driver, a tool chain to the process driver."""

    NODE = "node"
    PYTHON = "python"
    """A plain Python with pip, without anything of dialup's: Python sites."""
    LAB = "lab"
    """dialup's own Python environment: labs, notebook sites and the static preview server."""
    NGINX = "nginx"
    """A web server for files, in containers only: static sites where they have containers of their own."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder the instance may see. Host path; docker mounts it at the same path."""

    path: Path
    writable: bool = False


@dataclass(frozen=True, slots=True)
class InstanceSpec:
    """Everything a driver needs to start an instance; pure data, no secrets in `steps`.

    `key` is unique for ever (it holds the deployment's or session's id) and safe as a
    container's name. `steps` run one after another in `directory`; all but the last must exit 0,
    the last one is the instance. With `listens`, the driver chooses a free address and sets
    `PORT` (and `HOST`) in the environment; `{port}` and `{host}` in an argument are replaced by them, and
    so is an environment variable that is `{host}`.
    Memory in MiB, CPU in cores, deadline in seconds of wall time.
    """

    key: str
    kind: InstanceKind
    account: str
    runtime: Runtime
    steps: tuple[tuple[str, ...], ...]
    directory: Path
    site: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    listens: bool = True
    memory_mb: int = 256
    cpu: float = 0.25
    deadline: float | None = None
    variables: Path | None = None
    """A folder with what the owner tells the program: the last step gets it as environment, and as files
    in `SECRETS_DIR`. Never part of anything that shows; the driver removes it with the instance."""
    data: Path | None = None
    """A folder that outlives it, made when it is not there: the program finds it by `DATA_DIR`, and in a
    container at `/data`. No two instances with the same one may run at a time; that is the caller's care."""


@dataclass(frozen=True, slots=True)
class Instance:
    """What a driver knows of one. `address` is `<ip>:<port>`, None when it does not listen."""

    key: str
    kind: InstanceKind
    account: str
    site: str | None
    state: InstanceState
    address: str | None
    started_at: datetime
    exit_code: int | None = None
    """None while running, and when it ended while nobody watched (after a hub's crash)."""
    reason: str = ""
    """Why it is over, when the driver knows better than the exit code: `deadline`, `memory`."""
    memory_mb: int | None = None
    """The memory it may have, in MiB; None when the driver does not know."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Memory in bytes, CPU in seconds since start, number of processes."""

    memory_bytes: int
    cpu_seconds: float
    processes: int
    refused: int = 0
    """How often the kernel gave it no further process or thread; 0 where nobody counts that."""
    most: int | None = None
    """So many processes and threads it may have, where that is limited."""


@dataclass(frozen=True, slots=True)
class LogChunk:
    """Raw log bytes from `offset`; pass `next_offset` to go on. After a cut, `offset` moves up."""

    data: bytes
    offset: int
    next_offset: int
