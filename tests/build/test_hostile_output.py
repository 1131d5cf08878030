"""What a build prints and what a project contains may be anything: reading it never holds up the hub."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from dialup_ext.build.attempt import LONGEST
from dialup_ext.build.complaint import find_complaint
from dialup_ext.build.failure import without_places
from dialup_ext.build.package import Package
from dialup_ext.build.tools import TOOLS, makes_files, output_of
from dialup_ext.domain.manifest import FileEntry, Manifest

FOLDER = Path("/srv/store/a1/staging/d1")
ASTRO = next(tool for tool in TOOLS if tool.package == "astro")


@pytest.fixture(autouse=True)
def _comes_to_an_end() -> Iterator[None]:
    """A pattern that begins again at every character takes hours for these; a good one milliseconds."""
    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise AssertionError("it does not come to an end")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("part", ["/", "file:///", "(/a", "/layers/", "a/b+"])
def test_a_line_of_nothing_but_paths_is_read_once(part):
    assert without_places(part * 300_000, FOLDER)


@pytest.mark.parametrize("before", ["", "    at build (", "file://", "'", "from "])
def test_the_place_of_a_package_is_left_out_wherever_it_stands(before):
    line = f"{before}/srv/store/a1/layers/x/node_modules/vite/cli.js:1:1"
    assert without_places(line, FOLDER) == f"{before.removesuffix('file://')}node_modules/vite/cli.js:1:1".rstrip()


@pytest.mark.parametrize(("lines", "code"), [
    (["Unable to load your Astro config x " * 28] * 200 + [" " * LONGEST] * 200, "bad_config"),
    (["Unable to load your Astro config"] * 200 + [" " * LONGEST] * 200, "bad_config"),
    (["UNRESOLVED_ENTRY]" * 58] * 400, ""),
    (["[E] x"] + [" " * LONGEST] * 399, ""),
])
def test_a_complaint_is_sought_once_in_the_longest_output(lines, code):
    found = find_complaint("\n".join(lines))
    assert (found.code if found else "") == code


@pytest.mark.parametrize("filling", ["/* ", "\n", " \n", "// "])
def test_a_configuration_full_of_beginnings_is_read_once(filling):
    text = (filling * (256 << 10))[:256 << 10].encode()
    manifest = Manifest([FileEntry("astro.config.mjs", len(text), "0" * 64)])
    assert makes_files(ASTRO, manifest, lambda _path: text, Package({}))


def test_a_star_in_a_path_hides_nothing_of_the_configuration():
    text = b"export default {\n  /* outDir: 'old' */\n  // outDir: 'older'\n  files: ['src/*'],\n  outDir: 'www',\n}\n"
    manifest = Manifest([FileEntry("astro.config.mjs", len(text), "0" * 64)])
    assert output_of(ASTRO, manifest, lambda _path: text, Package({})) == "www"
