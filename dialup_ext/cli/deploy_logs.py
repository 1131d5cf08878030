"""`deploy logs`: what a site's program printed."""

from __future__ import annotations

import json

import click

from dialup_ext.cli.deploy_here import Here, pass_here, shared, site_argument
from dialup_ext.client.logs import Logs
from dialup_ext.client.words import plain


@click.command()
@site_argument
@click.option("-n", "--lines", default=100, show_default=True, type=click.IntRange(1, 10_000), help="How many.")
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines until Ctrl-C.")
@shared
@pass_here
def logs(here: Here, name: str | None, lines: int, follow: bool) -> None:
    """Show the log of a site (default: of this folder's site)."""
    site = here.site(name)
    log = Logs(here.transport, site)
    found = log.tail(lines)
    if here.output.as_json and not follow:
        here.output.data({"site": site, "lines": list(found)})
        return
    for line in found:
        _print(here, line)
    if not found and not follow:
        here.output.say(f"{site} has logged nothing.", style="dim")
    if follow:
        _follow(here, log)


def _follow(here: Here, log: Logs) -> None:
    """Ctrl-C is how this ends, and no failure."""
    try:
        for line in log.follow():
            _print(here, line)
    except KeyboardInterrupt:
        return


def _print(here: Here, line: str) -> None:
    """One line of text, or one line of JSON."""
    click.echo(json.dumps({"line": line}, ensure_ascii=False) if here.output.as_json else plain(line))
