"""Voila with one notebook and nothing beside it: no contents, no files, no terminals, no other notebooks.

What a visitor's page may send to its kernel is what widgets need; code it is not. A kernel is kept
warm, with the notebook run in it, so a page is there at once. The first such run is also the proof
that the notebook works: when it fails, the program says why and ends, and is never put live.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import signal
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import CellExecutionError
from tornado.httpserver import HTTPServer
from tornado.ioloop import PeriodicCallback
from tornado.routing import HostMatches, Rule, RuleRouter
from traitlets.config import Config
from voila.app import Voila, _kernel_id_regex

from dialup_ext.handlers.notebook_site.page import NotebookPage, OwnKernel, TemplateStatic
from dialup_ext.handlers.notebook_site.saved import Saved
from dialup_ext.handlers.notebook_site.visitors import Visitors
from dialup_ext.handlers.static_dev.live import Live, LivePage
from dialup_ext.handlers.static_dev.page import SCRIPT_PATH, with_script
from dialup_ext.handlers.static_dev.server import Script

WIDGETS = ("@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8")
TEMPLATE = Path(__file__).with_name("template")
"""Voila's page in our style, without what it fetches from elsewhere."""

IDLE = 1800
"""Seconds after which a kernel whose page is open and does nothing gives its place to somebody else."""

KEPT = (r"/voila/static/", r"/voila/labextensions/", r"/voila/api/themes/",
        r"/voila/api/shutdown/", r"/voila/query/", r"/channels")
"""Of Voila's own routes: its assets, the kernels' sockets, and the end of a kernel whose page is closed."""

LEAVING = 5.0
"""Seconds kernels get to end; then they go with this process's container."""

_LOOK, _SWEEP = 300, 5000
"""Milliseconds between two looks at what was saved, and at who has left."""


class NotebookSite(Voila):  # type: ignore[misc]
    """One notebook for everybody who comes, or with `live` a preview of it."""

    live = False
    has_run = False
    public_host = ""

    @classmethod
    def of(cls, notebook: Path, *, host: str, port: int, most: int, live: bool = False, packages: Path | None = None,
           public_host: str = "") -> NotebookSite:
        """The server, not listening yet. Reads no configuration but this."""
        assets = packages / "share/jupyter/labextensions" if packages else None
        site: NotebookSite = cls.instance(notebook_path=str(notebook), ip=host, port=port, port_retries=0, open_browser=False, log_level=logging.WARNING,
                   config_file_paths=[], config=_config(notebook, most, assets, live=live))
        site.live, site.public_host = live, public_host
        site._news, site._saved = Live(), Saved(notebook)
        site.initialize([])
        site.template_paths.insert(0, str(TEMPLATE))
        return site

    def serve(self) -> None:
        """Run until told to stop; ends the program with status 1 when the first run fails."""
        self.log.addHandler(_Failures(self))
        asyncio.run(self._serve())

    @property
    def is_full(self) -> bool:
        """True when a visitor more has no place: no kernel is warm, and none may be started."""
        return bool(self.kernel_manager.is_full) and not self._warm()

    def with_live(self, piece: str) -> str:
        """A piece of a preview's page, with the script that draws it anew after a save."""
        if not self.live or "<head" not in piece:
            return piece
        return with_script(piece.encode(), self._news.version).decode()

    def failed(self, error: CellExecutionError) -> None:
        """A cell ended with an error. In the first run of a site that is the end of it."""
        print(f"{error.ename}: {error.evalue}", file=sys.stderr, flush=True)
        if not (self.live or self.has_run):
            self._exit_code = 1
            self._told.set()

    def init_handlers(self) -> list[Any]:
        """Only what one notebook's page asks for."""
        found = [one for one in super().init_handlers() if any(mark in one[0] for mark in KEPT)]
        page = {"notebook_path": Path(self.notebook_path).name, "template_paths": self.template_paths,
                "config": self.config, "voila_configuration": self.voila_configuration, "site": self}
        known = [(rf"/api/kernels/{_kernel_id_regex}", OwnKernel), (r"/voila/templates/(.*)", TemplateStatic)]
        live = [(r"/__dialup/live", LivePage, {"live": self._news}), (re.escape(SCRIPT_PATH), Script)]
        return [*found, *known, *(live if self.live else ()), (r"/(.*)", NotebookPage, page)]

    async def _serve(self) -> None:
        self._exit_code, self._told = 0, asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._told.set)
        self.start()
        sweep = PeriodicCallback(self._sweep, _SWEEP)
        look = PeriodicCallback(self._look, _LOOK)
        sweep.start()
        if self.live:
            look.start()
        first = asyncio.create_task(self._first_run())
        await self._told.wait()
        first.cancel()
        await self._leave()
        sys.exit(self._exit_code)

    async def _leave(self) -> None:
        """End every kernel; one that waits for room would start now that there is some."""
        for pool in getattr(self.kernel_manager, "_pools", {}).values():
            for task in pool:
                task.cancel()
            pool.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.kernel_manager.shutdown_all(now=True), LEAVING)

    def listen(self) -> None:
        """Under any name for a site; a preview answers to its own alone, and to loopback's (T38)."""
        names = "|".join(re.escape(name) for name in (self.public_host, "localhost", "127.0.0.1"))
        router = RuleRouter([Rule(HostMatches(f"(?:{names})" if self.public_host else ".*"), self.app)])
        HTTPServer(router, xheaders=True).listen(self.port, self.ip)
        print(f"Serving the notebook {Path(self.notebook_path).name}.", flush=True)

    async def _first_run(self) -> None:
        if self.live:
            return
        for warm in [one for pool in self.kernel_manager._pools.values() for one in pool]:
            await (await warm)["task"]
        if not self._told.is_set():
            self.has_run = True

    async def _sweep(self) -> None:
        await self.kernel_manager.end_abandoned(self._warm())

    def _look(self) -> None:
        if self._saved.changed():
            self._news.changed(None)

    def _warm(self) -> set[str]:
        pools = getattr(self.kernel_manager, "_pools", {})
        return {task.result()["kernel_id"] for pool in pools.values() for task in pool
                if task.done() and not task.cancelled() and task.exception() is None}


class _Failures(logging.Handler):
    """Hears what Voila logs of cells that failed, the one place where it says so."""

    def __init__(self, site: NotebookSite) -> None:
        super().__init__(logging.ERROR)
        self._site = site

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, CellExecutionError):
            self._site.failed(error)


def _config(notebook: Path, most: int, assets: Path | None, *, live: bool) -> Config:
    own = [path.parent for path in assets.glob("**/package.json")] if assets and assets.is_dir() else []
    names = [path.relative_to(assets).as_posix() for path in own if assets]
    return Config({
        "VoilaConfiguration": {
            "template": "lab", "allow_template_override": "NO", "allow_theme_override": "NOTEBOOK",
            "strip_sources": True, "attempt_fix_notebook": True, "show_tracebacks": live, "file_allowlist": [], "preheat_kernel": not live,
            "default_pool_size": 1, "extension_allowlist": [*WIDGETS, *names], "extension_denylist": [],
            "extra_labextensions_path": [str(assets)] if names else [],
            "multi_kernel_manager_class": Visitors, "page_config_hook": _page_hook(notebook),
        },
        "Visitors": {
            "most": most, "cull_idle_timeout": IDLE, "cull_interval": 60, "cull_connected": True, "cull_busy": False,
        },
    })


def _page_hook(notebook: Path) -> Any:
    """Formulas are drawn by a script of a public server: asked for only where a text has one."""
    def hook(page: dict[str, Any], **_: Any) -> dict[str, Any]:
        cells = nbformat.read(notebook, as_version=4).cells  # type: ignore[no-untyped-call]
        if any(cell.cell_type == "markdown" and "$" in cell.source for cell in cells):
            return page
        return {**page, "fullMathjaxUrl": "", "mathjaxUrl": ""}

    return hook
