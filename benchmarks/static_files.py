"""Files of a deployed static site through our Caddy, through a bare one, and through nginx."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

from benchmarks.content import static_site
from benchmarks.load import requests_per_second
from benchmarks.rounds import Bench, Case
from benchmarks.servers import bare_caddy, nginx
from benchmarks.standing import installation, owner

PAGES = {"small": "small.html", "large": "text.html"}


@contextmanager
def static_files(bench: Bench) -> Iterator[Sequence[Case]]:
    """A small page and one of 100 kB, uncompressed."""
    folder = static_site(bench.folder / "static", files=4)
    with ExitStack() as stack:
        ours = stack.enter_context(installation(bench, "static-home"))
        owner(ours).deploy("pages", folder)
        servers = {"dialup": f"http://pages.{ours.settings.domain}:{ours.port}"}
        for name, log in (("caddy", False), ("logging", True)):
            body = f"\troot * {folder}\n\tfile_server"
            port = stack.enter_context(bare_caddy(bench.programs, bench.folder, body, log=log))
            servers[name] = f"http://pages.dialup.localhost:{port}"
        if bench.programs.nginx:
            port = stack.enter_context(nginx(bench.programs, bench.folder, f"listen PORT; root {folder};"))
            servers["nginx"] = f"http://pages.dialup.localhost:{port}"
        yield [partial(_load, bench, f"static.{size}.{name}", f"{server}/{page}")
               for size, page in PAGES.items() for name, server in servers.items()]


def _load(bench: Bench, name: str, url: str) -> dict[str, float]:
    return {name: requests_per_second(bench.programs, url)}
