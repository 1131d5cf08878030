"""Caddy's memory against its speed: our configuration under several settings of Go's collector.

`GOGC` is how much the heap may grow, in percent of what is alive, before it is collected;
`GOMEMLIMIT` is where it is collected at the latest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from benchmarks.content import static_site, trivial_node
from benchmarks.load import requests_per_second
from benchmarks.memory import pss
from benchmarks.rounds import Bench, Case
from benchmarks.servers import program
from dialup_ext.domain.ports import Target
from dialup_ext.ingress.caddyfile import render
from dialup_ext.ingress.serving import ServingDirectories
from dialup_ext.settings import Settings
from dialup_ext.testing.installation import free_port

SETTINGS: Mapping[str, Mapping[str, str]] = {
    "100": {"GOGC": "100"},
    "200": {"GOGC": "200"},
    "400": {"GOGC": "400"},
    "800": {"GOGC": "800"},
    "limit": {"GOGC": "off", "GOMEMLIMIT": "96MiB"},
}


@contextmanager
def gogc(bench: Bench) -> Iterator[Sequence[Case]]:
    """A static page and a trivial Node program through each."""
    folder = static_site(bench.folder / "gogc-static", files=4)
    folder.chmod(0o755)
    with ExitStack() as stack:
        app = free_port()
        server = trivial_node(bench.folder / "gogc-node") / "server.js"
        stack.enter_context(program([bench.programs.node, server], app, bench.folder,
                                    {"PORT": str(app), "HOST": "127.0.0.1"}))
        yield [_case(stack, bench, name, environment, folder, f"127.0.0.1:{app}")
               for name, environment in SETTINGS.items()]


def _case(stack: ExitStack, bench: Bench, name: str, environment: Mapping[str, str], public: Path,
          upstream: str) -> Case:
    settings = Settings(bench.folder / f"gogc-{name}", port=free_port())
    for place in (settings.home / "logs", settings.run):
        place.mkdir(parents=True)
    links = ServingDirectories(settings.home / "ingress")
    links.point(settings.site_host("pages"), Target("pages", public=public))
    links.point(settings.site_host("node"), Target("node", upstream=upstream))
    file = settings.home / "Caddyfile"
    file.write_text(render(settings))
    words: list[str | Path] = [bench.programs.caddy, "run", "--adapter", "caddyfile", "--config", file]
    caddy = stack.enter_context(program(words, settings.port, bench.folder,
                                        {**environment, "HOME": str(settings.home)}))
    return partial(_load, bench, name, settings, caddy.pid)


def _load(bench: Bench, name: str, settings: Settings, pid: int) -> dict[str, float]:
    def rate(site: str, page: str) -> float:
        return requests_per_second(bench.programs, f"http://{settings.site_host(site)}:{settings.port}/{page}")

    return {f"gogc.{name}.static": rate("pages", "small.html"), f"gogc.{name}.node": rate("node", ""),
            f"gogc.{name}.memory": pss([pid])}
