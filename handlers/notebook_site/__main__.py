"""The command line of a notebook site, and of its preview with `--live`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from dialup_ext.handlers.notebook_site.choice import choose_notebook


def main() -> None:
    """Serve one notebook until SIGTERM or Ctrl-C; with status 1 when it cannot be run to its end."""
    parser = argparse.ArgumentParser(prog="dialup_ext.handlers.notebook_site", description=main.__doc__)
    parser.add_argument("--notebook", default="", help="its path in the current folder; empty: found there")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, required=True, help="the TCP port")
    parser.add_argument("--packages", type=Path, help="a folder with the packages of its kernels")
    parser.add_argument("--most", type=int, default=6, help="so many visitors at once")
    parser.add_argument("--public-host", default="", help="of a preview: the only name, beside loopback's, to answer to")
    parser.add_argument("--live", action="store_true", help="a preview: draw it anew after each save")
    wanted = parser.parse_args()
    if wanted.packages and wanted.packages.is_dir():
        # Kernels inherit it. This process has its modules already and keeps its own.
        os.environ["PYTHONPATH"] = str(wanted.packages.absolute())
    notebook = choose_notebook(Path.cwd(), wanted.notebook)

    from dialup_ext.handlers.notebook_site.server import NotebookSite

    site = NotebookSite.of(notebook, host=wanted.host, port=wanted.port, most=wanted.most, live=wanted.live,
                           packages=wanted.packages, public_host=wanted.public_host)
    site.serve()


main()
