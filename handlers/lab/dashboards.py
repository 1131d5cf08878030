"""The dashboards, drawn by Voila in the reader's own lab: `/dialup/dashboards/<name>`.

Only the notebooks in our own folder, by name, never one from the workspace. Of Voila's own routes
only its assets are there, below `/voila/`, where its pages look for them.
"""

from __future__ import annotations

import html
import sysconfig
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import FileFindHandler, JupyterHandler
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from tornado import web
from voila.configuration import VoilaConfiguration
from voila.paths import collect_static_paths, collect_template_paths
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.static_file_handler import MultiStaticFileHandler, TemplateStaticFileHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.utils import get_voila_labextensions_path

from dialup_ext.errors import Forbidden, NotFound
from dialup_ext.handlers.lab.base import OurErrors, as_error, in_thread
from dialup_ext.handlers.lab.hub import transport
from dialup_ext.handlers.lab.viewers import Viewers

DASHBOARDS = {"overview": "admin", "resources": "user"}
"""Name of the notebook, and who may open it."""
WIDGETS = ["@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8"]


def routes(_base_url: str, settings: dict[str, Any]) -> list[tuple[str, type, dict[str, Any]]]:
    """The dashboards and the assets their pages ask for."""
    page = {"voila_configuration": _configuration(), "config": settings.get("config"),
            "template_paths": [str(dashboards_folder() / "template"), *_paths(collect_template_paths)]}
    return [
        (r"dialup/dashboards/([a-z]+)", DashboardHandler, page),
        (r"voila/static/(.*)", VoilaStatic, {"paths": _paths(collect_static_paths)}),
        (r"voila/templates/(.*)", VoilaTemplateStatic, {}),
        (r"voila/labextensions/(.*)", FileFindHandler,
         {"path": get_voila_labextensions_path(None), "no_cache_paths": ["/"]}),
        (r"voila/api/shutdown/(.*)", VoilaShutdownKernelHandler, {}),
    ]


def dashboards_folder() -> Path:
    """Beside the source tree, else where an installed package keeps its data."""
    beside = Path(__file__).resolve().parents[2] / "voila_dashboards"
    if beside.is_dir():
        return beside
    return Path(sysconfig.get_path("data")) / "share" / "dialup" / "voila_dashboards"


class DashboardHandler(OurErrors, TornadoVoilaHandler):  # type: ignore[misc]
    """Runs a notebook of ours in a kernel of the reader's and streams the page."""

    @web.authenticated
    async def get(self, name: str) -> None:
        """404 for a name we do not have; admins' dashboards ask the hub who is reading."""
        if name not in DASHBOARDS:
            raise NotFound("There is no such dashboard.", hint="The panel lists those there are.")
        if DASHBOARDS[name] == "admin":
            await in_thread(_require_admin, self.settings)
        _ = self.xsrf_token  # sets the cookie, without which the page could not end its kernel
        self.notebook_path = f"{name}.ipynb"
        async for piece in self.get_generator():
            self.write(piece)
            await self.flush()

    @property
    def contents_manager(self) -> AsyncLargeFileManager:
        """Our own folder instead of the reader's."""
        return AsyncLargeFileManager(root_dir=str(dashboards_folder()))

    @property
    def kernel_manager(self) -> Viewers:  # type: ignore[override]
        viewers: Viewers = self.settings.setdefault("dialup_viewers", Viewers(super().kernel_manager))
        return viewers

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """A small page in plain words."""
        error = as_error(status_code, kwargs.get("exc_info", (None, None))[1])
        self.set_status(error.status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(_PAGE.format(message=html.escape(error.message), hint=html.escape(error.hint)))


class VoilaStatic(JupyterHandler, MultiStaticFileHandler):  # type: ignore[misc]
    """Voila's scripts and styles, for whoever is in the lab."""

    @web.authenticated
    async def get(self, path: str, include_body: bool = True) -> None:
        await MultiStaticFileHandler.get(self, path, include_body)

    @web.authenticated
    async def head(self, path: str) -> None:
        await MultiStaticFileHandler.get(self, path, include_body=False)


class VoilaTemplateStatic(JupyterHandler, TemplateStaticFileHandler):  # type: ignore[misc]
    """The same for Voila's page template."""

    @web.authenticated
    async def get(self, path: str, include_body: bool = True) -> None:
        if ".." in path.split("/"):
            raise web.HTTPError(404)
        await TemplateStaticFileHandler.get(self, path, include_body)

    @web.authenticated
    async def head(self, path: str) -> None:
        await TemplateStaticFileHandler.get(self, path, include_body=False)


def _configuration() -> VoilaConfiguration:
    return VoilaConfiguration(
        template="lab", theme="light", allow_template_override="NO", allow_theme_override="NO",
        strip_sources=True, show_tracebacks=False, file_allowlist=[], extension_allowlist=WIDGETS,
        extension_denylist=[], page_config_hook=_nothing_from_elsewhere)


def _nothing_from_elsewhere(page: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Voila would fetch MathJax from a public server; the dashboards have no formulas."""
    return {**page, "fullMathjaxUrl": "", "mathjaxUrl": ""}


def _paths(collect: Any) -> list[str]:
    return list(collect(["voila", "nbconvert"], "lab"))


def _require_admin(settings: dict[str, Any]) -> None:
    with transport(settings) as hub:
        role = hub.get("/me")["account"]["role"]
    if role != "admin":
        raise Forbidden("This dashboard is for the admin of this server.",
                        hint="“My resources” shows what your own sites use.")


_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Dashboard</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
:root {{ color-scheme: light dark; }}
body {{ display: grid; place-content: center; min-height: 90vh; margin: 0; padding: 2rem; text-align: center;
  font: 1.05rem/1.6 system-ui, sans-serif; background: light-dark(#f7f7f5, #16181d); }}
h1 {{ font-size: 1.5rem; margin: 0 0 .5rem; }} p {{ margin: 0; opacity: .75; }}</style>
<h1>{message}</h1><p>{hint}</p></html>
"""
