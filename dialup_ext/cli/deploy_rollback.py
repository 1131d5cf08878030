"""`deploy rollback`: make an older release live again. Nothing is built or sent."""

from __future__ import annotations

import click

from dialup_ext.cli.deploy_here import Here, pass_here, shared, site_argument
from dialup_ext.cli.deploy_progress import drawing
from dialup_ext.client import deploy
from dialup_ext.client.table import ago

ROLLBACK_EXAMPLES = """\b
Examples:
  deploy rollback mysite
  deploy rollback mysite --to 11
  deploy rollback mysite --list
"""


@click.command(epilog=ROLLBACK_EXAMPLES)
@site_argument
@click.option("--to", "number", type=click.IntRange(1), metavar="RELEASE", help="Its number; default: the one before.")
@click.option("--list", "only_list", is_flag=True, help="List the releases and change nothing.")
@shared
@pass_here
def rollback(here: Here, name: str | None, number: int | None, only_list: bool) -> None:
    """Go back to an older release of a site."""
    site = here.site(name)
    if only_list:
        _list(here, site)
        return
    with drawing(here.output, site, steps=("start", "check", "live"), verb="Rolling back") as tell:
        deployment = deploy.rollback(here.transport, site, number, tell)
    facts = here.transport.get(f"/sites/{site}")
    here.output.say(f"✓ {site} runs release {deployment['release']['number']} again: {facts['address']}")
    here.output.data(deployment | {"address": facts["address"]})


def _list(here: Here, site: str) -> None:
    releases = here.transport.get(f"/sites/{site}/releases")["releases"]
    live = (here.transport.get(f"/sites/{site}").get("live_release") or {}).get("number")
    rows = [(str(release["number"]), "live" if release["number"] == live else "", f"{release['file_count']:,}",
             ago(release["created_at"]), str(release["created_by"])) for release in releases]
    here.output.table(("release", "", "files", "made", "by"), rows)
    here.output.data({"site": site, "live": live, "releases": releases})
