"""Answers about accounts, keys, use and health."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from dialup_ext.handlers.wire.base import Wire
from dialup_ext.handlers.wire.sites import Site


class Used(Wire):
    used: float
    limit: float


class StorageParts(Wire):
    """MiB, together what is used."""

    releases: float
    volumes: float
    home: float
    logs: float
    caches: float


class Quota(Wire):
    """Use against quota; memory and storage in MiB, CPU in cores. `storage_parts` says where the storage is."""

    sites: Used
    memory_mb: Used
    cpu_cores: Used
    storage_mb: Used
    builds: Used
    storage_parts: StorageParts


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
    live_release: int | None
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
