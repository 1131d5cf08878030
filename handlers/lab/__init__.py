"""What a lab serves beside JupyterLab: the hub's API, templates and deploys, previews, dashboards."""

from __future__ import annotations

import os
from typing import Any

from jupyter_server.utils import url_path_join

Route = tuple[str, type, dict[str, Any]]
SITE = r"([a-z0-9][a-z0-9-]{0,62})"
STRANGERS = {
    "@jupyterhub/jupyter-server-proxy": "jupyter_server_proxy",
    "@voila-dashboards/jupyterlab-preview": "voila.server_extension",
    "@jupyterlab/lsp-extension": "jupyter_lsp",
    "@jupyterlab/fileeditor-extension:language-server": "jupyter_lsp",
    "@jupyterlab/notebook-extension:language-server": "jupyter_lsp",
}
"""Front ends, and the server part each needs. Without it they would only report that it is off."""
NEWS = "@jupyterlab/apputils-extension:announcements"
"""Asks whether news are welcome, even where the server is told to fetch none."""


def routes(base_url: str, settings: dict[str, Any]) -> list[Route]:
    """The URL table, for lab and standalone mode.

    `settings` is the web application's. `dialup_hub_socket` in it (else `DIALUP_HUB_SOCKET`) is
    the hub's socket for this account; a server that builds its hub later puts a function that
    gives the path into `dialup_find_hub_socket`. The API is forwarded only where this process
    does not serve it itself (`dialup_authenticate`).
    """
    from dialup_ext.handlers.lab import dashboards, deploy, forward, preview, workspaces

    socket = settings.setdefault("dialup_hub_socket", os.environ.get("DIALUP_HUB_SOCKET", ""))
    settings.setdefault("page_config_hook", _without_strangers)
    own: list[Route] = [
        (r"dialup/lab/v1/workspaces", workspaces.WorkspacesHandler, {}),
        (r"dialup/lab/v1/deploy", deploy.DeployHandler, {}),
        (r"dialup/lab/v1/deploy/([0-9a-f]{32})/events", deploy.DeployEventsHandler, {}),
        (rf"dialup/preview/{SITE}()", preview.PreviewSlashHandler, {}),
        (rf"dialup/preview/{SITE}/(.*)", preview.PreviewHandler, {}),
        *dashboards.routes(base_url, settings),
    ]
    if socket and "dialup_authenticate" not in settings:
        own.append((r"dialup/api/(.*)", forward.ForwardHandler, {}))
    return [(url_path_join(base_url, pattern), handler, kwargs) for pattern, handler, kwargs in own]


def _without_strangers(handler: Any, page: dict[str, Any]) -> dict[str, Any]:
    """The page's configuration, with those front ends off whose server part does not run here."""
    known = handler.serverapp.extension_manager.extensions
    on = {name for name, extension in known.items() if extension.enabled}
    strangers = [front for front, back in STRANGERS.items() if back not in on]
    if page.get("news", {}).get("disabled"):
        strangers.append(NEWS)
    disabled = page.get("disabledExtensions", [])
    page["disabledExtensions"] = [*disabled, *(name for name in strangers if name not in disabled)]
    return page
