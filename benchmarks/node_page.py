"""The Node template's page and a trivial program: deployed with dialup, and by hand behind a bare Caddy.

By hand, Caddy is one `reverse_proxy` and Node answers everything. Deployed, the same program runs
as a process, or in a container when there is an engine. Containers get as much CPU as they want
here, except in the last case: a Node site's usual share is a quarter of a core.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from benchmarks.content import template, trivial_node
from benchmarks.load import requests_per_second
from benchmarks.rounds import Bench, Case
from benchmarks.servers import bare_caddy, program
from benchmarks.standing import installation, owner
from dialup_ext.testing.installation import Installation, free_port

UNLIMITED = {"nodejs_cpu": "2"}


@contextmanager
def node_page(bench: Bench) -> Iterator[Sequence[Case]]:
    """Both programs through every server."""
    folders = {"page": template("node", bench.folder / "node-page"),
               "trivial": trivial_node(bench.folder / "node-trivial")}
    with ExitStack() as stack:
        ours = stack.enter_context(installation(bench, "node-home", **UNLIMITED))
        urls = _deployed(ours, folders, "dialup")
        modules = _layer(ours)
        for site, folder in folders.items():
            urls |= _by_hand(stack, bench, site, folder, modules)
        if bench.docker:
            for name, options in (("docker", UNLIMITED), ("share", {})):
                docked = stack.enter_context(installation(bench, f"node-{name}", driver="docker", **options))
                urls |= _deployed(docked, folders, name)
        yield [partial(_load, bench, name, url) for name, url in sorted(urls.items())]


def _deployed(ours: Installation, folders: Mapping[str, Path], name: str) -> dict[str, str]:
    person = owner(ours)
    for site, folder in folders.items():
        person.deploy(site, folder)
    return {f"{site}.{name}": f"http://{site}.{ours.settings.domain}:{ours.port}/" for site in folders}


def _layer(ours: Installation) -> Path:
    """What `npm` installed for the template, so that both run the very same modules."""
    return next(path for path in ours.home.glob("**/node_modules") if (path / "ws").is_dir()).resolve()


def _by_hand(stack: ExitStack, bench: Bench, site: str, folder: Path, modules: Path) -> dict[str, str]:
    """One Node, behind a Caddy that keeps no access log and behind one that does."""
    if site == "page":
        (folder / "node_modules").symlink_to(modules)
    port = free_port()
    words: list[str | Path] = [bench.programs.node, folder / "server.js"]
    environment = {"PORT": str(port), "HOST": "127.0.0.1", "NODE_ENV": "production"}
    stack.enter_context(program(words, port, bench.folder, environment))
    urls = {}
    for name, log in (("bare", False), ("logging", True)):
        edge = bare_caddy(bench.programs, bench.folder, f"\treverse_proxy 127.0.0.1:{port}", log=log)
        urls[f"{site}.{name}"] = f"http://node.dialup.localhost:{stack.enter_context(edge)}/"
    return urls


def _load(bench: Bench, name: str, url: str) -> dict[str, float]:
    return {f"node.{name}": requests_per_second(bench.programs, url)}
