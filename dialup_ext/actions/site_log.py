"""Following what a site's program prints, across redeployments."""

from __future__ import annotations

from dialup_ext.actions.context import Context
from dialup_ext.actions.output import LONG, LONGEST_LINE, read_end, shown
from dialup_ext.actions.retire import site_key
from dialup_ext.domain.site import Site
from dialup_ext.errors import NotFound


class LogFollower:
    """Called again and again, gives the lines since the last call; first the last `lines`.

    Each whole line once, in order. Raises `NotFound` when the site is removed.
    """

    def __init__(self, context: Context, site: Site, lines: int) -> None:
        self._context = context
        self._site_id = site.id
        self._lines = lines
        self._key = ""
        self._offset = 0
        self._rest = b""

    def __call__(self) -> list[str]:
        site = self._context.sites.get(self._site_id)
        key = site_key(site, site.live_deployment_id or "")
        if key == self._key:
            return shown(self._context, key, self._go_on())
        before, last = self._key, [*self._go_on(), self._rest] if self._key else []
        return [*shown(self._context, before, [*filter(None, last)]),
                *shown(self._context, key, self._begin(key))]

    def _begin(self, key: str) -> list[bytes]:
        """A new instance: the end of what it printed so far, and where to go on from, in one."""
        self._key, self._rest, self._offset = key, b"", 0
        try:
            data, self._offset = read_end(self._context, key, LONG)
        except NotFound:
            return []
        return self._cut(data)[-self._lines:]

    def _go_on(self) -> list[bytes]:
        try:
            chunk = self._context.driver.log(self._key, self._offset, LONG)
        except NotFound:
            return []
        if chunk.offset != self._offset:  # cut off, or begun anew, before we read on
            self._rest = b""
        self._offset = chunk.next_offset
        return self._cut(chunk.data)

    def _cut(self, data: bytes) -> list[bytes]:
        """Whole lines; what is not ended yet waits for the next call."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:  # a program that never ends its line
            lines.append(self._rest)
            self._rest = b""
        return lines
