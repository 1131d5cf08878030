"""The one Jupyter server extension, in its three places: hub, lab, standalone.

- `hub`: the server process that holds accounts, sites and deployments (`dialup_ext.server`).
- `lab`: an account's JupyterLab, started by the hub; the panel's API goes to the hub's socket.
- `standalone`: a person's own `jupyter lab`; hub and lab in one process, built at first use.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import Enum, Unicode

from dialup_ext.errors import DialupError
from dialup_ext.settings import Settings, load_settings

MODES = ("hub", "lab", "standalone")


class DialupExtension(ExtensionApp):
    """Adds dialup's routes to a Jupyter server, as its `mode` says."""

    name = "dialup_ext"
    extension_url = "/dialup"
    load_other_extensions = True
    mode = Enum(MODES, help="Where this server stands: hub, lab or standalone.").tag(config=True)
    home = Unicode("", help="The folder dialup keeps its data in; empty: DIALUP_HOME or its default.").tag(
        config=True)

    def _mode_default(self) -> str:
        return os.environ.get("DIALUP_MODE", "standalone")

    @classmethod
    def get_extension_package(cls) -> str:
        return "dialup_ext"

    # -- Jupyter's life cycle -------------------------------------------------------------------
    def initialize_settings(self) -> None:
        self._hub: Any = None
        self._building = threading.Lock()
        self._on_started: list[Callable[[], None]] = []
        self.problem: Exception | None = None
        if self.mode == "hub":
            self._refuse_elsewhere()
            self._hub = self._build(self.serverapp.hub_settings)  # type: ignore[union-attr]

    def initialize_handlers(self) -> None:
        from dialup_ext.handlers.routes import hub_routes, lab_routes, standalone_routes

        assert self.serverapp is not None
        settings = self.serverapp.web_app.settings  # self.settings was copied into it before
        # Jupyter puts its base_url before every pattern
        if self.mode == "hub":
            self.handlers.extend(hub_routes(self._hub, settings))
        elif self.mode == "lab":
            self.handlers.extend(lab_routes("/", settings))
        else:
            self.handlers.extend(standalone_routes("/", settings, self._standalone_hub))

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        """The loop runs: open the doors, go on where the last hub stopped."""
        if self.mode == "hub":
            self._open(self._hub)
            threading.Thread(target=self._started, name="dialup-start", daemon=True).start()

    async def stop_extension(self) -> None:
        """End background work. A hub's sites go on; a person's own go with their Jupyter server."""
        if self._hub is None:
            return
        self._hub.doors.close_all()
        await asyncio.to_thread(self._hub.stop)
        if self.mode == "standalone":
            await asyncio.to_thread(self._hub.stop_everything)

    def when_started(self, call: Callable[[], None]) -> None:
        """Call this in a thread once the hub works."""
        self._on_started.append(call)

    @property
    def hub(self) -> Any:
        """The hub of this process; None before it is built and in a lab."""
        return self._hub

    # -- inside ---------------------------------------------------------------------------------
    def _refuse_elsewhere(self) -> None:
        if not hasattr(self.serverapp, "hub_settings"):
            raise SystemExit("The dialup hub does not run inside a stock Jupyter server, which would hand "
                             "every account this machine. Start it with `dialup serve`.")

    def _build(self, settings: Settings, **arguments: Any) -> Any:
        from dialup_ext.app import build

        return build(settings, **arguments)

    def _started(self) -> None:
        """In a thread: what fails here ends the server, which raises it again."""
        try:
            self._hub.start()
            for call in self._on_started:
                call()
        except Exception as error:  # noqa: BLE001 - carried into the main thread
            self.problem = error
            assert self.serverapp is not None
            self.serverapp.io_loop.add_callback(self.serverapp.io_loop.stop)

    def _open(self, hub: Any) -> None:
        from dialup_ext.handlers.edge import edge_application
        from dialup_ext.handlers.gate import gate_application

        assert self.serverapp is not None
        hub.doors.bind(self.serverapp.io_loop.asyncio_loop)  # type: ignore[attr-defined]
        hub.doors.lab_application = self.serverapp.web_app
        hub.doors.open("edge", edge_application(hub))
        hub.doors.open("gate", gate_application(hub))

    def _standalone_hub(self) -> Any:
        """Build and start the hub of a person's own Jupyter server, once, at first use.

        Called in a worker thread. Raises `DialupError` when it cannot be built.
        """
        with self._building:
            if self._hub is None:
                self._hub = self._build_standalone()
        return self._hub

    def _build_standalone(self) -> Any:
        try:
            import sqlalchemy  # noqa: F401
        except ImportError:
            raise DialupError("dialup's server part is not installed here.", code="server_part_missing",
                              hint="Run: pip install 'dialup-ext[server,lab,node]'") from None
        assert self.serverapp is not None
        root = Path(self.serverapp.root_dir).absolute()
        settings = load_settings(Path(self.home) if self.home else None)
        hub = self._build(settings, workspaces=lambda _account: root)
        hub.ensure_owner()
        hub.hosts.standalone_framers = "http://localhost:* http://127.0.0.1:*"
        opened = threading.Event()

        def open_doors() -> None:
            self._open(hub)
            opened.set()

        self.serverapp.io_loop.add_callback(open_doors)
        opened.wait(10)
        hub.start()
        return hub
