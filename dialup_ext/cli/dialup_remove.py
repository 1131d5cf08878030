"""`dialup remove`: take an installation off this machine, and leave nothing of it behind but, unless asked, its data."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import click

from dialup_ext.errors import Conflict

if TYPE_CHECKING:
    from dialup_ext.settings import Settings


@click.command()
@click.option("--data", is_flag=True, help="The home too: database, releases, workspaces, everybody's files.")
@click.option("--yes", is_flag=True, help="Do not ask for the home's name.")
@click.pass_obj
def remove(settings: Any, data: bool, yes: bool) -> None:
    """Stop everything and remove its containers, networks, firewall rules and mounts; the data only with --data."""
    settings = settings()
    if not settings.home.is_dir():
        click.echo(f"There is nothing at {settings.home}.")
        return
    lost = " and ALL ITS DATA" if data else "; its data stays, and `dialup up` brings everything back"
    click.echo(f"This takes the installation at {settings.home} off this machine{lost}.")
    if not yes and click.prompt(f"Type “{settings.home.name}” to go on") != settings.home.name:
        raise Conflict("That is another name, so nothing was removed.", code="not_confirmed",
                       hint="`dialup --home … remove` says which installation is meant.")
    for line in take_away(settings):
        click.echo(line)
    if data:
        shutil.rmtree(settings.home)
        click.echo(f"removed {settings.home}")


def take_away(settings: Settings) -> list[str]:
    """End what runs and remove what is outside the home; what was done, in lines. Idempotent.

    Raises `Conflict` (`already_running`) while a hub runs there, (`disk_in_use`) when a disk cannot be unmounted,
    and `Unavailable` when Docker does not answer: its containers would be left.
    """
    from dialup_ext.app import hold, leave_driver, make_driver
    from dialup_ext.cli.isolation import driver_of
    from dialup_ext.ingress.caddy import Caddy
    from dialup_ext.installation import Bond
    from dialup_ext.spawner.disks import Disks
    from dialup_ext.store.engine import Store
    from dialup_ext.store.values import StoredValues

    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with hold(settings.data / "hub.lock"):
        name = driver_of(settings)
        store = Store(settings.resolved_database_url)
        store.prepare()
        driver = make_driver(name, settings, Bond(settings.home, StoredValues(store)).id)
        count = len(driver.list())
        Caddy(settings).stop()
        leave_driver(driver)
        store.close()
        disks = Disks(settings, driver, makes=False)
        number, busy = len(disks.all()), disks.unmount_all()
        if busy:
            raise Conflict(f"{len(busy)} of {number} disks are still in use, so they stay mounted.", code="disk_in_use",
                           hint="`fuser -vm <home>/disks/*/` says by whom. End that, then do it again.")
        if settings.run != settings.home / "run":
            shutil.rmtree(settings.run, ignore_errors=True)
    what = "containers, networks and firewall rules" if name == "docker" else "processes"
    return [f"stopped Caddy and {count} instances; no {what} are left", f"unmounted {number} disks"]
