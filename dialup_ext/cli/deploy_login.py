"""`deploy login`, `logout` and `whoami`: the key this computer uses."""

from __future__ import annotations

import sys

import click

from dialup_ext.cli.deploy_here import Here, pass_here, shared
from dialup_ext.client.address import keys_page, portal_url
from dialup_ext.client.credentials import Credentials, Login, find_login
from dialup_ext.client.transport import Json, Transport
from dialup_ext.errors import BadInput, Forbidden, NotLoggedIn

LOGIN_EXAMPLES = """\b
Examples:
  deploy login --server yourdomain.com
  echo "$KEY" | deploy login --server yourdomain.com
"""


@click.command(epilog=LOGIN_EXAMPLES)
@click.option("--key", help="The key. Safer: paste it when asked, pipe it in, or set DIALUP_KEY.")
@shared
@pass_here
def login(here: Here, key: str | None) -> None:
    """Store a key for a server on this computer."""
    portal = portal_url(here.server or _ask_server())
    key = (key or _ask_key(here, portal)).strip()
    if not key.startswith("dlp_") or not key.isascii():
        raise BadInput("That is not a key: keys start with “dlp_”.", code="not_a_key",
                       hint=f"Make one at {keys_page(portal)} and paste all of it.")
    me = _check(portal, key)
    account, domain = str(me["account"]["name"]) if me else "", str(me.get("domain", ""))
    Credentials().save(Login(portal, key, account, domain))
    here.output.say(f"✓ Logged in at {domain} as {account}." if me else
                    f"✓ Logged in at {portal}. This key may not see your account, only what it was made for.")
    here.output.data({"account": me.get("account"), "domain": domain, "portal": portal})


@click.command()
@shared
@pass_here
def logout(here: Here) -> None:
    """Forget this computer's key. It stays valid until revoked in the portal."""
    portal = find_login(here.server).portal
    gone = Credentials().forget(portal)
    here.output.say(f"✓ Logged out of {portal}. To revoke the key as well: {keys_page(portal)}" if gone
                    else f"You were not logged in at {portal}.")
    here.output.data({"portal": portal, "logged_out": gone})


@click.command()
@shared
@pass_here
def whoami(here: Here) -> None:
    """Say which account this computer acts as, and where."""
    me = here.me
    account = me["account"]
    role = " (admin)" if account["role"] == "admin" else ""
    here.output.say(f"{account['name']}{role} at {me['domain']}")
    here.output.data({"account": account, "domain": me["domain"], "portal": me["portal"]})


def _check(portal: str, key: str) -> Json:
    """What the server says about the key's account; nothing when the key is good but not for that."""
    with Transport(portal, key=key) as transport:
        try:
            return transport.get("/me")
        except Forbidden:
            return {}
        except NotLoggedIn as error:
            raise NotLoggedIn("The server does not accept this key. It may be expired or revoked.",
                              code=error.code, hint=f"Make a new one at {keys_page(portal)}") from error


def _ask_server() -> str:
    if not sys.stdin.isatty():
        raise click.UsageError("Say which server: --server yourdomain.com")
    return str(click.prompt("Domain of the server", err=True))


def _ask_key(here: Here, portal: str) -> str:
    """Hidden at a terminal, one line from a pipe otherwise."""
    if not sys.stdin.isatty():
        return sys.stdin.readline()
    if not here.output.as_json:
        here.output.note(f"Make a key at {keys_page(portal)}\nand paste it here. It will not be shown.")
    return str(click.prompt("Key", hide_input=True, err=True))
