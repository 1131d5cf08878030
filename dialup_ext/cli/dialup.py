"""`dialup`: the operator's command line. Start a server, look after it, let people in."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from dialup_ext.errors import DialupError


class Guarded(click.Group):
    """Shows a refusal as a sentence and a hint, never as a stack trace; exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DialupError as error:
            if os.environ.get("DIALUP_DEBUG"):
                raise
            click.secho(error.message, fg="red", err=True)
            if error.hint:
                click.echo(error.hint, err=True)
            sys.exit(1)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:  # nobody ever sees a stack trace
            if os.environ.get("DIALUP_DEBUG"):
                raise
            click.secho(f"Something went wrong inside dialup ({type(error).__name__}).", fg="red", err=True)
            click.echo("The same command with DIALUP_DEBUG=1 shows where; please report it with that.", err=True)
            sys.exit(1)


@click.group(cls=Guarded, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--home", type=click.Path(path_type=Path), help="The data's folder (or DIALUP_HOME).")
@click.option("--port", type=int, help="The port people visit (or PORT).")
@click.option("--domain", help="The parent domain of all sites (or DIALUP_DOMAIN).")
@click.option("--force", is_flag=True, default=None, help="Allow what is refused without isolation.")
@click.version_option(package_name="dialup-ext", prog_name="dialup")
@click.pass_context
def main(context: click.Context, /, home: Path | None, **overrides: Any) -> None:
    """Host a circle of friends' sites on one server.

    \b
    dialup up                 a whole server on this machine, for a try
    dialup users add ana      let somebody in
    dialup doctor             what is missing, and what to do about it
    """
    from dialup_ext.settings import load_settings

    context.obj = lambda: load_settings(home.absolute() if home else None, **overrides)


@main.command()
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option("--no-sample", is_flag=True, help="Do not make the sample site.")
@click.pass_obj
def up(settings: Any, no_browser: bool, no_sample: bool) -> None:
    """Start a whole server here: hub, Caddy, first admin, a sample site. Ctrl-C stops it all."""
    from dialup_ext.cli.dialup_up import run

    run(settings(), browser=not no_browser, sample=not no_sample)


@main.command()
@click.pass_obj
def serve(settings: Any) -> None:
    """Run the hub for a service manager; what it started goes on when it stops."""
    from dialup_ext.cli.dialup_up import serve_quietly

    serve_quietly(settings())


@main.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def doctor(settings: Any, as_json: bool) -> None:
    """Look at everything dialup needs; exit code 1 when something is wrong."""
    from dialup_ext.cli.dialup_doctor import examine, show

    findings = examine(settings())
    show(findings, as_json)
    sys.exit(0 if all(finding.ok for finding in findings) else 1)


@main.command("settings")
@click.pass_obj
def list_settings(settings: Any) -> None:
    """List every setting with its value, unit and meaning."""
    from dialup_ext.settings import TABLE

    values = settings().as_dict()
    for setting in TABLE:
        click.echo(f"{setting.name} = {values[setting.name]!r}  [{setting.unit}]")
        click.echo(f"    {setting.help}  (default {setting.default!r})")


@main.command()
@click.pass_obj
def caddyfile(settings: Any) -> None:
    """Print the whole configuration of Caddy, as `dialup` would load it."""
    from dialup_ext.ingress.caddyfile import render

    click.echo(render(settings()), nl=False)


def _add_groups() -> None:
    from dialup_ext.cli.dialup_images import images
    from dialup_ext.cli.dialup_remove import remove
    from dialup_ext.cli.dialup_users import users

    main.add_command(users)
    main.add_command(images)
    main.add_command(remove)


_add_groups()

if __name__ == "__main__":
    main()
