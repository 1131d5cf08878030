"""What the table shows, row by row: in which words and unit, and against which goal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.figures import Figure, ratio


@dataclass(frozen=True, slots=True)
class Goal:
    """What we want of a median: at most, or with `least` at least, `value`."""

    value: float
    least: bool = False

    def met(self, median: float) -> bool:
        return median >= self.value if self.least else median <= self.value


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `name` is a figure of the results; with `over`, it is divided by that one round by round."""

    words: str
    name: str
    unit: str = ""
    over: str = ""
    goal: Goal | None = None

    def figure(self, figures: dict[str, list[float]]) -> Figure | None:
        """None when it was not measured in this run."""
        above = figures.get(self.name)
        if not above or not self.over:
            return Figure(tuple(above)) if above else None
        below = figures.get(self.over)
        return ratio(above, below) if below and len(below) == len(above) else None


@dataclass(frozen=True, slots=True)
class Section:
    """Rows that belong together, under a heading."""

    words: str
    rows: tuple[Row, ...]


RATE, MIB, MS, TIMES = "requests/s", "MiB", "ms", "×"


CONTAINERS = {"docker": "in a container", "wide": "in a container with two cores"}
"""The first has what every Node site gets: a quarter of a core, for its own start as well."""


def _hub() -> Iterator[Row]:
    yield Row("`dialup up` to the portal's first answer", "hub.start.again", "s", goal=Goal(1.0))
    yield Row("the same, the very first time", "hub.start.new", "s")
    yield Row("hub, idle", "hub.idle.hub", MIB, goal=Goal(90))
    yield Row("Caddy, idle", "hub.idle.caddy", MIB)
    yield Row("hub and Caddy, idle", "hub.idle.both", MIB, goal=Goal(150))


def _lab() -> Iterator[Row]:
    names = {"plain": "plain JupyterLab", "process": "our lab, as a process", "docker": "our lab, in a container"}
    for name, words in names.items():
        yield Row(f"{words}: asked for until its page is there", f"lab.{name}.start", "s")
    for name, words in names.items():
        yield Row(f"{words}: idle", f"lab.{name}.memory", MIB)
    yield Row("our lab over plain JupyterLab: start", "lab.process.start", TIMES, over="lab.plain.start")
    yield Row("our lab over plain JupyterLab: memory", "lab.process.memory", TIMES, over="lab.plain.memory")


def _static() -> Iterator[Row]:
    for size, words in (("small", "page of 83 bytes"), ("large", "page of 100 kB")):
        yield Row(f"{words}, deployed with dialup", f"static.{size}.dialup", RATE)
        yield Row(f"{words}, bare Caddy", f"static.{size}.caddy", RATE)
        yield Row(f"{words}, bare Caddy that writes an access log", f"static.{size}.logging", RATE)
        yield Row(f"{words}, nginx", f"static.{size}.nginx", RATE)
        yield Row(f"{words}, dialup over bare Caddy", f"static.{size}.dialup", TIMES, f"static.{size}.caddy",
                  Goal(0.95, least=True))
        yield Row(f"{words}, dialup over bare Caddy that writes an access log", f"static.{size}.dialup", TIMES,
                  f"static.{size}.logging")
        yield Row(f"{words}, nginx over dialup", f"static.{size}.nginx", TIMES, f"static.{size}.dialup")


def _tls() -> Iterator[Row]:
    yield Row("dialup, brotli made at the deployment", "tls.br", RATE)
    yield Row("dialup, gzip made at the deployment", "tls.gzip", RATE)
    yield Row("nginx, `gzip` on the fly", "tls.nginx.fly", RATE)
    yield Row("nginx, `gzip_static`, the same file", "tls.nginx.static", RATE)
    yield Row("dialup with brotli over nginx on the fly", "tls.br", TIMES, "tls.nginx.fly")
    yield Row("dialup with gzip over nginx with `gzip_static`", "tls.gzip", TIMES, "tls.nginx.static")
    for coding, words in (("identity", "uncompressed"), ("gzip", "gzip"), ("br", "brotli")):
        yield Row(f"the answer, {words}", f"tls.bytes.{coding}", "bytes")


def _node() -> Iterator[Row]:
    for site, words, goal in (("page", "the template's page", Goal(0.9, least=True)),
                              ("trivial", "a trivial program", None)):
        yield Row(f"{words}, bare Node behind bare Caddy", f"node.{site}.bare", RATE)
        yield Row(f"{words}, the same, and Caddy writes an access log", f"node.{site}.logging", RATE)
        yield Row(f"{words}, deployed, as a process", f"node.{site}.dialup", RATE)
        yield Row(f"{words}, deployed, in a container", f"node.{site}.docker", RATE)
        yield Row(f"{words}, in a container with its usual quarter of a core", f"node.{site}.share", RATE)
        yield Row(f"{words}, process over bare", f"node.{site}.dialup", TIMES, f"node.{site}.bare", goal)
        yield Row(f"{words}, process over bare with an access log", f"node.{site}.dialup", TIMES, f"node.{site}.logging")
        yield Row(f"{words}, container over bare", f"node.{site}.docker", TIMES, f"node.{site}.bare")


def _deploys() -> Iterator[Row]:
    for kind, words in (("static", "static, 100 files"), ("node", "node")):
        for size in ("1", "100", "1000", *(CONTAINERS if kind == "node" else ())):
            where = CONTAINERS.get(size) or _sites(size)
            for step, doing in (("first", "first deployment"), ("next", "one file changed"), ("back", "rollback")):
                goal = None if step == "first" or size == "wide" else Goal(1000)
                name = f"deploy.{kind}.{size}.{step}"
                yield Row(f"{words}, {doing}, {where}: live", f"{name}.live", MS, goal=goal)
                yield Row(f"{words}, {doing}, {where}: first new answer", f"{name}.seen", MS)
        yield Row(f"{words}, one file changed: 1,000 sites over 1", f"deploy.{kind}.1000.next.live", TIMES,
                  f"deploy.{kind}.1.next.live", Goal(1.2))


def _built() -> Iterator[Row]:
    for driver, where in (("process", "as a process"), ("docker", "in a container")):
        for step, doing in (("first", "a new site"), ("next", "one page changed"),
                            ("back", "rollback")):
            yield Row(f"astro, {doing}, built {where}", f"astro.{driver}.{step}", "s")


def _many() -> Iterator[Row]:
    for size in ("1", "100", "1000"):
        yield Row(f"hub, {_sites(size)}, nobody asks: memory", f"sites.{size}.hub", MIB)
        yield Row(f"hub, {_sites(size)}, nobody asks: CPU", f"sites.{size}.cpu", "% of a core")


def _saving() -> Iterator[Row]:
    yield Row("a saved file until the open preview is told", "save.told", MS)


KINDS = {"trivial": "a trivial Node program", "node": "the template “node”", "next": "the template “next”",
         "python": "the template “python”", "notebook": "the template “notebook”"}


def _kinds() -> Iterator[Row]:
    for name, words in KINDS.items():
        yield Row(f"{words}: started until it answers", f"kind.{name}.start", "s")
        yield Row(f"{words}: by plain `docker run`", f"kind.{name}.plain", "s")
        yield Row(f"{words}: ours over plain", f"kind.{name}.start", TIMES, f"kind.{name}.plain", Goal(1.3))
        yield Row(f"{words}: memory", f"kind.{name}.memory", MIB)


def _wake() -> Iterator[Row]:
    for name, words in (("node", "Node"), ("python", "Python")):
        yield Row(f"{words}: a visit that wakes it, median", f"wake.{name}.median", "s")
        yield Row(f"{words}: a visit that wakes it, 95th percentile", f"wake.{name}.p95", "s", goal=Goal(2.0))
    yield Row("40 sites asleep: memory of all", "wake.asleep", MIB, goal=Goal(0))
    yield Row("40 sites, each woken by a visit: memory of all", "wake.awake", MIB, goal=Goal(4096))


def _hostile() -> Iterator[Row]:
    for site, words in (("page", "a static page"), ("program", "a Node site")):
        yield Row(f"{words}, nobody is hostile: 99th percentile", f"hostile.{site}.peace", MS)
        yield Row(f"{words}, all attacks at once: 99th percentile", f"hostile.{site}.attack", MS)
        yield Row(f"{words}: under attack over in peace", f"hostile.{site}.attack", TIMES, f"hostile.{site}.peace", Goal(2.0))


def _gogc() -> Iterator[Row]:
    names = {"100": "`GOGC=100`, Go's own", "200": "`GOGC=200`", "400": "`GOGC=400`, ours", "800": "`GOGC=800`",
             "limit": "`GOGC=off`, `GOMEMLIMIT=96MiB`"}
    for name, words in names.items():
        yield Row(f"{words}: small page", f"gogc.{name}.static", RATE)
        yield Row(f"{words}: trivial Node program", f"gogc.{name}.node", RATE)
        yield Row(f"{words}: memory after the load", f"gogc.{name}.memory", MIB)


def _sites(size: str) -> str:
    return "1 site" if size == "1" else f"{int(size):,} sites"


SECTIONS = (
    Section("Start and idle memory", tuple(_hub())),
    Section("A lab beside plain JupyterLab", tuple(_lab())),
    Section("Static files", tuple(_static())),
    Section("A text of 100 kB over TLS", tuple(_tls())),
    Section("Node sites", tuple(_node())),
    Section("Deploying", tuple(_deploys())),
    Section("Deploying what has to be built", tuple(_built())),
    Section("What many sites cost the hub", tuple(_many())),
    Section("Each kind of site, in a container with its usual limits", tuple(_kinds())),
    Section("Sites that sleep", tuple(_wake())),
    Section("Hostile neighbours", tuple(_hostile())),
    Section("Editing", tuple(_saving())),
    Section("Go's garbage collector in Caddy", tuple(_gogc())),
)
