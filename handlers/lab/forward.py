"""Pass the hub's API through the lab, so that the browser talks to one origin only.

Bodies stream both ways and nothing is kept whole in memory. Cookies and credentials stay here:
the hub knows the account by the socket.
"""

from __future__ import annotations

from tornado import web
from tornado.httputil import HTTPHeaders, RequestStartLine
from tornado.iostream import StreamClosedError

from dialup_ext.handlers.lab.base import LabHandler
from dialup_ext.handlers.lab.hub import Exchange, hub_away

SENT_ON = ("Accept", "Accept-Language", "Content-Length", "Content-Type", "Idempotency-Key",
           "If-None-Match", "Last-Event-ID", "User-Agent")
BROUGHT_BACK = ("Cache-Control", "Content-Disposition", "Content-Length", "Content-Type", "ETag",
                "Last-Modified", "Location", "Retry-After", "Vary")


@web.stream_request_body
class ForwardHandler(LabHandler):
    """Every verb goes to the hub as it is."""

    _track_activity = False  # the panel's event stream would keep an unused lab awake for ever
    _exchange: Exchange | None = None
    _begun = False

    async def prepare(self) -> None:  # type: ignore[override]
        """Jupyter's checks first; then the hub hears of the request while its body still comes."""
        await super().prepare()
        if self.current_user is None or self._finished:
            return
        base = str(self.settings["base_url"])
        headers = HTTPHeaders({"Host": "localhost", "Connection": "close"})
        for name in SENT_ON:
            if name in self.request.headers:
                headers[name] = self.request.headers[name]
        start = RequestStartLine(self.request.method or "GET",
                                 "/" + (self.request.uri or "").removeprefix(base).lstrip("/"), "HTTP/1.1")
        self._exchange = await Exchange.begin(self.settings["dialup_hub_socket"], start, headers,
                                              self._head, self._chunk)

    async def data_received(self, chunk: bytes) -> None:
        """A piece of the body; whoever sends it waits while the hub is busy."""
        if self._exchange is not None:
            await self._exchange.send(chunk)

    def on_connection_close(self) -> None:
        """The browser left: hang up at the hub too, or its stream would go on for nobody."""
        if self._exchange is not None:
            self._exchange.close()

    @web.authenticated
    async def get(self, _path: str) -> None:
        """Also event streams, which end when either side leaves."""
        await self._pass_on()

    @web.authenticated
    async def head(self, _path: str) -> None:
        await self._pass_on()

    @web.authenticated
    async def post(self, _path: str) -> None:
        await self._pass_on()

    @web.authenticated
    async def put(self, _path: str) -> None:
        await self._pass_on()

    @web.authenticated
    async def patch(self, _path: str) -> None:
        await self._pass_on()

    @web.authenticated
    async def delete(self, _path: str) -> None:
        await self._pass_on()

    async def _pass_on(self) -> None:
        if self._exchange is None:
            raise hub_away()
        complete = await self._exchange.answer()
        if complete:
            await self.finish()
        elif not self._begun:
            raise hub_away()
        elif not self._finished:
            self.detach().close()  # half an answer must not look like a whole one

    async def _head(self, status: int, headers: HTTPHeaders) -> None:
        self._begun = True
        self.set_status(status)
        for name in BROUGHT_BACK:
            if name in headers:
                self.set_header(name, headers[name])
        if headers.get("Content-Type", "").startswith("text/event-stream"):
            await self._chunk(b"")  # the browser learns that the stream is open before the first event

    async def _chunk(self, chunk: bytes) -> None:
        try:
            self.write(chunk)
            await self.flush()
        except StreamClosedError:
            self.on_connection_close()
