"""A running lab or preview, as the store remembers it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class EditorSession:
    """`kind` is `lab` or `preview`; `state` is `starting`, `running` or `failed`."""

    id: str
    account_id: str
    account: str
    site_id: str | None
    site: str | None
    kind: str
    instance_key: str
    state: str
    message: str
    created_at: datetime
    expires_at: datetime | None
    secret: str | None = field(default=None, repr=False)
    """A lab's own secret: it opens that lab and nothing else."""
