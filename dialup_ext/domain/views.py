"""What people are shown: answers of the hub, put together from several values.

The portal's templates read these, and `handlers/wire.py` turns them into JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dialup_ext.domain.deployment import STEPS, Failure


@dataclass(frozen=True, slots=True)
class ReleaseRef:
    """A release as mentioned beside other things."""

    id: str
    number: int


@dataclass(frozen=True, slots=True)
class DeploymentView:
    """One attempt, as shown. `still_live` is the release that serves in spite of a failure; `came_from`
    the one that was live before a rollback.
    """

    id: str
    site: str
    release: ReleaseRef
    status: str
    step: str
    action: str
    created_at: datetime
    changed_at: datetime
    created_by: str
    duration_seconds: float
    live_at: datetime | None
    still_live: int | None
    came_from: int | None
    failure: Failure | None
    steps: tuple[str, ...] = STEPS


@dataclass(frozen=True, slots=True)
class PreviewView:
    """A site's preview: `stopped`, `starting`, `running` or `failed`."""

    site: str
    state: str
    url: str
    message: str = ""
    log_tail: tuple[str, ...] = ()
    upstream: str | None = None
    """Its `<ip>:<port>`: only for the owner's own lab."""


@dataclass(frozen=True, slots=True)
class LabView:
    """An account's lab, in the same four states."""

    account: str
    state: str
    url: str
    message: str = ""
    progress: int = 0
    log_tail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SiteView:
    """A site with everything a list shows of it."""

    id: str
    name: str
    owner: str
    kind: str
    status: str
    address: str
    preview_address: str
    template: str | None
    live_release: ReleaseRef | None
    last_deployed: datetime | None
    last_deployed_by: str | None
    created_at: datetime
    last_edited: datetime | None
    error_message: str | None
    storage_bytes: int
    memory_mb: float | None
    runs: bool
    sleep_after: int | None
    halted: str | None
    volume: bool
    deployment: DeploymentView | None
    preview: PreviewView | None


@dataclass(frozen=True, slots=True)
class VariableView:
    """A variable of a site. `value` is None when it is secret, or when who asks may only look."""

    name: str
    value: str | None
    secret: bool
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class VariablesView:
    """All of a site's; `needs_restart` while what runs was given others."""

    variables: tuple[VariableView, ...]
    needs_restart: bool


@dataclass(frozen=True, slots=True)
class PreviewLinkView:
    """A link that opens a preview to whoever has it. `url` only in the answer that made it."""

    id: str
    created_at: datetime
    expires_at: datetime
    url: str = ""


@dataclass(frozen=True, slots=True)
class Used:
    """So much of so much."""

    used: float
    limit: float


@dataclass(frozen=True, slots=True)
class QuotaView:
    """An account's use against its quota. Memory and storage in MiB, CPU in cores, builds at the same time.

    `storage_parts` are the MiB of `releases`, `volumes`, `home`, `logs` and `caches`; together what is used.
    """

    sites: Used
    memory_mb: Used
    cpu_cores: Used
    storage_mb: Used
    builds: Used
    storage_parts: dict[str, float]


@dataclass(frozen=True, slots=True)
class Health:
    """`ok`, or `degraded` with what is wrong. Each check is `ok` or a sentence."""

    status: str
    checks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Overview:
    """The server, for admins. Sizes in MiB."""

    health: Health
    driver: str
    version: str
    accounts: tuple[dict[str, Any], ...]
    sites: tuple[SiteView, ...]
    instances: tuple[dict[str, Any], ...]
    disk: dict[str, float]
    memory: dict[str, float]
    cpu: dict[str, float]
    at: datetime


@dataclass(frozen=True, slots=True)
class UsageView:
    """What one account uses now, site by site."""

    sites: tuple[dict[str, Any], ...]
    quota: QuotaView
    lab_memory_mb: float | None
    at: datetime
