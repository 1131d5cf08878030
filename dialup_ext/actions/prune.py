"""Keep the newest releases of each site, collect the rest, sweep what nobody refers to."""

from __future__ import annotations

from collections import defaultdict

from dialup_ext.actions.context import Context
from dialup_ext.actions.data import sweep_data
from dialup_ext.actions.deployment_log import log_path
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Site

DEPLOYMENTS_KEPT = 200
"""The history of a site goes back so many deployments."""

Releases = dict[str, list[Release]]
"""By the id of their site, the newest first."""


def prune(context: Context) -> None:
    """Idempotent; touches neither what is live, nor what is being deployed, nor what is kept."""
    sites = context.sites.list()
    releases: Releases = defaultdict(list)
    for release in context.releases.list():
        releases[release.site_id].append(release)
    gone = _drop_releases(context, sites, releases)
    if gone + context.deployments.drop_old(DEPLOYMENTS_KEPT):
        _sweep_logs(context)
    _note_storage(context, sites, releases)
    _sweep_files(context, sites, releases)
    sweep_data(context)


def _drop_releases(context: Context, sites: list[Site], releases: Releases) -> int:
    """Rows first, unless something needs them by then; after that the folders of what really went."""
    busy = {deployment.release_id for deployment in context.deployments.unfinished()}
    doomed = {site.id: _superfluous(releases[site.id], context.settings.releases_kept,
                                    {site.live_release_id, *busy}) for site in sites}
    if not any(doomed.values()):
        return 0
    gone = set(context.releases.prune(doomed))
    for site in sites:
        for release_id in gone.intersection(doomed[site.id]):
            context.trees.remove(site.owner, site.name, release_id)
        releases[site.id] = [release for release in releases[site.id] if release.id not in gone]
    return len(gone)


def _superfluous(releases: list[Release], number: int, needed: set[str | None]) -> list[str]:
    """`releases` newest first."""
    return [release.id for release in releases[number:] if release.id not in needed]


def _note_storage(context: Context, sites: list[Site], releases: Releases) -> None:
    """What each site's releases take together; a file they share counts once."""
    stored = context.uploads.stored
    found = {site: stored.of_manifests(site.owner_id, _manifests(releases[site.id])) for site in sites}
    news = {site.id: size for site, size in found.items() if size != site.storage_bytes}
    if news:
        context.releases.note_storage(news)


def _sweep_files(context: Context, sites: list[Site], releases: Releases) -> None:
    """Every account is named, with a site or without: a sweep leaves alone whom it is not told of."""
    owners = context.sites.owners()
    manifests: dict[str, set[str]] = {owner: set() for owner in owners}
    layers: dict[str, set[str]] = {owner: set() for owner in owners}
    for site in sites:
        manifests.setdefault(site.owner_id, set()).update(_manifests(releases[site.id]))
        layers.setdefault(site.owner_id, set()).update(found.layer for found in releases[site.id] if found.layer)
    context.trees.sweep({found.id for site in sites for found in releases[site.id]}, manifests)
    context.layers.sweep(layers)
    context.uploads.sweep()
    context.ingress.sweep()


def _manifests(releases: list[Release]) -> set[str]:
    """Of what was uploaded, and of what was built from it."""
    return {digest for release in releases for digest in (release.digest, release.built) if digest}


def _sweep_logs(context: Context) -> None:
    """Delete logs of deployments the database no longer has, those a crash left behind as well."""
    # files first, rows second: a log begins after its row
    logs = list(log_path(context, "").parent.glob("*.log"))
    known = context.deployments.ids()
    for log in logs:
        if log.stem not in known:
            log.unlink(missing_ok=True)
