"""What a site's release was made from: the list of its files, and their contents."""

from __future__ import annotations

from dialup_ext.handlers import wire
from dialup_ext.handlers.api.base import ApiHandler, Contract
from dialup_ext.handlers.policy import Policy

CHUNK = 1 << 20


class SourceHandler(ApiHandler):
    """The files of a site's live release, or of its newest when none is live."""

    policy = Policy.ACCOUNT
    scope = "sites:write"  # contents are more than a list of sites
    contract = {"GET": Contract(wire.Source)}

    async def get(self, site: str) -> None:
        """List them."""
        self.reply(await self.run(self.hub.source, self.me, site))


class SourceFileHandler(ApiHandler):
    """One content of them."""

    policy = Policy.ACCOUNT
    scope = "sites:write"  # contents are more than a list of sites
    contract = {"GET": Contract()}

    async def get(self, site: str, digest: str) -> None:
        """The bytes, by their SHA-256."""
        source = await self.run(self.hub.source, self.me, site)
        with await self.run(source.open, digest) as file:
            self.set_header("Content-Type", "application/octet-stream")
            while chunk := await self.run(file.read, CHUNK):
                self.write(chunk)
                await self.flush()
