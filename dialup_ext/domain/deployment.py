"""One attempt to make a release live: its status, the table of legal moves, the one move."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from dialup_ext.errors import Conflict


class Status(StrEnum):
    """Participles while working, adjectives when done; the UI shows the same words."""

    QUEUED = "queued"
    BUILDING = "building"
    STARTING = "starting"
    CHECKING = "checking"
    SWITCHING = "switching"
    LIVE = "live"
    SUPERSEDED = "superseded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """True when no work is left: live counts, though a later deployment supersedes it."""
        return self in FINAL


FINAL = frozenset({Status.LIVE, Status.SUPERSEDED, Status.FAILED, Status.CANCELLED})

MOVES: dict[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.BUILDING, Status.FAILED, Status.CANCELLED}),
    Status.BUILDING: frozenset({Status.STARTING, Status.FAILED, Status.CANCELLED}),
    Status.STARTING: frozenset({Status.CHECKING, Status.FAILED, Status.CANCELLED}),
    Status.CHECKING: frozenset({Status.SWITCHING, Status.FAILED, Status.CANCELLED}),
    Status.SWITCHING: frozenset({Status.LIVE, Status.FAILED}),
    Status.LIVE: frozenset({Status.SUPERSEDED}),
}

STEPS = ("upload", "build", "start", "check", "live")
"""What the panel and the CLI draw; `step_of` says which one a status is in."""

_STEP = {
    Status.QUEUED: "build",
    Status.BUILDING: "build",
    Status.STARTING: "start",
    Status.CHECKING: "check",
    Status.SWITCHING: "live",
    Status.LIVE: "live",
    Status.SUPERSEDED: "live",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a deployment failed, for the failure card: cause, one thing to try, last lines."""

    code: str
    message: str
    hint: str
    step: str
    log_tail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deployment:
    """One attempt. `action` is `deploy` or `rollback`; both run the same code."""

    id: str
    site_id: str
    release_id: str
    release_number: int
    status: Status
    action: str
    created_at: datetime
    changed_at: datetime
    created_by: str
    attempt: int = 1
    failure: Failure | None = None
    live_at: datetime | None = None
    build_duration_seconds: float | None = None

    @property
    def step(self) -> str:
        if self.failure is not None:
            return self.failure.step
        return _STEP.get(self.status, "build")


def advance(deployment: Deployment, to: Status, *, at: datetime,
            failure: Failure | None = None) -> Deployment:
    """Move `deployment` to `to`, or raise `Conflict` when the table has no such move."""
    if to not in MOVES.get(deployment.status, frozenset()):
        raise Conflict(f"A deployment that is {deployment.status} cannot become {to}.",
                       code="illegal_move", hint="Reload to see where it stands.")
    live_at = at if to is Status.LIVE else deployment.live_at
    return replace(deployment, status=to, changed_at=at, failure=failure, live_at=live_at)


def step_of(status: Status) -> str:
    """The step a status belongs to."""
    return _STEP.get(status, "build")


class StepFailed(Exception):
    """A step of a deployment cannot be done; `failure` is what the person is told."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class StepCancelled(Exception):
    """Somebody asked for the deployment to end; what was live stays live."""
