"""The rules of the house that a machine can keep: who may import whom, and how long a file may be."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 300

HUB_ROOMS = {"actions", "store", "releases", "build", "ingress", "spawner", "monitor"}
MAY_IMPORT: dict[str, set[str]] = {
    "domain": {"domain", "errors"},
    "actions": {"actions", "domain", "errors", "settings", "feed", "workers", "crashpoint"},
    "store": {"store", "domain", "errors", "crashpoint"},
    "releases": {"releases", "domain", "errors", "settings", "durable", "crashpoint"},
    "build": {"build", "domain", "errors", "settings", "durable", "crashpoint"},
    "ingress": {"ingress", "domain", "errors", "settings", "durable", "crashpoint"},
    "spawner": {"spawner", "domain", "errors", "settings", "durable", "crashpoint"},
    "monitor": {"monitor", "domain", "errors", "settings"},
    "client": {"client", "domain", "errors"},
}
"""Rooms by what they may see; a room that is not listed is a place where rooms meet."""

ONLY_IN = {
    "tornado": {"handlers", "server", "extension", "lab"},
    "jupyter_server": {"handlers", "server", "extension", "lab"},
    "sqlalchemy": {"store", "extension"},
    "alembic": {"store"},
    "docker": {"spawner"},
}
"""Outside libraries by the rooms that may know them."""


def sources() -> list[Path]:
    return sorted(path for folder in ("dialup_ext", "handlers", "spawner")
                  for path in (ROOT / folder).rglob("*.py")
                  if not any(part.is_symlink() for part in path.parents) and "labextension" not in path.parts)


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[0] if parts[0] != "dialup_ext" else parts[1]


def imports_of(path: Path) -> Iterator[str]:
    """What the file imports when it runs; imports for type checkers alone are not needed then."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_what_its_room_may_see(path: Path) -> None:
    room = room_of(path)
    for name in imports_of(path):
        first, _, rest = name.partition(".")
        if first in ONLY_IN:
            assert room in ONLY_IN[first], f"{name} is not for {room}/"
        if first == "dialup_ext" and room in MAY_IMPORT:
            assert rest.partition(".")[0] in MAY_IMPORT[room] | {""}, f"{room}/ may not see {name}"
        assert first not in ("handlers", "spawner"), f"import dialup_ext.{name}: a second copy of a module"


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_has_at_most_300_lines_and_says_what_it_is_for(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST, "find the second noun"
    assert ast.get_docstring(ast.parse(path.read_text())), "begin with what the module promises"


def test_one_file_alone_knows_the_container_engines_library() -> None:
    knowing = [path.name for path in sources()
               if any(name.partition(".")[0] in ("docker", "requests") for name in imports_of(path))]
    assert knowing == ["docker_engine.py"]


def test_typescript_files_have_at_most_300_lines() -> None:
    long = [path.name for suffix in ("ts", "tsx") for path in (ROOT / "labextension/src").rglob(f"*.{suffix}")
            if len(path.read_text().splitlines()) > LONGEST]
    assert long == []


def test_the_database_migrations_end_where_the_store_expects() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    from dialup_ext.store.engine import HEAD

    config = Config()
    config.set_main_option("script_location", str(ROOT / "dialup_ext/store/migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_no_tracked_file_names_an_address_packages_came_from() -> None:
    tracked = subprocess.run(["git", "ls-files", "*lock*", "*.txt", "Dockerfile*"], cwd=ROOT, text=True,
                             capture_output=True, check=True).stdout.split()
    named = [path for path in tracked if "resolved" in (text := (ROOT / path).read_text(errors="replace"))
             and "http" in text.partition("resolved")[2][:40]]
    assert named == []
