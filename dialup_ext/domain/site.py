"""Something people can visit: a name, an owner, a kind, at most one live release."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What a site is made with. Detection explains its choice; see `build/detect.py`.

    Whether a release of it needs an instance is the release's own affair: an Astro or Next site may be
    built into files or into a program.
    """

    STATIC = "static"
    NODEJS = "nodejs"
    ASTRO = "astro"
    NEXT = "next"
    PYTHON = "python"
    NOTEBOOK = "notebook"


class SiteStatus(StrEnum):
    """What a visitor would find. `editing` is `active` or `new` with a preview running.

    `failed` is a site that never went live, or one that was stopped because it ended again and again.
    """

    NEW = "new"
    ACTIVE = "active"
    STOPPED = "stopped"
    SLEEPING = "sleeping"
    BUILDING = "building"
    FAILED = "failed"
    EDITING = "editing"


@dataclass(frozen=True, slots=True)
class Site:
    """A site as the store knows it. `live_release` is intent; the ingress link is what is served."""

    id: str
    name: str
    owner_id: str
    owner: str
    kind: Kind
    status: SiteStatus
    created_at: datetime
    template: str | None = None
    live_release_id: str | None = None
    live_deployment_id: str | None = None
    last_deployed: datetime | None = None
    last_edited: datetime | None = None
    error_message: str | None = None
    storage_bytes: int = 0
    """What its releases take on disk, as their manifests say."""
    stopped: bool = False
    """The owner wants it stopped: visitors see a page that says so, nothing runs."""
    runs: bool = False
    """True when its live release needs an instance; False when Caddy serves files alone, or nothing is live."""
    sleep_after: int | None = None
    """Seconds without a visit after which its instance is stopped until the next one; None: never."""
    asleep: bool = False
    """Its instance was stopped for want of visitors; the next request wakes it."""
    halted: str | None = None
    """Why the server no longer starts it by itself, in a sentence; None while it does."""
    volume: bool = False
    """It has a folder of its own for data, which survives deployments."""

    def host(self, domain: str) -> str:
        return f"{self.name}.{domain}"

    def preview_host(self, domain: str) -> str:
        return f"{self.name}-dev.{domain}"
