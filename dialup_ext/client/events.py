"""What happens during a deploy, as values: progress bars, widgets, the lab and CI draw the same ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dialup_ext.client.walk import Skipped


@dataclass(frozen=True, slots=True)
class Reading:
    """`done` of `total` files were looked at."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Found:
    """The folder is read: this is what the site consists of."""

    files: int
    total_bytes: int
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class Created:
    """The site was new and exists now."""

    site: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recognised:
    """The server knows what the folder is, and what it lacks of it. Sizes in bytes."""

    kind: str
    why: str
    missing_files: int
    missing_bytes: int


@dataclass(frozen=True, slots=True)
class Sent:
    """`sent` of `total` bytes of content are on their way or there."""

    sent: int
    total: int


@dataclass(frozen=True, slots=True)
class Released:
    """The server holds all of it as a release, in the API's words."""

    release: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Moved:
    """The deployment is at another status, in the API's words."""

    deployment: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the deployment's log."""

    text: str


Event = Reading | Found | Created | Recognised | Sent | Released | Moved | Line
OnEvent = Callable[[Event], None]


def ignore(event: Event) -> None:
    """For callers who only want the result."""
