"""Keep the newest releases of each site, collect the rest, sweep what nobody refers to."""

from __future__ import annotations

from dialup_ext.actions.context import Context
from dialup_ext.domain.release import Release


def prune(context: Context) -> None:
    """Idempotent; touches neither what is live, nor what is being deployed, nor what is kept."""
    busy = {deployment.release_id for deployment in context.deployments.unfinished()}
    doomed: list[str] = []
    keep: set[str] = set()
    manifests: dict[str, set[str]] = {}
    layers: dict[str, set[str]] = {}
    storage: dict[str, int] = {}
    for site in context.sites.list():
        releases = context.releases.list(site.id)
        kept = _kept(releases, context.settings.releases_kept, {site.live_release_id, *busy})
        for release in releases:
            if release.id not in kept:
                doomed.append(release.id)
                context.trees.remove(site.owner, site.name, release.id)
        keep |= kept
        manifests.setdefault(site.owner_id, set()).update(r.digest for r in releases if r.id in kept)
        layers.setdefault(site.owner_id, set()).update(r.layer for r in releases if r.layer and r.id in kept)
        size = sum(release.size_bytes for release in releases if release.id in kept)
        if size != site.storage_bytes:
            storage[site.id] = size
    if doomed or storage:
        context.releases.prune(doomed, storage)
    context.trees.sweep(keep, manifests)
    context.layers.sweep(layers)
    context.uploads.sweep()
    context.ingress.sweep()


def _kept(releases: list[Release], number: int, always: set[str | None]) -> set[str]:
    """`releases` newest first."""
    return {release.id for release in releases[:number]} | {r.id for r in releases if r.id in always}
