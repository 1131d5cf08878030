"""What every `deploy` command shares: `--json`, `--server`, the connection, and which site is meant."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import click

from dialup_ext.cli.output import Output
from dialup_ext.client.choice import site_for
from dialup_ext.client.transport import Json, Transport
from dialup_ext.errors import DialupError, Forbidden

F = TypeVar("F", bound=Callable[..., Any])


class Here:
    """One run of the command: how it speaks and whom it talks to. Connects at the first need."""

    def __init__(self) -> None:
        self.output = Output()
        self.server: str | None = None
        self._domain_of: str | None = None

    @cached_property
    def transport(self) -> Transport:
        transport = Transport.for_here(self.server, domain_of=self._domain_of)
        context = click.get_current_context(silent=True)  # none while a shell completes a name
        if context is not None:
            context.find_root().call_on_close(transport.close)
        return transport

    @cached_property
    def me(self) -> Json:
        return self.transport.get("/me")

    def site(self, given: str | None, folder: Path | None = None) -> str:
        """The site meant by `given`, a name or an address; without it, the one `folder` belongs to.

        An address also chooses the server, when you are logged in to several.
        """
        if given and "." in given:
            self._domain_of = given.strip().lower().rstrip("/").split("//")[-1].split(":")[0]
        domain = self._domain() if given and "." in given else ""
        return site_for(folder or Path.cwd(), given, portal=self.transport.portal, domain=domain)

    def _domain(self) -> str:
        """The server's; unknown to a key that may not ask."""
        try:
            return str(self.me["domain"])
        except Forbidden:
            return ""


def shared(command: F) -> F:
    """Give a command `--json` and `--server`; both also work before the command's name."""
    for option in (
        click.option("--server", metavar="DOMAIN", expose_value=False, callback=_set_server,
                     help="Use this server, if you are logged in to several."),
        click.option("--json", is_flag=True, expose_value=False, callback=_set_json,
                     help="Print one JSON document, for programs."),
    ):
        command = option(command)
    return command


def site_argument(command: F) -> F:
    """An optional NAME: a site's name or address, completed from the server's list."""
    argument = click.argument("name", required=False, shell_complete=_complete)
    return argument(command)


pass_here = click.make_pass_decorator(Here, ensure=True)


def _set_json(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Here).output.as_json = True


def _set_server(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value:
        context.ensure_object(Here).server = value


def _complete(context: click.Context, _: click.Parameter, start: str) -> list[str]:
    """Names of your sites. Silent without a server: a shell cannot show a message here."""
    try:
        with context.ensure_object(Here).transport as transport:
            sites = transport.get("/sites")["sites"]
    except DialupError:
        return []
    return [site["name"] for site in sites if str(site["name"]).startswith(start)]
