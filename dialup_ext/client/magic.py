"""`%deploy`: puts a folder on the web from a notebook's cell.

    %load_ext dialup_ext
    %deploy blog/
    %deploy blog/ --site my-blog
"""

from __future__ import annotations

import argparse
import shlex
from typing import Any

from dialup_ext.client.dialup import Dialup
from dialup_ext.client.site import Site
from dialup_ext.errors import BadInput


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext dialup_ext` calls. Loading twice changes nothing."""
    shell.register_magic_function(deploy, "line", "deploy")


def deploy(line: str) -> Site:
    """`%deploy [FOLDER] [--site NAME]`: deploy FOLDER (default: where the notebook is), make the
    site when it is new, and return it. A refusal is one message below the cell."""
    wanted = _parser().parse_args(shlex.split(line))
    return Dialup(wanted.server).deploy(wanted.folder, wanted.site)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong instead of ending the kernel."""

    def error(self, message: str) -> Any:
        raise BadInput(f"%deploy: {message}.", hint="Use: %deploy [FOLDER] [--site NAME]")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="%deploy", add_help=False)
    parser.add_argument("folder", nargs="?", default=".")
    parser.add_argument("--site", "--domain")
    parser.add_argument("--server")
    return parser
