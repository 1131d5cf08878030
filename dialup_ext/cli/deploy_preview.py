"""`deploy preview`: start or stop the preview of a site's workspace in the lab."""

from __future__ import annotations

import click

from dialup_ext.cli.deploy_here import Here, pass_here, shared, site_argument
from dialup_ext.client.transport import Json


@click.command()
@site_argument
@click.option("--stop", is_flag=True, help="Stop it.")
@shared
@pass_here
def preview(here: Here, name: str | None, stop: bool) -> None:
    """Start the preview of a site and say where it is; --stop ends it."""
    site = here.site(name)
    path = f"/sites/{site}/preview"
    found = here.transport.delete(path) if stop else here.transport.post(path)
    here.output.say(_sentence(site, found, stopped=stop))
    here.output.data(found or {"site": site, "state": "stopped"})


def _sentence(site: str, found: Json, *, stopped: bool) -> str:
    if stopped:
        return f"✓ The preview of {site} is stopped."
    if found.get("state") == "failed":
        return f"The preview of {site} does not start: {found.get('message', '')}"
    return f"✓ The preview of {site} is {found.get('state')}: {found.get('url')}"
