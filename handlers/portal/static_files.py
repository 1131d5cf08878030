"""The portal's style sheet and scripts."""

from __future__ import annotations

from dialup_ext.errors import NotFound
from dialup_ext.handlers.base import DialupHandler
from dialup_ext.handlers.policy import Policy
from dialup_ext.handlers.render import static_file


class StaticHandler(DialupHandler):
    """Files of the package, nothing else; kept for ever when the URL names their digest."""

    policy = Policy.PUBLIC

    async def get(self, name: str) -> None:
        file = static_file(name)
        if file is None:
            raise NotFound("There is nothing at this address.", hint="Check the address.")
        named = self.get_query_argument("v", "") == file.digest
        self.set_header("Cache-Control", "public, max-age=31536000, immutable" if named else "no-cache")
        self.set_header("Content-Type", file.content_type)
        self.finish(file.content)

    head = get
