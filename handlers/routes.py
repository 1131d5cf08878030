"""Which routes a server gets, by the place it stands in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_server.utils import url_path_join

from dialup_ext.handlers.api import PREFIX, ROUTES
from dialup_ext.handlers.authenticate import HubAuthentication, StandaloneAuthentication
from dialup_ext.handlers.base import NotFoundHandler
from dialup_ext.handlers.policy import check_policies

Route = tuple[Any, ...]


def hub_routes(hub: Any, settings: dict[str, Any]) -> list[Route]:
    """API and portal; the last one answers 404 to everything else.

    Raises `RuntimeError` when a handler declares no policy: then the server does not start.
    """
    from dialup_ext.handlers.portal import ROUTES as PORTAL

    settings.update(
        dialup_hub=hub, dialup_settings=hub.settings, dialup_pools=hub.context.workers.pools,
        dialup_authenticate=HubAuthentication(hub.settings, hub.identity),
    )
    routes: list[Route] = [*api_routes("/"), *health_routes(), *PORTAL, (r"/.*", NotFoundHandler)]
    check_policies(routes)
    return routes


def lab_routes(base_url: str, settings: dict[str, Any]) -> list[Route]:
    """What a lab serves for its owner: the API forwarded to the hub, and what touches files."""
    from dialup_ext.handlers.lab import routes

    return routes(base_url, settings)


def standalone_routes(base_url: str, settings: dict[str, Any], hub: Callable[[], Any]) -> list[Route]:
    """The API itself, under Jupyter's own login, and the lab's routes. The hub is built at first use."""
    from dialup_ext.handlers.lab import routes as lab
    from dialup_ext.workers import Workers

    def owner() -> Any:
        """Whoever Jupyter lets in; called in a thread, builds the hub the first time."""
        built = hub()
        settings.update(dialup_hub=built, dialup_settings=built.settings)
        return built.ensure_owner()

    def socket() -> str:
        """The door to the hub for what deploys from here, the same as in a lab."""
        name = owner().name
        built = settings["dialup_hub"]
        built.doors.open_lab(name)
        return str(built.settings.run / "labs" / name / "hub.sock")

    settings.update(dialup_pools=Workers().pools, dialup_authenticate=StandaloneAuthentication(owner),
                    dialup_find_hub_socket=socket)
    routes = api_routes(base_url)
    check_policies(routes)
    return [*routes, *lab(base_url, settings)]


def api_routes(base_url: str) -> list[Route]:
    """The REST API below `base_url`."""
    return [(url_path_join(base_url, PREFIX) + pattern, handler) for pattern, handler in ROUTES]


def health_routes() -> list[Route]:
    """The brief's short addresses for monitors: `/health`, `/health/database`, …"""
    return [(pattern, handler) for pattern, handler in ROUTES if pattern.startswith("/health")]
