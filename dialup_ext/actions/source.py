"""The files a site's release was made from, for whoever wants to go on editing them elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from dialup_ext.actions.context import Context
from dialup_ext.domain.manifest import FileEntry, Manifest
from dialup_ext.domain.site import Site
from dialup_ext.errors import NotFound


@dataclass(frozen=True, slots=True)
class Source:
    """A release's files as they were uploaded; `open` gives the content of one by its digest."""

    release: int
    manifest: Manifest
    content: Callable[[str], BinaryIO]

    @property
    def files(self) -> tuple[FileEntry, ...]:
        return self.manifest.files

    def open(self, digest: str) -> BinaryIO:
        """Raises `NotFound` for what is in no file of this release."""
        if digest not in self.manifest.digests():
            raise NotFound("This release has no such file.", hint="List its files again.", code="file_not_found")
        return self.content(digest)


def source_of(context: Context, site: Site) -> Source:
    """Of the live release, else of the newest one. Raises `NotFound` (`no_release`)."""
    kept = context.releases.list(site.id)
    release = next((one for one in kept if one.id == site.live_release_id), kept[0] if kept else None)
    if release is None:
        raise NotFound(f"Nothing was ever deployed to “{site.name}”.", code="no_release",
                       hint="Make a folder with this name in your lab, put an index.html into it, and deploy it.")
    return Source(release.number, context.trees.manifest(site.owner_id, release.digest),
                  lambda digest: context.uploads.open(site.owner_id, digest))
