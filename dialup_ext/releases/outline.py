"""What a release's tree has to look like: which files, where, with which rights. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dialup_ext.domain.manifest import FileEntry, Manifest

LAYERS = ("node_modules", "site-packages")
"""What the packages of a layer lie in, and what leads to them in a release that runs."""


@dataclass(frozen=True, slots=True)
class Outline:
    """One folder of a release. `name` is `public` (Caddy reads it) or `app` (code runs in it)."""

    name: str
    files: tuple[FileEntry, ...]
    layer: str | None = None
    """Key of the dependency layer its `node_modules` or `site-packages` leads to."""

    @property
    def is_public(self) -> bool:
        return self.name == "public"

    def mode(self, entry: FileEntry) -> int:
        """Read-only in any case; an app's scripts may be executed."""
        return 0o555 if entry.executable and not self.is_public else 0o444


def outline(manifest: Manifest, root: str, layer: str | None, *, runs: bool) -> Outline:
    """The one folder a release needs.

    A site of files alone gets those below `root` that Caddy may serve. What runs gets all files, and
    none of them is public; an uploaded folder of the same name gives way to the layer.
    """
    if not runs:
        return Outline("public", tuple(entry for entry in manifest.under(root) if is_served(entry.path)))
    files = manifest.files
    if layer is not None:
        files = tuple(entry for entry in files if entry.path.partition("/")[0] not in LAYERS)
    return Outline("app", files, layer)


def is_served(path: str) -> bool:
    """False for dot files and all below dot folders, `.well-known` at the top apart (R26)."""
    parts = path.split("/")
    if parts[0] == ".well-known":
        parts = parts[1:]
    return not any(part.startswith(".") for part in parts)


def folders(paths: Iterable[str]) -> list[str]:
    """Every folder these files need, parents before children."""
    found: set[str] = set()
    for path in paths:
        parent = path.rpartition("/")[0]
        while parent and parent not in found:
            found.add(parent)
            parent = parent.rpartition("/")[0]
    return sorted(found)
