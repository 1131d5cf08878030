"""`deploy sites sleep`, `wake` and `volume`: when a site sleeps, that it wakes, and whether it keeps data."""

from __future__ import annotations

import click

from dialup_ext.cli.deploy_here import Here, pass_here, shared, site_argument
from dialup_ext.client.duration import duration_said, seconds_of
from dialup_ext.client.transport import Json


@click.command()
@site_argument
@click.option("--after", metavar="TIME|never", help="Such as 15m, 1h, 2d; or never.")
@shared
@pass_here
def sleep(here: Here, name: str | None, after: str | None) -> None:
    """Let a site sleep when nobody visits it; the next visitor wakes it. Without --after, say how it is set.

    \b
    deploy sites sleep blog --after 15m     stop its program after 15 minutes without a visit
    deploy sites sleep blog --after never   keep it awake
    """
    path = f"/sites/{here.site(name)}"
    site = here.transport.get(path) if after is None else here.transport.patch(path, {"sleep_after": seconds_of(after)})
    here.output.say(_sleep_said(site))
    here.output.data(site)


@click.command()
@site_argument
@shared
@pass_here
def wake(here: Here, name: str | None) -> None:
    """Wake a site that sleeps, as its next visitor would."""
    site = here.transport.post(f"/sites/{here.site(name)}/wake")
    here.output.say(f"✓ {site['name']} is awake at {site['address']}")
    here.output.data(site)


@click.command()
@click.argument("name")
@click.argument("wanted", type=click.Choice(["on", "off"]), required=False)
@shared
@pass_here
def volume(here: Here, name: str, wanted: str | None) -> None:
    """Give site NAME a folder for data that survives deployments, or take it out of its program's reach: on or off.

    Its program finds the folder in DATA_DIR. A site that runs is started anew for it. Switched off, what is in
    the folder is kept, and is there again when it is switched on; it goes with the site.
    """
    path = f"/sites/{here.site(name)}"
    site = here.transport.get(path) if wanted is None else here.transport.patch(path, {"volume": wanted == "on"})
    here.output.say(f"{site['name']} has a data folder; its program finds it at the path in DATA_DIR."
                    if site["volume"] else f"{site['name']} has no data folder.")
    here.output.data(site)


def _sleep_said(site: Json) -> str:
    if site["sleep_after"] is None:
        return f"{site['name']} never sleeps."
    return f"{site['name']} sleeps after {duration_said(site['sleep_after'])} without a visit."
