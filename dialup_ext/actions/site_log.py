"""Following what a site's program prints, across redeployments."""

from __future__ import annotations

from dialup_ext.actions.context import Context
from dialup_ext.actions.health import tail
from dialup_ext.actions.retire import site_key
from dialup_ext.domain.site import Site
from dialup_ext.errors import NotFound

LONGEST_LINE = 8192
"""Bytes of a line that are shown (T43)."""


class LogFollower:
    """Called again and again, gives the lines since the last call; first the last `lines`."""

    def __init__(self, context: Context, site: Site, lines: int) -> None:
        self._context = context
        self._site_id = site.id
        self._lines = lines
        self._key = ""
        self._offset = 0
        self._rest = b""

    def __call__(self) -> list[str]:
        site = self._context.sites.load(self._site_id, None)
        key = site_key(site, site.live_deployment_id or "")
        if key != self._key:
            return self._begin(key)
        try:
            chunk = self._context.driver.log(key, self._offset)
        except NotFound:
            return []
        self._offset = chunk.next_offset
        *lines, self._rest = (self._rest + chunk.data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:  # a program that never ends its line
            lines.append(self._rest)
            self._rest = b""
        return [line[:LONGEST_LINE].decode("utf-8", "replace") for line in lines]

    def _begin(self, key: str) -> list[str]:
        """A new instance: show the end of what it printed so far, go on from there."""
        self._key, self._rest = key, b""
        lines = list(tail(self._context, key, self._lines))
        try:
            self._offset = self._context.driver.log(key, 1 << 62).next_offset
        except NotFound:
            self._offset = 0
        return lines
