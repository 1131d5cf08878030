"""Real installations, and folders with sites to put on them.

- `dialup`: one installation for the whole run, for tests that leave it as it was.
- `docked`: the same with everything in containers.
- `own_dialup`: one for a single test, which may kill it.
- `ana`, `ben`: two accounts with keys, new in every test.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dialup_ext.templates import templates_folder
from dialup_ext.testing.drivers import installed
from dialup_ext.testing.installation import Installation, Person

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def dialup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    installation = Installation(tmp_path_factory.mktemp("dialup") / "home",
                                options={"drain_seconds": "0.5", "health_timeout": "8"})
    try:
        yield installation.start()
    finally:
        installation.stop()


@pytest.fixture(scope="session")
def docked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed("docker", tmp_path_factory.mktemp("docked") / "home", "node", "python", "lab",
                   drain_seconds="0.5", health_timeout="15") as installation:
        yield installation


@pytest.fixture
def own_dialup(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path / "home", options={"drain_seconds": "0.5", "health_timeout": "8"})
    yield installation.start()
    if installation.process is None:
        installation.start()  # so that what it left running is adopted, and ends
    installation.stop()


@pytest.fixture
def ana(dialup: Installation) -> Person:
    return dialup.account(f"ana{next(_numbers)}")


@pytest.fixture
def ben(dialup: Installation) -> Person:
    return dialup.account(f"ben{next(_numbers)}")


@pytest.fixture
def name() -> str:
    """A site's name nobody had before in this run."""
    return f"site{next(_numbers)}"


@pytest.fixture
def static_site(tmp_path: Path) -> Callable[[str], Path]:
    """`static_site("hello")`: a folder whose page says hello."""

    def make(words: str) -> Path:
        folder = tmp_path / "static"
        folder.mkdir(exist_ok=True)
        (folder / "index.html").write_text(f"<!doctype html><title>t</title><h1>{words}</h1>")
        return folder

    return make


@pytest.fixture
def node_site(tmp_path: Path) -> Callable[..., Path]:
    """`node_site("hello")`: a Node program without dependencies that answers hello."""

    def make(words: str, server: str | None = None) -> Path:
        folder = tmp_path / "node"
        folder.mkdir(exist_ok=True)
        (folder / "package.json").write_text('{"name":"t","type":"module","scripts":{"start":"node server.js"}}')
        (folder / "server.js").write_text(server or (
            "import http from 'node:http';\n"
            f"http.createServer((q, a) => a.end({words!r})).listen(process.env.PORT);\n"))
        return folder

    return make


@pytest.fixture
def astro_site(tmp_path: Path) -> Callable[[str], Path]:
    """`astro_site("hello")`: an Astro project whose page says hello once it is built."""
    template = templates_folder() / "astro"

    def make(marker: str) -> Path:
        folder = tmp_path / "astro"
        (folder / "src/pages").mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            (folder / name).write_bytes((template / name).read_bytes())
        (folder / "src/pages/index.astro").write_text(
            f"---\nconst words = {marker!r};\n---\n<!doctype html>\n<title>t</title>\n<h1>{{words}}</h1>\n")
        return folder

    return make
