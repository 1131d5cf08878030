"""The command line of the static preview."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import threading
from pathlib import Path

from dialup_ext.handlers.static_dev.server import make_server
from dialup_ext.handlers.static_dev.watch import watch_folders


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="dialup_ext.handlers.static_dev", description=main.__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="the workspace")
    parser.add_argument("--port", type=int, required=True, help="0 chooses a free one")
    parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"), help="the address to listen on")
    parser.add_argument("--public-host", default="", help="the only name, beside loopback's, to answer to")
    wanted = parser.parse_args()
    asyncio.run(_serve(wanted))


async def _serve(wanted: argparse.Namespace) -> None:
    directory = wanted.directory.absolute()
    told, stop = asyncio.Event(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    server, live, folder = make_server(directory, wanted.public_host)
    watcher = asyncio.create_task(watch_folders(folder, live.changed, stop))
    await asyncio.sleep(0)  # now it watches, and no page can be older than that
    server.listen(wanted.port, wanted.host)
    print(f"Serving {directory.name} with live reload.", flush=True)
    await told.wait()
    stop.set()
    server.stop()
    await watcher


main()
