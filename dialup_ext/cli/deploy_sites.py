"""`deploy sites`: list your sites; stop, start, restart, wake, open, roll back, remove one, set what it is told."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from dialup_ext.cli.deploy_env import env
from dialup_ext.cli.deploy_here import Here, pass_here, shared, site_argument
from dialup_ext.cli.deploy_life import sleep, volume, wake
from dialup_ext.cli.deploy_logs import logs
from dialup_ext.cli.deploy_rollback import rollback
from dialup_ext.cli.output import Output, address_link, state
from dialup_ext.client.table import ago, live_text
from dialup_ext.client.transport import Json
from dialup_ext.domain.wording import kind_said, site_said

DONE = {"stop": "is stopped. Visitors see a page that says so.", "start": "runs again at {address}",
        "restart": "was restarted and runs at {address}"}


@click.group()
@shared
def sites() -> None:
    """List your sites; stop, start, restart, open or remove one."""


@sites.command("list")
@shared
@pass_here
def list_sites(here: Here) -> None:
    """List your sites."""
    found = here.transport.get("/sites")["sites"]
    show_sites(here.output, found)
    here.output.data({"sites": found})


def show_sites(output: Output, found: Sequence[Json]) -> None:
    """Your sites as a table, or what to do when there are none."""
    if not found:
        output.say("You have no sites yet. In a folder with an index.html, run: deploy site")
        return
    rows = [(str(site["name"]), state(site_said(str(site["status"]), site.get("live_release"))),
             kind_said(str(site["kind"])), address_link(str(site["address"])),
             live_text(site), ago(site.get("last_deployed"))) for site in found]
    output.table(("site", "state", "type", "address", "live", "deployed"), rows, spare=("type", "deployed", "live"))


def _act(here: Here, name: str | None, verb: str) -> None:
    site = here.transport.post(f"/sites/{here.site(name)}/{verb}")
    here.output.say(f"✓ {site['name']} {DONE[verb].format(address=site['address'])}")
    here.output.data(site)


@sites.command()
@site_argument
@shared
@pass_here
def stop(here: Here, name: str | None) -> None:
    """Take a site off the web. Its releases stay."""
    _act(here, name, "stop")


@sites.command()
@site_argument
@shared
@pass_here
def start(here: Here, name: str | None) -> None:
    """Put a stopped site back on the web."""
    _act(here, name, "start")


@sites.command()
@site_argument
@shared
@pass_here
def restart(here: Here, name: str | None) -> None:
    """Start the live release of a site anew."""
    _act(here, name, "restart")


@click.command("open")
@site_argument
@shared
@pass_here
def open_site(here: Here, name: str | None) -> None:
    """Show a site in your browser."""
    site = here.transport.get(f"/sites/{here.site(name)}")
    address = str(site["address"])
    if not here.output.as_json and address.startswith(("https://", "http://")):
        click.launch(address)
    here.output.say(address)
    here.output.data({"site": site["name"], "address": address})


@sites.command()
@click.argument("name")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@shared
@pass_here
def remove(here: Here, name: str, yes: bool) -> None:
    """Delete a site with all its releases. This cannot be undone."""
    site = here.transport.get(f"/sites/{here.site(name)}")
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError(f"To remove {site['name']} without being asked, add --yes.")
        click.confirm(f"Delete {site['name']} ({site['address']}) with all its releases? This cannot be undone.",
                      abort=True, err=True)
    here.transport.delete(f"/sites/{site['name']}")
    here.output.say(f"✓ {site['name']} is gone. Your own folder was not touched.")
    here.output.data({"removed": site["name"]})


sites.add_command(env)
sites.add_command(open_site)
sites.add_command(logs)
sites.add_command(rollback)
sites.add_command(sleep)
sites.add_command(volume)
sites.add_command(wake)
