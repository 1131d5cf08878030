"""Reads a stream of server-sent events. Pure: lines in, events out.

Deliberately small: it knows `event`, `data` and `id`, and skips comments and anything else, as
the standard asks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event: its name, its data as text, and the id to resume after."""

    name: str
    text: str
    id: str

    @property
    def data(self) -> Any:
        """The data as JSON; `None` when it is not JSON."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


def parse(lines: Iterable[str], last_id: str = "") -> Iterator[ServerEvent]:
    """The events in `lines`. An event cut off by the end of the stream is not given."""
    name, data = "", list[str]()
    for line in lines:
        if not line:
            if data:
                yield ServerEvent(name or "message", "\n".join(data), last_id)
            name, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id" and "\0" not in value:
            last_id = value
