"""How a Node site is started: read from its package.json, without npm in between where possible.

Wrapping a program in `npm start` costs 40 MiB and a second. Pure, but for one look at the folder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

NPM_START = ("npm", "start")
_PLAIN = re.compile(r"[\w@./:=+,-]+( +[\w@./:=+,-]+)*")
"""Words without quotes, variables or anything else a shell would have to understand."""

_ADDRESS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("astro", "preview"): ("--host", "{host}", "--port", "{port}", "--ignore-lock", "--allowed-hosts", ".{domain}"),
    ("vite", "preview"): ("--host", "{host}", "--port", "{port}", "--strictPort"),
    ("next", "start"): ("--hostname", "{host}", "--port", "{port}"),
}
"""What servers that read no PORT are told in words. Astro's lock names a process of another container."""


def served(start: tuple[str, ...], app: Path, domain: str) -> tuple[str, ...]:
    """The command a release names, with the address where its program reads it from words alone.

    A program that one of its packages brings is run from there.
    """
    words = start[1:] if start[0] == "npx" and len(start) > 1 else start
    told = tuple(word.replace("{domain}", domain) for word in _ADDRESS.get(words[:2], ()))
    said = {word.partition("=")[0] for word in words}
    words = words if said & {"--port", "-p"} else (*words, *told)
    program = f"node_modules/.bin/{words[0]}"
    return (program, *words[1:]) if "/" not in words[0] and (app / program).exists() else words


def start_command(app: Path) -> tuple[str, ...]:
    """What runs the release in `app`: a program directly when that is certain, else npm."""
    try:
        package = json.loads((app / "package.json").read_bytes())
    except (OSError, ValueError):
        package = {}
    programs = app / "node_modules" / ".bin"
    installed = {path.name for path in programs.iterdir()} if programs.is_dir() else set()
    files = {path.name for path in app.iterdir()} if app.is_dir() else set()
    return command_of(package if isinstance(package, dict) else {}, installed, files)


def command_of(package: Mapping[str, Any], installed: Container[str] = (),
               files: Container[str] = ()) -> tuple[str, ...]:
    """The same, from what package.json says, the installed programs and the names at the top."""
    scripts = package.get("scripts")
    scripts = scripts if isinstance(scripts, dict) else {}
    start = scripts.get("start")
    if not isinstance(start, str):
        return _without_script(package, files)
    if "prestart" in scripts or "poststart" in scripts or not _PLAIN.fullmatch(start.strip()):
        return NPM_START
    words = tuple(start.split())
    if words[0] == "node" and len(words) > 1:
        return words
    if words[0] in installed:
        return (f"node_modules/.bin/{words[0]}", *words[1:])
    return NPM_START


def _without_script(package: Mapping[str, Any], files: Container[str]) -> tuple[str, ...]:
    main = package.get("main")
    names = [main] if isinstance(main, str) and _PLAIN.fullmatch(main) else []
    for name in ("server.js", *names, "index.js", "app.js"):
        if name.removeprefix("./") in files:
            return ("node", name)
    return NPM_START
