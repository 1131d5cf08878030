"""A person who can log in: role, quota, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What an account is allowed to see: its own things, or everybody's state."""

    USER = "user"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Quota:
    """The most one account may use. Memory and storage in MiB, CPU in cores, builds at the same time.

    Memory and CPU are for sites that run: two Node sites at a time, any number that sleeps. Storage is for
    everything, and one Next site takes a gigabyte of it: its dependencies are in the workspace, and installed.
    """

    max_sites: int = 3
    max_memory_mb: int = 512
    max_cpu_cores: float = 0.5
    max_storage_mb: int = 4096
    max_builds: int = 1


@dataclass(frozen=True, slots=True)
class Account:
    """A person. `name` is also the first label of their lab's host."""

    id: str
    name: str
    email: str | None
    role: Role
    created_at: datetime
    quota: Quota = field(default_factory=Quota)
    can_create_sites: bool = True
    can_use_editor: bool = True
    is_active: bool = True
    has_password: bool = False

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN
