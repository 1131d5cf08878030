"""A link that opens one preview to whoever has it, for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

MOST_LINKS = 20
"""Of one site, at a time."""

LONGEST_HOURS = 30 * 24


@dataclass(frozen=True, slots=True)
class PreviewLink:
    """What is known of it; its token is stored nowhere."""

    id: str
    site_id: str
    created_at: datetime
    expires_at: datetime
