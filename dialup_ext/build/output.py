"""Which folder of a finished build is the site. What a build left is not trusted: links are not followed."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from dialup_ext.build.program import is_folder
from dialup_ext.build.tools import Tool
from dialup_ext.domain.deployment import Failure, StepFailed

PAGE = "index.html"
_DEEPEST = 3
_NEVER = frozenset({"node_modules", "src", "public", "static"})


def find_output(top: Path, expected: str, tool: Tool, before: Collection[str]) -> str:
    """The folder below `top`, where nobody writes any more, that holds the site.

    `expected` when it is there; else the one folder with a page in it that was not there before
    (`before` are the paths of the source). Raises `StepFailed`: `no_output`, `empty_output`,
    `several_outputs`.
    """
    if expected and is_folder(top, expected):
        inner = _with_page(top, expected)
        if inner is None:
            raise _empty(tool, expected)
        return inner
    found = [inner for name in sorted(_names(top)) if _is_new(name, before)
             and (inner := _with_page(top, name)) is not None]
    if not found:
        raise _missing(tool, expected, [f"{name}/" for name in sorted(_names(top)) if _is_new(name, before)])
    if len(found) > 1:
        raise _several(found)
    return found[0]


def _with_page(top: Path, folder: str) -> str | None:
    """The nearest folder with a first page, from `folder` downwards: Angular puts it two deeper."""
    level = [folder]
    for _ in range(_DEEPEST):
        for one in level:
            page = top / one / PAGE
            if page.is_file() and not page.is_symlink():
                return one
        level = [f"{one}/{name}" for one in level for name in sorted(_names(top / one))]
    return None


def _names(folder: Path) -> list[str]:
    """The folders in it, links left out."""
    with os.scandir(folder) as found:
        return [entry.name for entry in found if entry.is_dir(follow_symlinks=False)]


def _is_new(name: str, before: Collection[str]) -> bool:
    return name not in _NEVER and not any(path.startswith(f"{name}/") for path in before)


def _missing(tool: Tool, expected: str, seen: list[str]) -> StepFailed:
    where = f"{expected}/, where {tool.package} puts the site, is not there" if expected else "no folder with a site appeared"
    also = f" It made {', '.join(seen[:5])}." if seen else ""
    return _failed("no_output", f"The build ended well, but {where}.{also}",
                   "If it writes elsewhere, say so in its configuration (outDir), in plain quotes.")


def _empty(tool: Tool, expected: str) -> StepFailed:
    return _failed("empty_output", f"The build ended well, but there is no {PAGE} in {expected}/.",
                   f"Look whether {tool.package} finds your pages: run `npm run build` in the folder and look "
                   f"into {expected}/.")


def _several(found: list[str]) -> StepFailed:
    return _failed("several_outputs", f"The build made several sites: {', '.join(f'{one}/' for one in found)}.",
                   "Name the one to serve in its configuration (outDir), or let it make one.")


def _failed(code: str, message: str, hint: str) -> StepFailed:
    return StepFailed(Failure(code, message, hint, "build"))
