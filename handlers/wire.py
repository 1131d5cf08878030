"""What requests and answers look like on the wire: the REST contract as pydantic models.

The OpenAPI document is generated from these and from the handlers' `contract`s, and answers are
made by them, so the document cannot say anything else than the server does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Wire(BaseModel):
    """Requests refuse what they do not know; answers are read off views."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Error(Wire):
    """The one shape of every refusal."""

    message: str
    reason: str
    code: str
    hint: str


# -- requests ---------------------------------------------------------------------------------------
class NewSite(Wire):
    """A site to create. Without a kind it is `static` until the first deployment says otherwise."""

    name: str = Field(max_length=200)
    kind: Literal["static", "nodejs"] | None = None
    template: str | None = Field(default=None, max_length=64)


class UploadFile(Wire):
    """One regular file: relative path with `/`, size in bytes, SHA-256 in hex."""

    path: str
    size: int = Field(ge=0)
    sha256: str = Field(min_length=64, max_length=64)
    executable: bool = False


class NewUpload(Wire):
    """All files of a folder, before any of them is sent."""

    files: list[UploadFile] = Field(max_length=100_000)


class NewDeployment(Wire):
    """The release to put live."""

    release: str = Field(max_length=64)


class NewRollback(Wire):
    """The release to go back to, by number or id; without it the one before the live one."""

    release: int | str | None = None


class NewKey(Wire):
    """A key to make. `days` until it expires."""

    name: str = Field(min_length=1, max_length=80)
    scopes: list[str] | None = None
    days: int | None = Field(default=None, ge=1, le=3650)


# -- answers ----------------------------------------------------------------------------------------
class ReleaseRef(Wire):
    id: str
    number: int


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
    """Something people can visit. `status`: new, active, stopped, building, failed, editing."""

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


class Used(Wire):
    used: float
    limit: float


class Quota(Wire):
    """Use against quota; memory and storage in MiB."""

    sites: Used
    memory_mb: Used
    storage_mb: Used


class Account(Wire):
    id: str
    name: str
    email: str | None
    role: str
    can_create_sites: bool
    can_use_editor: bool
    has_password: bool


class Me(Wire):
    """Who is asking, what they may use, and where things are."""

    account: Account
    quota: Quota
    domain: str
    portal: str
    lab: str
    driver: str
    version: str


class Key(Wire):
    """An API key without its secret."""

    id: str
    name: str
    public_id: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class Keys(Wire):
    keys: list[Key]


class KeyShown(Key):
    """A new key; `key` is shown this once."""

    key: str


class Health(Wire):
    """`ok` or `degraded`; each check is `ok` or a sentence."""

    status: str
    checks: dict[str, str]


class AccountUse(Wire):
    id: str
    name: str
    email: str | None
    role: str
    is_active: bool
    created_at: datetime
    lab: str
    quota: Quota


class InstanceUse(Wire):
    key: str
    kind: str
    account: str
    site: str | None
    state: str
    started_at: datetime
    memory_mb: float | None


class Overview(Wire):
    """The whole server, for admins. Sizes in MiB."""

    health: Health
    driver: str
    version: str
    accounts: list[AccountUse]
    sites: list[Site]
    instances: list[InstanceUse]
    disk: dict[str, float]
    memory: dict[str, float]
    cpu: dict[str, float]
    at: datetime


class SiteUse(Wire):
    name: str
    status: str
    kind: str
    address: str
    memory_mb: float | None
    storage_mb: float


class Usage(Wire):
    """What one account uses now."""

    sites: list[SiteUse]
    quota: Quota
    lab_memory_mb: float | None
    at: datetime


class Document(BaseModel):
    """The OpenAPI document itself."""

    model_config = ConfigDict(extra="allow")

    openapi: str
    paths: dict[str, Any]
