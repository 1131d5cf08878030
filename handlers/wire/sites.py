"""Answers about sites, releases, deployments, previews and labs."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from dialup_ext.handlers.wire.base import Wire


class ReleaseRef(Wire):
    id: str
    number: int


class SourceFile(Wire):
    path: str
    size: int
    sha256: str
    executable: bool


class Source(Wire):
    """What a release was made from."""

    release: int
    files: list[SourceFile]


class Failure(Wire):
    """Why it failed: cause, what to try, the last lines of the log."""

    code: str
    message: str
    hint: str
    step: str
    log_tail: list[str]


class Deployment(Wire):
    """One attempt to make a release live."""

    id: str
    site: str
    release: ReleaseRef
    status: str
    step: str
    steps: list[str]
    action: str
    created_at: datetime
    changed_at: datetime
    created_by: str
    duration_seconds: float
    live_at: datetime | None
    still_live: int | None = Field(description="The release that still serves after a failure.")
    came_from: int | None = Field(description="The release that was live before a rollback.")
    failure: Failure | None


class Preview(Wire):
    """A site's preview: `stopped`, `starting`, `running` or `failed`."""

    site: str
    state: str
    url: str
    message: str
    log_tail: list[str]
    upstream: str | None = Field(description="Its own address, for the owner's lab only.")


class Site(Wire):
    """Something people can visit. `status`: new, active, stopped, sleeping, building, failed, editing."""

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
    runs: bool = Field(description="Its live release needs an instance; otherwise Caddy serves its files alone.")
    sleep_after: int | None = Field(description="Seconds without a visit after which it sleeps; null: never.")
    halted: str | None = Field(description="Why the server no longer starts it by itself.")
    volume: bool = Field(description="It has a folder for data that survives deployments.")
    deployment: Deployment | None
    preview: Preview | None


class Sites(Wire):
    sites: list[Site]


class Release(Wire):
    """An immutable tree of files plus how to run it."""

    id: str
    number: int
    kind: str
    why: str
    digest: str
    file_count: int
    size_bytes: int
    created_at: datetime
    created_by: str


class Releases(Wire):
    releases: list[Release]


class Deployments(Wire):
    deployments: list[Deployment]


class Upload(Wire):
    """What the server lacks of an upload; only that is sent."""

    id: str
    missing: list[str]
    kind: str
    why: str
    total_files: int
    total_bytes: int
    missing_bytes: int


class Received(Wire):
    received: int = Field(description="Contents taken from this request.")
    missing: list[str]


class Lines(Wire):
    lines: list[str]


class Template(Wire):
    """A starter. `picture` is an SVG as a data URL."""

    name: str
    title: str
    description: str
    kind: str
    picture: str


class Templates(Wire):
    templates: list[Template]


class Name(Wire):
    """Whether a site could be called this, and where it would be."""

    name: str
    ok: bool
    address: str
    message: str
    hint: str
    suggestion: str | None


class Ticket(Wire):
    """A URL good once, within a minute."""

    url: str


class Lab(Wire):
    """An account's lab: `stopped`, `starting`, `running` or `failed`."""

    account: str
    state: str
    url: str
    message: str
    progress: int
    log_tail: list[str]
