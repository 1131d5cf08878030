"""A site's log: the last lines, or every new one."""

from __future__ import annotations

from collections.abc import Iterator

from dialup_ext.client.transport import Transport


class Logs:
    """What a site's program prints. A static site prints nothing."""

    def __init__(self, transport: Transport, site: str) -> None:
        self._transport = transport
        self._site = site

    def tail(self, lines: int = 50) -> LogLines:
        """The last `lines` lines, oldest first."""
        return LogLines(self._transport.get(f"/sites/{self._site}/logs", lines=lines)["lines"])

    def follow(self) -> Iterator[str]:
        """New lines as they come, until you stop asking."""
        for event in self._transport.events(f"/sites/{self._site}/logs/events"):
            if event.name == "log" and isinstance(event.data, dict):
                yield str(event.data.get("line", ""))

    def __repr__(self) -> str:
        return f"<logs of {self._site}: .tail(50), .follow()>"


class LogLines(list[str]):
    """A list of lines that reads as text in a notebook."""

    def __repr__(self) -> str:
        return "\n".join(self) or "(nothing logged)"
