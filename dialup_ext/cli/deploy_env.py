"""`deploy sites env`: what a site's program is told. Secrets are typed or piped, never part of a command."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dialup_ext.cli.deploy_here import Here, pass_here, shared
from dialup_ext.client.dotenv import parse
from dialup_ext.client.env import Env
from dialup_ext.client.words import plural
from dialup_ext.domain.variables import HIDDEN
from dialup_ext.errors import BadInput

ACTIONS = ("list", "set", "unset", "import")


@click.command()
@click.argument("name")
@click.argument("action", type=click.Choice(ACTIONS), default="list")
@click.argument("items", nargs=-1)
@click.option("--secret", is_flag=True, help="Set secrets: name them, and type or pipe the value.")
@shared
@pass_here
def env(here: Here, name: str, action: str, items: tuple[str, ...], secret: bool) -> None:
    """Show and change what the program of site NAME is told.

    \b
    deploy sites env blog                        what is set; secrets are hidden
    deploy sites env blog set GREETING=hello     set some
    deploy sites env blog set --secret TOKEN     asks for the value, or takes it from a pipe
    deploy sites env blog unset GREETING TOKEN   forget some
    deploy sites env blog import .env            set what a file says; --secret hides it all

    A running site learns of it at its next start: deploy sites restart NAME.
    """
    site = here.site(name)
    variables = Env(here.transport, site)
    if action == "set":
        _set(variables, items, secret=secret)
    elif action == "unset":
        _unset(variables, items)
    elif action == "import":
        _import(variables, items, secret=secret)
    elif items:
        raise click.UsageError("“list” takes nothing more.")
    _show(here, site, variables, whole=action == "list")


def _set(variables: Env, items: tuple[str, ...], *, secret: bool) -> None:
    if not items:
        raise click.UsageError("Say what to set: NAME=VALUE, or --secret NAME.")
    if secret:
        if any("=" in item for item in items):
            raise click.UsageError("A command line can be seen by others on this machine. Give the name alone: "
                                   "--secret NAME, then type or pipe the value.")
        if len(items) > 1 and not sys.stdin.isatty():
            raise click.UsageError("One pipe holds one value: set one secret at a time.")
        for item in items:
            variables.secret(item, _ask(item))
        return
    pairs = [item.partition("=") for item in items]
    if any(not sign for _, sign, _ in pairs):
        raise click.UsageError("Write NAME=VALUE; for a secret, --secret NAME.")
    for item, _, value in pairs:
        variables[item] = value


def _ask(name: str) -> str:
    """The value, never shown: typed twice by a person, all of standard input from a program."""
    if sys.stdin.isatty():
        return str(click.prompt(f"Value of {name} (hidden)", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.read().removesuffix("\n")


def _unset(variables: Env, items: tuple[str, ...]) -> None:
    """Idempotent: what is not there is gone already."""
    if not items:
        raise click.UsageError("Say which to forget.")
    for item in items:
        variables.pop(item, None)


def _import(variables: Env, items: tuple[str, ...], *, secret: bool) -> None:
    if len(items) != 1:
        raise click.UsageError("Name one file, such as .env.")
    try:
        text = Path(items[0]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"“{items[0]}” cannot be read: {getattr(error, 'strerror', None) or 'it is not text'}.",
                       hint="Check the path.") from None
    for item, value in parse(text).items():
        if secret:
            variables.secret(item, value)
        else:
            variables[item] = value


def _show(here: Here, site: str, variables: Env, *, whole: bool) -> None:
    found = variables.facts()
    here.output.data(found)
    if whole and not found["variables"]:
        here.output.say(f"{site} has no variables. Set one: deploy sites env {site} set NAME=VALUE")
    elif whole:
        rows = [(str(one["name"]), HIDDEN if one["value"] is None else _short(str(one["value"])),
                 "secret" if one["secret"] else "") for one in found["variables"]]
        here.output.table(("name", "value", ""), rows)
    else:
        here.output.say(f"✓ {site} has {plural(len(found['variables']), 'variable')}.")
    if found["needs_restart"]:
        here.output.say(f"It runs with what was set before. To change that: deploy sites restart {site}", "yellow")


def _short(value: str) -> str:
    """A value on one line."""
    line = value.replace("\n", "↵")
    return line if len(line) <= 60 else line[:59] + "…"

