"""`deploy site`: put a folder on the web."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click

from dialup_ext.cli.deploy_here import Here, pass_here, shared
from dialup_ext.cli.deploy_progress import drawing
from dialup_ext.cli.output import warnings
from dialup_ext.client.choice import remember
from dialup_ext.client.deploy import deploy_folder
from dialup_ext.client.transport import Json
from dialup_ext.errors import DialupError

SITE_EXAMPLES = """\b
Examples:
  deploy site --domain mysite.yourdomain.com     this folder, to that address
  deploy site ./blog --domain blog               the name alone is enough
  deploy site                                    the same site as last time
  deploy site --json | jq -r .address            in a script

What stays behind: links, .git, node_modules, .env files and the like, and what
.dialupignore lists (it has the syntax of .gitignore).
"""


@click.command(epilog=SITE_EXAMPLES)
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option("--domain", metavar="SITE", help="The site's address or name. Default: as last time, else the folder's name.")
@click.option("-v", "--verbose", is_flag=True, help="Show the whole log of the deployment.")
@shared
@pass_here
def site(here: Here, path: Path, domain: str | None, verbose: bool) -> None:
    """Deploy the folder PATH (default: this one). A site that does not exist yet is created."""
    path = _folder(path)
    name = here.site(domain, path)
    with drawing(here.output, name, verbose=verbose) as tell:
        deployment = deploy_folder(here.transport, name, path, tell, create=True)
    if domain:
        remember(path, name, portal=here.transport.portal)
    facts = here.transport.get(f"/sites/{name}")
    here.output.say(f"✓ {facts['address']} is live: {_how(deployment)}")
    _warn(here)
    here.output.data(deployment | {"address": facts["address"]})


def _folder(path: Path) -> Path:
    """The folder meant by `path`: as given, this one by its name, or one in the home (as in a lab)."""
    if path.is_dir():
        return path
    if len(path.parts) == 1 and path.name == Path.cwd().name:
        return Path.cwd()
    if (Path.home() / path).is_dir():
        return Path.home() / path
    raise click.UsageError(f"There is no folder “{path}” here. You are in {Path.cwd()}: name a folder in it, "
                           "or go to yours with `cd` first.")


def _how(deployment: Json) -> str:
    seconds = deployment.get("duration_seconds")
    took = f", in {seconds:.1f} s" if isinstance(seconds, int | float) else ""
    return f"release {deployment['release']['number']}{took}"


def _warn(here: Here) -> None:
    """Say when a limit is near, while it can still be helped."""
    if here.output.as_json:
        return
    with suppress(DialupError):  # a key for CI may not see the account, and the site is live anyway
        for sentence in warnings(here.transport.get("/me")["quota"]):
            here.output.note(f"! {sentence}", style="yellow")
