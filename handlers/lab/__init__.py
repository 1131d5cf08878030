"""What a lab serves beside JupyterLab: the hub's API, templates and deploys, previews, dashboards."""

from __future__ import annotations

import os
from typing import Any

from jupyter_server.utils import url_path_join

Route = tuple[str, type, dict[str, Any]]
SITE = r"([a-z0-9][a-z0-9-]{0,62})"


def routes(base_url: str, settings: dict[str, Any]) -> list[Route]:
    """The URL table, for lab and standalone mode.

    `settings` is the web application's; `dialup_hub_socket` in it (else `DIALUP_HUB_SOCKET`) is
    the hub's socket for this account. Without one there is nothing to forward to, and only what
    needs no hub is served.
    """
    from dialup_ext.handlers.lab import dashboards, deploy, forward, preview, workspaces

    socket = settings.setdefault("dialup_hub_socket", os.environ.get("DIALUP_HUB_SOCKET", ""))
    own: list[Route] = [
        (r"dialup/lab/v1/workspaces", workspaces.WorkspacesHandler, {}),
        (r"dialup/lab/v1/deploy", deploy.DeployHandler, {}),
        (r"dialup/lab/v1/deploy/([0-9a-f]{32})/events", deploy.DeployEventsHandler, {}),
        (rf"dialup/preview/{SITE}()", preview.PreviewSlashHandler, {}),
        (rf"dialup/preview/{SITE}/(.*)", preview.PreviewHandler, {}),
        *dashboards.routes(base_url, settings),
    ]
    if socket and "dialup_hub" not in settings:
        own.append((r"dialup/api/(.*)", forward.ForwardHandler, {}))
    return [(url_path_join(base_url, pattern), handler, kwargs) for pattern, handler, kwargs in own]
