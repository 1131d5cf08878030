"""`deploy preview`: start or stop the preview of a site's workspace in the lab, and show it to others."""

from __future__ import annotations

from datetime import datetime

import click

from dialup_ext.cli.deploy_here import Here, pass_here, shared, site_argument
from dialup_ext.client.site import Site
from dialup_ext.client.transport import Json


class _Preview(click.Group):
    """`deploy preview blog` opens it; `share`, `links` and `unshare` are commands of their own."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Whatever does not begin with a command of the group's is for `open`."""
        if args[:1] != ["--help"] and (not args or args[0] not in self.commands):
            args = ["open", *args]
        return super().parse_args(context, args)


@click.group(cls=_Preview)
def preview() -> None:
    """Start the preview of a site and say where it is (deploy preview [NAME] [--stop]); show it to others."""


@preview.command("open", hidden=True)
@site_argument
@click.option("--stop", is_flag=True, help="Stop it.")
@shared
@pass_here
def open_preview(here: Here, name: str | None, stop: bool) -> None:
    """Start the preview of a site and say where it is; --stop ends it."""
    site = here.site(name)
    path = f"/sites/{site}/preview"
    found = here.transport.delete(path) if stop else here.transport.post(path)
    here.output.say(_sentence(site, found, stopped=stop))
    here.output.data(found or {"site": site, "state": "stopped"})


@preview.command()
@site_argument
@click.option("--hours", type=click.IntRange(1, 720), default=24, show_default=True, help="How long it is good for.")
@shared
@pass_here
def share(here: Here, name: str | None, hours: int) -> None:
    """Make a link that shows the preview, and nothing else, to whoever has it."""
    site = here.site(name)
    made = _site(here, site).share_preview(hours)
    here.output.say(f"✓ Whoever has this link sees the preview of {site} until {_when(made['expires_at'])}:")
    here.output.say(str(made["url"]))
    here.output.say("It is not shown again. While the preview is stopped they are asked to wait for you.", "dim")
    here.output.data(made)


@preview.command()
@site_argument
@shared
@pass_here
def links(here: Here, name: str | None) -> None:
    """List the links to a preview that are good now."""
    site = here.site(name)
    found = _site(here, site).preview_links
    if not found:
        here.output.say(f"Nobody has a link to the preview of {site}. Make one: deploy preview share {site}")
    else:
        here.output.table(("link", "made", "good until"), [
            (str(one["id"]), _when(one["created_at"]), _when(one["expires_at"])) for one in found])
    here.output.data({"links": found})


@preview.command()
@site_argument
@click.argument("link", required=False)
@shared
@pass_here
def unshare(here: Here, name: str | None, link: str | None) -> None:
    """Revoke a link to a preview, by its name in `deploy preview links`; without one, all of them."""
    site = here.site(name)
    _site(here, site).unshare_preview(link)
    here.output.say("✓ That link opens nothing any more." if link else f"✓ No link opens the preview of {site} any more.")
    here.output.data({"site": site, "revoked": link or "all"})


def _site(here: Here, name: str) -> Site:
    return Site(here.transport, {"name": name})


def _when(text: object) -> str:
    return datetime.fromisoformat(str(text)).astimezone().strftime("%Y-%m-%d %H:%M")


def _sentence(site: str, found: Json, *, stopped: bool) -> str:
    if stopped:
        return f"✓ The preview of {site} is stopped."
    if found.get("state") == "failed":
        return f"The preview of {site} does not start: {found.get('message', '')}"
    return f"✓ The preview of {site} is {found.get('state')}: {found.get('url')}"
