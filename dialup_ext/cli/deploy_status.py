"""`deploy status`: your sites at a glance, and what they use."""

from __future__ import annotations

import click

from dialup_ext.cli.deploy_here import Here, pass_here, shared
from dialup_ext.cli.deploy_sites import show_sites
from dialup_ext.cli.output import Output, quota_table, warnings
from dialup_ext.client.transport import Json
from dialup_ext.client.words import plain


@click.command()
@click.option("--resources", is_flag=True, help="Also memory and storage, site by site, against your quota.")
@shared
@pass_here
def status(here: Here, resources: bool) -> None:
    """Show your sites; with --resources what they use."""
    me, sites = here.me, here.transport.get("/sites")["sites"]
    usage = here.transport.get("/usage") if resources else None
    output = here.output
    output.say(f"{me['account']['name']} at {me['domain']}", style="bold")
    output.say("")
    show_sites(output, sites)
    if usage is not None:
        output.say("")
        _show_use(output, usage)
        output.say("")
        output.show(quota_table(usage["quota"]))
    for sentence in warnings(me["quota"]):
        output.say("")
        output.say(f"! {sentence}", style="yellow")
    facts = {"account": me["account"], "domain": me["domain"], "portal": me["portal"], "quota": me["quota"]}
    output.data(facts | {"sites": sites} | ({"usage": usage} if usage is not None else {}))


def _show_use(output: Output, usage: Json) -> None:
    rows = [(plain(str(site["name"])), _number(site.get("memory_mb")), _number(site.get("storage_mb")))
            for site in usage["sites"]]
    if rows:
        output.table(("site", "memory MB", "storage MB"), rows)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"
