"""The folder a site is built in: its files as a copy it may write to, its packages as links.

`node_modules` is a real folder with a link for each package of the sealed layer. So tools find every
package once, at its one true place, and may still keep caches beside them (`node_modules/.vite`,
`node_modules/.astro`), which no other build sees and which go with the folder.
"""

from __future__ import annotations

from pathlib import Path

from dialup_ext.build.contents import Contents
from dialup_ext.build.layer import check_space, discard
from dialup_ext.build.sealing import MODULES
from dialup_ext.domain.manifest import Manifest
from dialup_ext.durable import no_space
from dialup_ext.settings import Settings

_PASSABLE = 0o711


def stage_source(settings: Settings, staging: Path, account_id: str, manifest: Manifest, contents: Contents,
                 output: str) -> None:
    """Make `staging` anew and put the files of `manifest` there; nothing of it has to survive a crash.

    What lies in `output` already, somebody's earlier build, is left out: it would be served if this
    build wrote nothing. So is an uploaded `node_modules`. Raises `NoSpace` below `min_free_mb`.
    """
    discard(staging)
    check_space(settings)
    with no_space():
        staging.mkdir(mode=_PASSABLE, parents=True)
        for entry in manifest:
            if _is_in(entry.path, output) or _is_in(entry.path, MODULES):
                continue
            target = staging / entry.path
            target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            contents.copy(account_id, entry.sha256, target)
            target.chmod(0o755 if entry.executable else 0o644)


def link_packages(staging: Path, modules: Path) -> None:
    """Fill `staging/node_modules` with links to the packages in the sealed folder `modules`."""
    own = staging / MODULES
    own.mkdir(mode=0o755)
    for package in modules.iterdir():
        if package.name.startswith("@"):
            (own / package.name).mkdir(mode=0o755)
            for inner in package.iterdir():
                (own / package.name / inner.name).symlink_to(inner)
        elif package.name == ".bin" or not package.name.startswith("."):
            (own / package.name).symlink_to(package)


def _is_in(path: str, folder: str) -> bool:
    return bool(folder) and f"{path}/".startswith(f"{folder}/")
