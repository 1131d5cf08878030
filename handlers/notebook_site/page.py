"""The page: the notebook run for its visitor. No other address of the site runs or shows anything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jupyter_client.jsonutil import json_default
from jupyter_server.base.handlers import APIHandler
from tornado import web
from voila.static_file_handler import TemplateStaticFileHandler
from voila.tornado.handler import TornadoVoilaHandler

from dialup_ext.handlers.plain import PlainPage

if TYPE_CHECKING:
    from dialup_ext.handlers.notebook_site.server import NotebookSite

HEALTH = "dialup-health"
"""Who asks whether the site is up; it is told without a kernel being started for it."""


class OwnKernel(APIHandler):
    """What a page asks about its kernel before it connects; who knows the id knows it from there."""

    @web.authenticated
    async def get(self, kernel_id: str) -> None:
        """Its state; 404 once it has ended."""
        if kernel_id not in self.kernel_manager:
            raise web.HTTPError(404)
        model = self.kernel_manager.kernel_model(kernel_id)  # type: ignore[no-untyped-call]
        self.finish(json.dumps(model, default=json_default))


class TemplateStatic(TemplateStaticFileHandler):  # type: ignore[misc]
    """What Voila's page template loads, and no way up from there."""

    async def get(self, path: str, include_body: bool = True) -> None:
        """404 for a path with a step up: Voila would fail over it."""
        if ".." in path.split("/"):
            raise web.HTTPError(404)
        await super().get(path, include_body)


class NotebookPage(TornadoVoilaHandler):  # type: ignore[misc]
    """`/` and nothing below it."""

    def initialize(self, site: NotebookSite, **kwargs: Any) -> None:
        super().initialize(**kwargs)
        self._site = site

    @web.authenticated
    async def get(self, path: str | None = None) -> None:
        """Run it; 503 with a page in words while all places are taken."""
        if path:
            raise web.HTTPError(404)
        if self.request.headers.get("User-Agent") == HEALTH:
            self.set_status(200 if self._site.live or self._site.has_run else 503)
            return
        if self._site.is_full:
            self._say_full()
            return
        _ = self.xsrf_token  # sets the cookie, without which the page could not end its kernel
        async for piece in self.get_generator():
            self.write(self._site.with_live(piece))
            await self.flush()

    @web.authenticated
    async def head(self, path: str | None = None) -> None:
        """A look that starts nothing."""
        if path:
            raise web.HTTPError(404)
        _ = self.xsrf_token
        self.set_header("Content-Type", "text/html; charset=utf-8")

    def _say_full(self) -> None:
        self.set_status(503)
        self.set_header("Retry-After", "30")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.write(PlainPage("All places are taken", "Everybody who reads this notebook gets a computer of their own, "
                             "and all of them are in use.", "This page looks again by itself.", icon="sprout", retry=15).html())

    def write_error(self, status_code: int, **_kwargs: Any) -> None:
        """A page in words, without anything of the program."""
        title = "There is no such page" if status_code == 404 else "This page could not be made"
        self.set_header("Content-Type", "text/html; charset=utf-8")
        page = PlainPage(title, "This site is one notebook." if status_code == 404 else
                         "Something went wrong while the notebook ran.",
                         "Go to its first page.", link=("/", "To the first page"))
        self.finish(self._site.with_live(page.html()))  # a preview's looks again after the next save
