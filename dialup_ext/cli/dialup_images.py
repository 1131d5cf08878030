"""`dialup images`: the images the docker driver runs people's programs in."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import click

WHICH = ("base", "node", "python", "lab", "nginx")


@click.group()
def images() -> None:
    """Make, list and clear up the images sites, previews and labs run in."""


@images.command()
@click.argument("which", nargs=-1, type=click.Choice(WHICH))
@click.option("--base", default="", help="Start from this image (with Python and glibc), not from Debian's packages.")
@click.option("--suite", default="bookworm", show_default=True, help="Debian's release.")
@click.option("--mirror", default="", help="Debian's mirror; the machine's own when not given.")
@click.option("--ca-bundle", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Certificates pip trusts while it builds, behind a proxy of your own.")
@click.option("--fresh", is_flag=True, help="Make them anew although nothing changed: newer packages of the same names.")
def build(which: tuple[str, ...], base: str, suite: str, mirror: str, ca_bundle: Path | None, fresh: bool) -> None:
    """Make the images here, without any registry: all of them, or those named; what is up to date stays."""
    from dialup_ext.spawner.docker_build import Builder, Options
    from dialup_ext.spawner.docker_engine import Engine

    with closing(Engine()) as engine:
        builder = Builder(engine, click.echo, Options(base, suite, mirror, ca_bundle, fresh))
        builder.build(which or WHICH)
    _show()


@images.command()
@click.pass_obj
def pull(settings: Any) -> None:
    """Fetch the images the settings name from their registry, newer ones of the same name too."""
    from dialup_ext.domain.instance import Runtime
    from dialup_ext.spawner.docker_engine import Engine
    from dialup_ext.spawner.docker_images import LOCAL, Images

    values = settings()
    with closing(Engine()) as engine:
        found = Images(engine, node=values.node_image, python=values.python_image, lab=values.lab_image,
                       nginx=values.nginx_image)
        names = {name for runtime in Runtime
                 if (runtime is not Runtime.NGINX or values.static_container) and (name := found.chosen(runtime)) not in LOCAL.values()}
        for name in sorted(names):
            found.pull(name, click.echo)
    if not names:
        click.echo("None: the settings node_image, python_image, lab_image and nginx_image name no image of a registry.")


@images.command("list")
def list_images() -> None:
    """List the images made here, and when that was (UTC)."""
    _show()


@images.command()
@click.argument("which", nargs=-1, type=click.Choice(WHICH))
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
def prune(which: tuple[str, ...], dry_run: bool) -> None:
    """Remove earlier images of dialup's own that have no name any more and that nothing runs in."""
    from dialup_ext.spawner.docker_engine import Engine
    from dialup_ext.spawner.docker_prune import prune, superfluous

    with closing(Engine()) as engine:
        if dry_run:
            for old in (found := superfluous(engine, which or WHICH)):
                click.echo(f"{old.id.removeprefix('sha256:')[:12]}  {old.made:<8} {old.size / 1e6:7.0f} MB  "
                           f"{old.made_at:%Y-%m-%d %H:%M}")
            click.echo(f"{len(found)} would go; what they share with others stays." if found else "There is none.")
            return
        count, freed = prune(engine, which or WHICH)
    click.echo(f"{count} removed, {freed / 1e6:,.0f} MB freed.")


def _show() -> None:
    from dialup_ext.spawner.docker_engine import Engine
    from dialup_ext.spawner.docker_images import Images

    with closing(Engine()) as engine:
        found = Images(engine).list()
    if not found:
        click.echo("None yet. `dialup images build` makes them.")
    for image in found:
        made = f"{image.made_at:%Y-%m-%d %H:%M}" if image.made_at else ""
        what = [image.version and f"by dialup {image.version}", image.python and f"Python {image.python}"]
        click.echo(f"{image.name:<24} {image.size / 1e6:7.0f} MB  {made:<16}  {', '.join(filter(None, what))}".rstrip())
