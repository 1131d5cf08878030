"""Something people can visit: a name, an owner, a kind, at most one live release."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """How a site is run. Detection explains its choice; see `build/detect.py`.

    An Astro site is built into files, and so are static sites whose release names a builder.
    """

    STATIC = "static"
    NODEJS = "nodejs"
    ASTRO = "astro"

    @property
    def runs(self) -> bool:
        """True when a live release needs an instance; False when Caddy serves files alone."""
        return self is Kind.NODEJS


class SiteStatus(StrEnum):
    """What a visitor would find. `editing` is `active` or `new` with a preview running."""

    NEW = "new"
    ACTIVE = "active"
    STOPPED = "stopped"
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

    def host(self, domain: str) -> str:
        return f"{self.name}.{domain}"

    def preview_host(self, domain: str) -> str:
        return f"{self.name}-dev.{domain}"
