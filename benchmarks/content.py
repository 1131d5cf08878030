"""The sites that are measured: made here, the same every time."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

SMALL = "<!doctype html><title>Robin</title><h1>Hello</h1><p>A small page, as most are.</p>\n"
VERSE = ("the robin sings before dawn while a neighbour opens her window and listens to what the garden has "
         "to say about rain and early spring light under old trees")
WORDS = VERSE.split()

DEPENDENCY_FREE = '{"name":"small","private":true,"type":"module","scripts":{"start":"node server.js"}}'
TRIVIAL = ("import { createServer } from 'node:http';\n"
           "createServer((request, response) => response.end('WORDS')).listen(process.env.PORT, process.env.HOST);\n")


def static_site(folder: Path, *, files: int = 100, words: str = "first", seed: int = 1) -> Path:
    """A folder with an `index.html` that says `words`, a text of about 100 kB, and pages besides."""
    folder.mkdir(parents=True, exist_ok=True)
    say(folder, words)
    (folder / "small.html").write_text(SMALL)
    (folder / "text.html").write_text(prose(100_000, seed))
    for number in range(max(0, files - 3)):
        (folder / f"page{number}.html").write_text(f"<!doctype html><title>{number}</title>{prose(4000, seed * 1000 + number)}")
    return folder


def tiny_site(folder: Path, words: str) -> Path:
    """One page."""
    folder.mkdir(parents=True, exist_ok=True)
    say(folder, words)
    return folder


def say(folder: Path, words: str) -> None:
    """Write `words` into the page people see first."""
    (folder / "index.html").write_text(f"<!doctype html><title>Robin</title><h1>{words}</h1>\n")


def trivial_node(folder: Path, words: str = "first") -> Path:
    """A Node program without dependencies; answers `words` to everything."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(DEPENDENCY_FREE)
    (folder / "server.js").write_text(TRIVIAL.replace("WORDS", words))
    return folder


def template(name: str, folder: Path) -> Path:
    """One of our templates, as a person would begin with it."""
    from dialup_ext.templates import unpack

    shutil.rmtree(folder, ignore_errors=True)
    unpack(name, folder)
    return folder


def prose(size: int, seed: int = 1) -> str:
    """About `size` bytes of HTML that packs as text does; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - it chooses words
    parts, length = [], 0
    while length < size:
        sentence = " ".join(chance.choices(WORDS, k=chance.randint(6, 14))).capitalize()
        parts.append(f"<p class=\"line{chance.randint(1, 99)}\">{sentence}, {chance.randint(1, 9999)}.</p>\n")
        length += len(parts[-1])
    return "".join(parts)
