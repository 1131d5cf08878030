"""Which files of a finished build are the program that will run. What a build left is not trusted: links are not followed.

Next writes a tree of its own, `standalone`, beside the files its pages load; it wants those inside.
Everybody else's program is the whole folder. In both the packages are left out: the sealed layer the
build had is what it runs with, too.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from dialup_ext.build.room import written
from dialup_ext.build.sealing import MAX_BYTES, MODULES, delete
from dialup_ext.build.tools import STANDALONE, Tool
from dialup_ext.domain.deployment import Failure, StepFailed

_DEEPEST = 6
_CACHES = (MODULES, ".next/cache", ".astro", ".vite", ".cache", ".git")
_LINKED = re.compile(r"(?:\.\./)+(?:[\w.-]+/)*node_modules/((?:@[\w.-]+/)?[\w-][\w.-]*)")
"""What Next writes for a package it did not bundle: a link under a name of its own."""


def take_program(top: Path, root: str, tool: Tool, start: tuple[str, ...], modules: Path | None) -> Path:
    """The folder below `top`, where nobody writes any more, that holds the program and nothing else.

    `root` is where the build was expected to put it, `modules` the sealed packages. Raises
    `StepFailed` (`no_output`) when what `start` names is not there.
    """
    program = _standalone(top, root, modules) if tool.package == "next" and root.endswith(f"/{STANDALONE}") else top
    if program is None:
        raise _missing(tool, f"{root}/server.js")
    for name in _CACHES:
        _remove(program, name)
    entry = start[1].removeprefix("./") if len(start) > 1 and start[0] == "node" else ""
    if entry and not entry.startswith("-") and not is_file(program, entry):
        raise _missing(tool, entry)
    return program


def is_folder(top: Path, folder: str) -> bool:
    """True when every part of `folder` below `top` is a folder and no link."""
    path = top
    for part in folder.split("/"):
        path /= part
        if path.is_symlink() or not path.is_dir():
            return False
    return True


def is_file(top: Path, path: str) -> bool:
    """The same for a plain file."""
    folder, _, name = path.rpartition("/")
    found = (top / folder if folder else top) / name
    return (not folder or is_folder(top, folder)) and found.is_file() and not found.is_symlink()


def _standalone(top: Path, root: str, modules: Path | None) -> Path | None:
    """Next's own tree, with what its pages load where its server looks for it."""
    made = root.removesuffix(f"/{STANDALONE}")
    found = _with_server(top, root, made) if is_folder(top, root) else None
    if found is None:
        return None
    for source, target in ((f"{made}/static", f"{made}/static"), ("public", "public")):
        if is_folder(top, source):
            _remove(found, target)
            (top / source).rename(found / target)
    if modules is not None and is_folder(found, f"{made}/{MODULES}"):
        _settle(found / made / MODULES, modules, MAX_BYTES)
    return found


def _with_server(top: Path, root: str, made: str) -> Path | None:
    """The nearest folder with a server and Next's files: it lies as deep as the project did in the tree Next looked at."""
    level = [root]
    for _ in range(_DEEPEST):
        for one in level:
            if is_file(top / one, "server.js") and is_folder(top / one, made):
                return top / one
        level = [f"{one}/{name}" for one in level for name in _folders(top / one)]
    return None


def _folders(folder: Path) -> list[str]:
    with os.scandir(folder) as found:
        return sorted(entry.name for entry in found if entry.is_dir(follow_symlinks=False) and entry.name != MODULES)


def _settle(folder: Path, modules: Path, most: int) -> int:
    """Put the files of a package where Next left a link to it: what is kept has no links.

    Only the link's last words are believed, and they name a package of the sealed layer. A thousand links
    may name the same large one: raises `StepFailed` (`build_too_large`) before more than `most` bytes are
    written, and returns what is left of them.
    """
    with os.scandir(folder) as found:
        entries = [(entry.name, entry.is_symlink()) for entry in found]
    for name, is_link in entries:
        if not is_link:
            if name.startswith("@") and is_folder(folder, name):
                most = _settle(folder / name, modules, most)
            continue
        said = _LINKED.fullmatch(str((folder / name).readlink()))
        (folder / name).unlink()
        if said and is_folder(modules, said[1]):
            most -= written(modules / said[1])
            if most < 0:
                raise _too_large()
            shutil.copytree(modules / said[1], folder / name, symlinks=True)
    return most


def _remove(top: Path, name: str) -> None:
    """Delete it unless the way there is a link; a link itself goes, not what it leads to."""
    folder, _, _last = name.rpartition("/")
    if not folder or is_folder(top, folder):
        delete(top / name)


def _too_large() -> StepFailed:
    return StepFailed(Failure("build_too_large", f"The packages the program needs are larger than {MAX_BYTES >> 20:,} MiB.",
                              "Let Next bundle them: look at serverExternalPackages in next.config.", "build"))


def _missing(tool: Tool, path: str) -> StepFailed:
    return StepFailed(Failure("no_output", f"The build ended well, but {path}, which {tool.package} puts the program into, "
                              "is not there.", "Look at what the build writes; dialup.toml can name another `start`.",
                              "build"))
