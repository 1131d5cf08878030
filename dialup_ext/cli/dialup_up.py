"""`dialup up` and `dialup serve`: start, say where everything is, stop in order."""

from __future__ import annotations

import ipaddress
import os
import threading
import time
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dialup_ext.deferred import defer_slow_imports
from dialup_ext.errors import DialupError, Forbidden
from dialup_ext.logs import log_to

if TYPE_CHECKING:
    from dialup_ext.domain.account import Account
    from dialup_ext.hub import Hub
    from dialup_ext.settings import Settings

SAMPLE = "hello"
"""The sample site's name, where it is free."""


def run(settings: Settings, *, browser: bool, sample: bool) -> None:
    """A whole server until Ctrl-C; then everything it started is stopped."""
    refuse_to_face_the_world(settings)
    began = time.monotonic()
    say("Starting the hub …")
    hub = _serve(settings, lambda hub: _welcome(hub, began, browser=browser, sample=sample))
    say("\nStopping sites, labs and Caddy …")
    hub.stop_everything()
    say("Stopped. `make up` brings everything back as it was." if Path("Makefile").exists()
        else "Stopped. `dialup up` brings everything back as it was.")


def serve_quietly(settings: Settings) -> None:
    """The hub alone; sites, labs and Caddy go on when it stops, and are adopted at the next start."""
    refuse_to_face_the_world(settings)
    _serve(settings, lambda hub: hub.caddy.ensure())


def refuse_to_face_the_world(settings: Settings) -> None:
    """Without isolation dialup answers on loopback only, unless forced."""
    if ipaddress.ip_address(settings.bind).is_loopback or settings.force:
        return
    from dialup_ext.cli.isolation import isolates

    if not isolates(settings):
        raise Forbidden(
            f"dialup would answer on {settings.bind}, where others can reach it, and this server runs "
            "people's code as plain processes.", code="no_isolation",
            hint="Leave the setting “bind” at 127.0.0.1, or add --force if you know what you do.")


def how_it_runs(driver: str) -> str:
    """One sentence about the walls around people's code."""
    if driver == "docker":
        return "Runs people's code in containers (docker driver): each account apart from the others."
    return "Runs people's code as plain processes (process driver): fine for you alone."


def what_to_know(settings: Settings, driver: str) -> str:
    """What stands between this installation and its walls, with the command that helps; empty when nothing does."""
    from dialup_ext.spawner.docker_ready import examine_engine, hindrance

    if driver == "docker":
        nginx = settings.nginx_image if settings.static_container else None
        try:
            examine_engine(settings.node_image, settings.lab_image, settings.python_image, nginx)
        except DialupError as error:
            return f"{error.message} {error.hint}"
        return ""
    if settings.driver:
        return ""  # asked for
    return hindrance() or "Docker could keep accounts apart here: `DIALUP_DRIVER=docker dialup up` changes over for good."


def say(line: str) -> None:
    click.echo(line)


def _serve(settings: Settings, ready: Any) -> Hub:
    """Run the hub in this thread until it is told to stop; returns it, stopped."""
    defer_slow_imports()
    os.umask(0o077)  # what others may read is opened on purpose, file by file
    log_to(settings.home / "logs")
    from dialup_ext.server import make_server, serve
    from dialup_ext.spawner.everybody import spare_this_process

    spare_this_process()
    server = make_server(settings)
    hub: Hub = server.dialup.hub
    try:
        serve(server, lambda: ready(hub))
    except Exception:
        hub.stop_everything()
        raise
    return hub


def _welcome(hub: Hub, began: float, *, browser: bool, sample: bool) -> None:
    say("Starting Caddy …")
    hub.caddy.start()
    owner = hub.ensure_owner()
    address = _sample(hub, owner) if sample and not hub.adopting else None
    _fetch_images(hub)
    link = hub.identity.make_login_link(owner.name)
    _print_addresses(hub, link, address, time.monotonic() - began)
    if browser and _has_browser():
        threading.Thread(target=webbrowser.open, args=(link,), daemon=True).start()


def _fetch_images(hub: Hub) -> None:
    """Those of a registry before somebody waits for them; what goes wrong is said with the choice below."""
    from contextlib import suppress

    from dialup_ext.domain.instance import Runtime

    for runtime in Runtime:
        with suppress(DialupError):
            hub.context.driver.prepare(runtime, lambda line: say(f"  {line}"))


def _print_addresses(hub: Hub, link: str, sample: str | None, seconds: float) -> None:
    settings = hub.settings
    say("")
    click.secho(f"dialup is up ({seconds:.1f} s).", bold=True)
    say("")
    say(f"  Your portal    {settings.origin(settings.portal_host)}/")
    say(f"  Log in, once   {click.style(link, fg='cyan', underline=True)}")
    if sample:
        say(f"  A sample site  {click.style(sample, fg='cyan', underline=True)}")
    if os.environ.get("SSH_CONNECTION"):
        say(f"\n  You are here over SSH. On your own computer run\n"
            f"    ssh -L {settings.port}:127.0.0.1:{settings.port} {_ssh_name()}\n"
            f"  and open the links there.")
    say("\n  " + how_it_runs(hub.context.driver.name))
    if more := what_to_know(settings, hub.context.driver.name):
        say("  " + more)
    say("  Ctrl-C stops everything it started.")


def _sample(hub: Hub, owner: Account) -> str | None:
    """The sample's address; made and deployed at the first start, by the way every deploy goes."""
    existing = hub.context.sites.list(owner.id)
    if existing:
        named = next((site for site in existing if site.name == SAMPLE and site.live_release_id), None)
        return None if named is None else hub.settings.origin(hub.settings.site_host(SAMPLE)) + "/"
    from dialup_ext.client.deploy import deploy_folder
    from dialup_ext.client.transport import Transport
    from dialup_ext.templates import unpack

    say("Deploying the sample site …")
    workspace = hub.context.workspaces(owner.name) / SAMPLE
    if not workspace.exists():
        workspace.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        unpack("static", workspace)
    hub.doors.open_lab(owner.name)
    door = hub.settings.run / "labs" / owner.name / "hub.sock"
    transport = Transport.for_socket(door)
    try:
        transport.post("/sites", {"name": SAMPLE, "template": "static"})
        deploy_folder(transport, SAMPLE, workspace)
    finally:
        transport.close()
    return hub.settings.origin(hub.settings.site_host(SAMPLE)) + "/"


def _has_browser() -> bool:
    if os.environ.get("SSH_CONNECTION"):
        return False
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("BROWSER"))


def _ssh_name() -> str:
    """How this machine was reached: the server's side of SSH_CONNECTION."""
    parts = os.environ.get("SSH_CONNECTION", "").split()
    user = os.environ.get("USER") or "you"
    return f"{user}@{parts[2] if len(parts) > 2 else 'this-machine'}"
