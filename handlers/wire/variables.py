"""Variables of sites, and links to previews."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from dialup_ext.handlers.wire.base import Wire


class Variable(Wire):
    """`value` is null when it is secret, or when who asks may only look."""

    name: str
    value: str | None
    secret: bool
    changed_at: datetime


class Variables(Wire):
    """All of a site's; `needs_restart` while what runs was given others."""

    variables: list[Variable]
    needs_restart: bool


class NewVariable(Wire):
    """A value to set. A secret's is never shown again."""

    value: str
    secret: bool = False


class PreviewLink(Wire):
    """A link that opens a preview to whoever has it."""

    id: str
    created_at: datetime
    expires_at: datetime


class PreviewLinks(Wire):
    links: list[PreviewLink]


class NewPreviewLink(Wire):
    """How many hours it is good for."""

    hours: int = Field(default=24, ge=1, le=720)


class PreviewLinkMade(Wire):
    """The link itself, shown this once."""

    id: str
    url: str
    expires_at: datetime
