"""`deploy keys`: where keys are made. They are made in the portal only, by a person who is logged in there."""

from __future__ import annotations

import click

from dialup_ext.cli.deploy_here import Here, pass_here, shared
from dialup_ext.client.address import keys_page
from dialup_ext.client.credentials import find_login


@click.command()
@shared
@pass_here
def keys(here: Here) -> None:
    """Say where keys are made, seen and revoked."""
    page = keys_page(find_login(here.server).portal)
    here.output.say(f"Make, see and revoke your keys at {page}\n"
                    "A key cannot make or revoke keys, so a lost one stays a small loss.")
    here.output.data({"url": page})
