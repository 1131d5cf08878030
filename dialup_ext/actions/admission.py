"""Admission: nothing starts that does not fit into its account's quota, or into this machine's memory.

What counts are rows: a site whose live release runs (not stopped, asleep or halted), and a deployment that is
not over. So a check and the row it allows, written under one lock, are a reservation that survives a restart,
and two that come at once cannot both take the last room. Limits count, not what is used at the moment: what a
site is allowed to use must be there when it does. What Caddy serves alone, and what sleeps, counts nothing.
Labs and previews count against the machine's memory and `previews_at_once`, never against an account's own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dialup_ext.actions.context import Context
from dialup_ext.actions.retire import site_key
from dialup_ext.domain.instance import InstanceState
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Site
from dialup_ext.errors import DialupError, TooMany, Unavailable
from dialup_ext.settings import Settings

MIB = 1 << 20
RESERVE_MB = 1536
"""What the hub, Caddy, the engine and the system keep of a machine's memory; a quarter of a smaller one (R29)."""


@dataclass(frozen=True, slots=True)
class Need:
    """Memory in MiB, CPU in cores."""

    memory_mb: int = 0
    cpu: float = 0.0

    def __add__(self, other: Need) -> Need:
        return Need(self.memory_mb + other.memory_mb, round(self.cpu + other.cpu, 4))

    def or_more(self, other: Need) -> Need:
        return Need(max(self.memory_mb, other.memory_mb), max(self.cpu, other.cpu))


@contextmanager
def admitted(context: Context, site: Site, release: Release | None = None) -> Iterator[None]:
    """Let the site run `release` (None: its live one) if that fits; make it count inside the block.

    Inside, write the row that says so: open its deployment, or take `asleep` or `halted` away. The lock is held
    until the block ends, so take the site's own lock before, not inside. A redeployment counts once, as the
    larger of old and new; what needs no more than the site has already always fits. Raises `TooMany`
    (`memory_full`, `cpu_full`) and `Unavailable` (`server_full`), with the numbers.
    """
    release = release or _live(context, site)
    with context.lock("admission", ""):
        if release is not None and release.runs:
            _check(context, site, need(context.settings, release))
        yield


@contextmanager
def preview_admitted(context: Context, site: Site) -> Iterator[None]:
    """Let the site have a preview; write its row inside. Raises `TooMany` (`too_many_previews`), `Unavailable`."""
    most = context.settings.previews_at_once
    with context.lock("admission", ""):
        others = [session for session in context.editing.list()
                  if session.account_id == site.owner_id and session.kind == "preview"
                  and session.site_id != site.id and session.state in ("starting", "running")]
        if len(others) >= most:
            raise TooMany(f"You have {len(others)} of {most} previews open.", code="too_many_previews",
                          hint=f"Stop the preview of “{others[0].site}”, or ask your admin for more.")
        check_server(context, context.settings.static_dev_memory_mb)
        yield


def need(settings: Settings, release: Release) -> Need:
    """What an instance of the release may use; nothing when it has none. Pure."""
    return Need(*settings.limits(release.limited_as)) if release.runs else Need()


def held(context: Context, account_id: str) -> dict[str, Need]:
    """What each of an account's sites holds of its quota, by the site's id; a few small queries."""
    wanted = {deployment.site_id: deployment.release_id for deployment in context.deployments.unfinished()}
    found = {}
    for site in context.sites.list(account_id):
        live = _live(context, site) if awake(site) else None
        coming = _release(context, wanted.get(site.id))
        found[site.id] = _of(context, live).or_more(_of(context, coming))
    return found


def awake(site: Site) -> bool:
    """True for a site whose instance runs, or is about to. Pure."""
    return bool(site.runs and site.live_deployment_id and not (site.stopped or site.asleep or site.halted))


def check_server(context: Context, more_mb: int) -> None:
    """Raise `Unavailable` (`server_full`) when `more_mb` do not fit beside what runs on this machine now.

    Here use counts, not limits: fifty accounts may be allowed more together than there is. What is allowed to
    start and does not run yet counts in full.
    """
    budget = budget_mb(context.settings)
    left = budget - _in_use_mb(context)
    if more_mb > left:
        raise Unavailable(f"The server's memory is in use: this needs {more_mb:,} MB and {max(0, left):,} MB are "
                          f"left of {budget:,} MB.", code="server_full", retry_after=60,
                          hint="Try again later, or tell your admin: sites that sleep leave more room.")


def budget_mb(settings: Settings) -> int:
    """What all instances together may use: the setting, else this machine's memory without a reserve."""
    if settings.memory_budget_mb:
        return int(settings.memory_budget_mb)
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // MIB
    return int(total - min(RESERVE_MB, total // 4))


def _check(context: Context, site: Site, wanted: Need) -> None:
    by_site = held(context, site.owner_id)
    own = by_site.pop(site.id, Need())
    others = sum(by_site.values(), Need())
    quota = context.sites.quota(site.owner_id)
    if wanted.memory_mb > own.memory_mb:
        left = max(0, quota.max_memory_mb - others.memory_mb)
        if wanted.memory_mb > left:
            raise _full("memory", f"{wanted.memory_mb:,} MB", f"{left:,} MB", f"{quota.max_memory_mb:,} MB")
    if wanted.cpu > own.cpu:
        cores = max(0.0, round(quota.max_cpu_cores - others.cpu, 4))
        if wanted.cpu > cores:
            raise _full("cpu", f"{wanted.cpu:g} of a core", f"{cores:g}", f"{quota.max_cpu_cores:g}")
    if wanted.memory_mb > own.memory_mb:
        check_server(context, wanted.memory_mb)


def _full(what: str, needs: str, left: str, limit: str) -> TooMany:
    return TooMany(f"Your site needs {needs} and you have {left} left of {limit}.", code=f"{what}_full",
                   hint="Stop a site you do not use, or ask your admin for more.")


def _in_use_mb(context: Context) -> int:
    """Of what runs, by the kernel's count; of what is to run, by its limit."""
    try:
        running = {one.key for one in context.driver.list() if one.state is InstanceState.RUNNING}
        uses = [context.driver.usage(key) for key in running]
    except DialupError:
        return 0  # who starts something is told that the driver does not answer
    coming = sum((_of(context, _release(context, deployment.release_id))
                  for deployment in context.deployments.unfinished()), Need())
    waking = sum((_of(context, _live(context, site)) for site in context.sites.list()
                  if awake(site) and site_key(site, site.live_deployment_id or "") not in running), Need())
    return sum(use.memory_bytes for use in uses if use) // MIB + coming.memory_mb + waking.memory_mb


def _of(context: Context, release: Release | None) -> Need:
    return need(context.settings, release) if release is not None else Need()


def _live(context: Context, site: Site) -> Release | None:
    return _release(context, site.live_release_id)


def _release(context: Context, release_id: str | None) -> Release | None:
    try:
        return context.releases.load(release_id) if release_id else None
    except DialupError:  # pruned or removed a moment ago
        return None
