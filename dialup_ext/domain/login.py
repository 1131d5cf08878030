"""What proves an account: sessions, keys, one-time links. Only their marks, never the secrets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LoginSession:
    """One login at one host; `agent` and `address` help its owner to recognise it."""

    id: str
    account_id: str
    host: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    address: str = ""
    agent: str = ""
    parent_id: str | None = None
    """The portal session it was handed over from; it ends with that one."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret. `public_id` is the part of the text that may be shown."""

    id: str
    public_id: str
    account_id: str
    name: str
    scopes: tuple[str, ...]
    sites: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None = None
    used_from: str = ""

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a login comes from: the visitor's address and browser, as reported."""

    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just opened. `token` goes into the cookie and is stored nowhere."""

    token: str
    session: LoginSession
    lifetime: int
    """Seconds until it ends in any case."""


@dataclass(frozen=True, slots=True)
class Handover:
    """A redeemed one-time code: whose it was, where it leads, the session it came from."""

    account_id: str
    next_path: str
    session_id: str | None
