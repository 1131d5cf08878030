"""Notices what is saved in a workspace, within a few hundredths of a second.

Watches the folders of the workspace one by one and follows no link, so a link to a large folder
elsewhere costs nothing. Folders made later are watched from then on.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from pathlib import Path

from watchfiles import awatch

from dialup_ext.handlers.static_dev.folder import Folder

MOST_FOLDERS = 2000
"""The kernel's watches are shared by everybody on the server."""

_SETTLE_MS = 20
"""An editor writes a file in several steps; they are told as one change."""


Tell = Callable[[Sequence[str] | None], None]


async def watch_folders(folder: Folder, tell: Tell, stop: threading.Event) -> None:
    """Call `tell` with the paths of style sheets, or None, after each change, until `stop` is set.

    Everything saved after its first step is told, so start it before the first page is served.
    """
    polling, late = False, False
    while not stop.is_set():
        folders = folders_of(folder)
        try:
            await _follow(folder, folders, tell, stop, polling=polling, late=late)
        except FileNotFoundError:
            await asyncio.sleep(0.5)  # the workspace itself is away
        except OSError:
            polling = True  # no watches left in the kernel: look three times a second instead
        late = True


async def _follow(folder: Folder, folders: Sequence[Path], tell: Tell, stop: threading.Event, *,
                  polling: bool, late: bool) -> None:
    """Tell of changes in these folders until there are others. `late`: tell of what came before."""
    root = folder.root()
    watcher = awatch(*(folders or [folder.top]), recursive=False, watch_filter=None, step=_SETTLE_MS,
                     debounce=5 * _SETTLE_MS, force_polling=polling, poll_delay_ms=300, stop_event=stop,
                     rust_timeout=1000, ignore_permission_denied=True)
    async with aclosing(watcher):
        coming = asyncio.ensure_future(anext(watcher, None))
        await asyncio.sleep(0)  # its first step sets the watches, and everything after that is seen
        if late:
            tell(None)
        while changes := await coming:
            if folders_of(folder) != folders:
                return
            before, root = root, folder.root()
            paths = [Path(path) for _, path in changes if not folder.is_hidden(Path(path))]
            for css in what_to_tell(folder.top / (root or ""), paths) if root == before else (None,):
                tell(css)
            coming = asyncio.ensure_future(anext(watcher, None))


def what_to_tell(site: Path, paths: Iterable[Path]) -> tuple[Sequence[str] | None, ...]:
    """Nothing, one list of style sheets, or None for a reload; `site` is the folder served."""
    inside = [path for path in paths if path.is_relative_to(site)]
    if not inside:
        return ()
    if all(path.suffix == ".css" and path.is_file() for path in inside):
        return (sorted({f"/{path.relative_to(site).as_posix()}" for path in inside}),)
    return (None,)


def folders_of(folder: Folder) -> list[Path]:
    """The folders that can hold a part of the site, the top first; at most `MOST_FOLDERS`."""
    found: list[Path] = []
    for here, names, _ in os.walk(folder.top, followlinks=False):
        names[:] = sorted(name for name in names if not folder.is_hidden(Path(here, name))
                          and not Path(here, name).is_symlink())
        found.append(Path(here))
        if len(found) >= MOST_FOLDERS:
            break
    return found
