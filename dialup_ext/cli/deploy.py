"""`deploy`: put folders on the web and look after your sites, from a terminal, a script or CI.

Exit codes: 0 done, 1 refused or failed, 2 wrong use. Nothing a person can do shows a stack trace;
`DIALUP_DEBUG=1` does.
"""

from __future__ import annotations

import os
from typing import Any

import click

from dialup_ext import __version__
from dialup_ext.cli.deploy_completion import completion
from dialup_ext.cli.deploy_here import Here, shared
from dialup_ext.cli.deploy_keys import keys
from dialup_ext.cli.deploy_login import login, logout, whoami
from dialup_ext.cli.deploy_logs import logs
from dialup_ext.cli.deploy_preview import preview
from dialup_ext.cli.deploy_rollback import rollback
from dialup_ext.cli.deploy_site import site
from dialup_ext.cli.deploy_sites import open_site, sites
from dialup_ext.cli.deploy_status import status
from dialup_ext.client.words import plain
from dialup_ext.errors import DialupError

EXAMPLES = """\b
Examples:
  deploy login --server yourdomain.com
  deploy site --domain mysite.yourdomain.com
  deploy site ./blog
  deploy status --resources
  deploy sites stop mysite
"""


class Guarded(click.Group):
    """Turns every refusal into a sentence and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException, click.Abort, BrokenPipeError):
            raise
        except (Exception, KeyboardInterrupt) as error:
            if os.environ.get("DIALUP_DEBUG"):
                raise
            ctx.ensure_object(Here).output.error(in_words(error))
            ctx.exit(1)


def in_words(error: BaseException) -> DialupError:
    """Any failure as something a person can read and act on."""
    if isinstance(error, DialupError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return DialupError("Stopped.", code="interrupted")
    if isinstance(error, OSError) and error.strerror:
        place = f": {error.filename}" if error.filename else ""
        return DialupError(f"This computer refused: {error.strerror}{place}.", code="local_error",
                           hint="Check the path and its permissions, and that the disk is not full.")
    return DialupError(f"deploy has a fault: {type(error).__name__}: {plain(str(error))}", code="fault",
                       hint="Run it again with DIALUP_DEBUG=1 and report what it prints.")


@click.group(cls=Guarded, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="deploy")
@shared
def main() -> None:
    """Put a folder on the web with one command."""


for command in (login, logout, whoami, site, status, sites, logs, rollback, open_site, preview, keys, completion):
    main.add_command(command)
