"""Show a running preview below the lab's own address, where its own host cannot be reached.

Only the address the hub names for this account's own site is contacted. The preview's code must
not act as the person in the lab: no cookie or credential is passed to it, cookies it sets are
dropped, and its pages are sandboxed, so that they have no origin at all.
"""

from __future__ import annotations

import time
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server_proxy.handlers import ProxyHandler
from tornado import web
from tornado.httpclient import HTTPClientError
from tornado.httputil import HTTPHeaders
from tornado.web import OutputTransform

from dialup_ext.domain.names import PATTERN
from dialup_ext.errors import Conflict, NotFound, Unavailable
from dialup_ext.handlers.lab.base import LabHandler, OurErrors, in_thread
from dialup_ext.handlers.lab.hub import transport

SANDBOX = "sandbox allow-scripts allow-forms allow-modals allow-popups allow-downloads"
WITHHELD = ("Authorization", "Cookie", "Forwarded", "Origin", "Referer", "Remote-User", "X-Xsrftoken")
DROPPED = ("Clear-Site-Data", "Service-Worker-Allowed", "Set-Cookie", "X-Frame-Options")
FRESH_SECONDS = 2.0
"""How long an address from the hub is believed: a page asks for dozens of files at once."""


class PreviewSlashHandler(LabHandler):
    """`/dialup/preview/blog` -> `/dialup/preview/blog/`, or relative addresses would go astray."""

    @web.authenticated
    async def get(self, _site: str, _nothing: str) -> None:
        self.redirect(f"{self.request.path}/")


class Seal(OutputTransform):
    """The last word on every answer's headers, whatever the preview said.

    A transform, because the proxy's base replaces `finish` and `flush` on each instance.
    """

    def transform_first_chunk(self, status_code: int, headers: HTTPHeaders, chunk: bytes,
                              finishing: bool) -> tuple[int, HTTPHeaders, bytes]:
        for name in DROPPED:
            headers.pop(name, None)
        headers["Content-Security-Policy"] = f"{SANDBOX}; frame-ancestors 'self'"
        headers["Access-Control-Allow-Origin"] = "null"
        headers["Referrer-Policy"] = "no-referrer"
        return status_code, headers, chunk


class PreviewHandler(OurErrors, ProxyHandler):  # type: ignore[misc]
    """HTTP and websockets to the site's preview. Everybody else's sites are 404."""

    _host = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, host_allowlist=lambda _handler, host: host == self._host,
                         update_last_activity=False, **kwargs)

    async def prepare(self) -> None:  # type: ignore[override]
        """Jupyter's checks; whoever is not known gets 403, never a page to log in."""
        await JupyterHandler.prepare(self, _redirect_to_login=False)
        self._transforms = [*self._transforms, Seal(self.request)]
        if self.current_user is None:
            raise web.HTTPError(403)

    @web.authenticated
    async def get(self, site: str, path: str) -> Any:
        """A page or file, or the beginning of a websocket."""
        return await super().get(site, path)  # type: ignore[misc]

    async def http_get(self, site: str, path: str) -> None:
        await self._pass_on(site, path)

    @web.authenticated
    async def head(self, site: str, path: str) -> None:
        await self._pass_on(site, path)

    @web.authenticated
    async def post(self, site: str, path: str) -> None:
        await self._pass_on(site, path)

    @web.authenticated
    async def put(self, site: str, path: str) -> None:
        await self._pass_on(site, path)

    @web.authenticated
    async def patch(self, site: str, path: str) -> None:
        await self._pass_on(site, path)

    @web.authenticated
    async def delete(self, site: str, path: str) -> None:
        await self._pass_on(site, path)

    @web.authenticated
    async def options(self, site: str, path: str) -> None:
        await self._pass_on(site, path)

    async def open(self, site: str, path: str) -> None:
        """A websocket, under the same rules."""
        host, port = await self._upstream(site)
        await self.proxy_open(host, port, path)

    def check_xsrf_cookie(self) -> None:
        """The preview's own forms know no XSRF token; nothing of the lab is changed here."""

    def check_origin(self, origin: str | None = None) -> bool:
        """A sandboxed page calls itself `null`; nobody else's page may open its websocket."""
        said = origin or self.request.headers.get("Origin", "")
        return said == "null" or bool(super().check_origin(said))

    def proxy_request_headers(self) -> HTTPHeaders:
        headers: HTTPHeaders = super().proxy_request_headers()
        for name in [*WITHHELD, *(name for name in headers if name.lower().startswith("x-dialup-"))]:
            headers.pop(name, None)
        headers["X-Forwarded-Host"] = self.request.host
        headers["Host"] = "localhost"  # development servers refuse names they do not know
        return headers

    async def _pass_on(self, site: str, path: str) -> None:
        try:
            await self.proxy(*await self._upstream(site), path)
        except (OSError, HTTPClientError) as error:
            self._known.pop(site, None)  # it may be back elsewhere
            raise Unavailable(f"The preview of “{site}” does not answer.", code="preview_silent",
                              hint="Its log in the dialup panel may say why. Then start it again.") from error

    @property
    def _known(self) -> dict[str, tuple[float, str]]:
        known: dict[str, tuple[float, str]] = self.settings.setdefault("dialup_upstreams", {})
        return known

    async def _upstream(self, site: str) -> tuple[str, int]:
        if not PATTERN.fullmatch(site):
            raise NotFound(f"There is no site “{site}”.", hint="Check the address.")
        until, address = self._known.get(site, (0.0, ""))
        if time.monotonic() > until:
            address = await in_thread(_ask_hub, self.settings, site)
            self._known[site] = (time.monotonic() + FRESH_SECONDS, address)
        self.proxy_base = f"dialup/preview/{site}"
        self._host, _, port = address.rpartition(":")
        return self._host, int(port)


def _ask_hub(settings: dict[str, Any], site: str) -> str:
    with transport(settings) as hub:
        preview = hub.get(f"/sites/{site}/preview")
    address = str(preview.get("upstream") or "")
    if not address:
        raise Conflict(f"The preview of “{site}” is not running.", code="preview_not_running",
                       hint="Start it in the dialup panel.")
    return address
