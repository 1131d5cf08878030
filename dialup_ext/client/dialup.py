"""`Dialup`: an account on a server, as a Python object.

In a lab it needs no login. Elsewhere it uses what `deploy login` stored, or `DIALUP_SERVER` and
`DIALUP_KEY`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dialup_ext.client.choice import site_for
from dialup_ext.client.deploy import deploy_folder
from dialup_ext.client.progress import showing
from dialup_ext.client.site import Site
from dialup_ext.client.sites import Sites
from dialup_ext.client.transport import Json, Transport
from dialup_ext.client.usage import Usage


class Dialup:
    """Connects at the first question, not before. Raises `NotLoggedIn` when nothing says where to."""

    def __init__(self, server: str | None = None, key: str | None = None, *,
                 transport: Transport | None = None) -> None:
        self.transport = transport or Transport.for_here(server, key)

    @property
    def sites(self) -> Sites:
        """Your sites. Asked for anew each time they are looked at."""
        return Sites(self.transport)

    @property
    def me(self) -> Json:
        """Your account, your quota, and the server's domain, as the API gives them."""
        return self.transport.get("/me")

    @property
    def templates(self) -> list[Json]:
        """The starters a site can be created from."""
        return list(self.transport.get("/templates")["templates"])

    def deploy(self, path: str | Path = ".", site: str | None = None, *, quiet: bool = False) -> Site:
        """Deploy the folder at `path` to `site` (default: the one it went to last, else the folder's
        name), which is made when it is new. Returns it, live; raises as `Site.deploy` does."""
        folder = Path(path).expanduser()
        name = site_for(folder, site, portal=self.transport.portal)
        with showing(f"Deploying {name}", quiet=quiet) as tell:
            deploy_folder(self.transport, name, folder, tell, create=True)
        return self.sites[name]

    def usage(self) -> Any:
        """What each site uses now: a DataFrame where pandas is installed, else rows. MiB."""
        return self.usage_now().table()

    def usage_now(self) -> Usage:
        """The same with your totals and quota."""
        return Usage(self.transport.get("/usage"))

    def close(self) -> None:
        self.transport.close()

    def __repr__(self) -> str:
        return f"Dialup({self.transport.portal!r})"
