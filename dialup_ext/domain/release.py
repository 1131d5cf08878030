"""An immutable tree of files plus how to run it; named by its content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dialup_ext.domain.site import Kind


@dataclass(frozen=True, slots=True)
class Release:
    """What one upload became. Never edited, only superseded.

    `number` counts from 1 per site and is what people see ("release 12"); uploading the very
    same content again gives the same release.
    """

    id: str
    site_id: str
    number: int
    kind: Kind
    digest: str
    """SHA-256 of the manifest."""
    file_count: int
    size_bytes: int
    created_at: datetime
    created_by: str
    root: str = ""
    """The folder inside the upload that is public, for a static site: “” or e.g. “public”."""
    layer: str | None = None
    """Key of the sealed dependency layer, once it has been built."""
    why: str = ""
    """How the kind was found, in a sentence for the person."""
