"""Put sites to sleep that nobody visits, when their owners want that.

    the address leads to the gate · nobody is inside any more · the row says so · the instance stops

Whoever comes in the meantime is held at the gate, and wins: the site is led back, and nothing was
stopped. Killed before the row says so, the next round leads the address back; after it, the next round
stops the instance.
"""

from __future__ import annotations

import logging

from dialup_ext.actions.context import Context
from dialup_ext.actions.retire import site_key
from dialup_ext.actions.serve import lead_to_gate
from dialup_ext.crashpoint import crashpoint
from dialup_ext.domain.ports import GATE
from dialup_ext.domain.site import Site
from dialup_ext.errors import DialupError

log = logging.getLogger("dialup")

LOOK = 0.05
"""Seconds between two looks whether somebody is still inside."""

EMPTY = 0.3
"""Seconds without a single connection after which nobody is inside: who had read the address before has dialled it."""


def sleep_idle(context: Context) -> None:
    """Set to sleep, in threads, whatever nobody has visited for as long as its owner wants. Call it every few seconds.

    A visit is a request in the access log, or a connection that is open: a websocket keeps its site awake.
    """
    sites = context.sites.with_sleep()
    if not sites:
        context.visits.rest()
        context.visited.clear()
        return
    now, hosts = context.clock.monotonic(), context.visits.hosts()
    for gone in set(context.visited) - {site.id for site in sites}:
        context.visited.pop(gone, None)
    for site in sites:
        context.visited.setdefault(site.id, now)
        if site.host(context.settings.domain) in hosts:
            context.visited[site.id] = now
        elif _is_idle(context, site) and not context.is_claimed(_claim(site)):
            context.workers.background("start", _try, context, site)


def put_to_sleep(context: Context, site_id: str) -> bool:
    """Stop its instance and let the gate wake it at the next visit; False when somebody came, or it may not sleep.

    Blocks for up to `drain_seconds`. Idempotent; whatever fails, the site is where it was.
    """
    site = context.sites.get(site_id)
    with context.lock("site", site.name):
        site = context.sites.get(site_id)
        if not _may_sleep(context, site):
            return False
        host = site.host(context.settings.domain)
        before = context.ingress.target(host)
        if before is None or before.upstream == GATE:
            return False  # it is down: the rounds are at work on it
        lead_to_gate(context, site, "asleep")
        crashpoint("S1")
        if not _is_left(context, site):
            context.ingress.point(host, before)
            context.open_gate(site_id)
            return False
        context.sites.change(site_id, asleep=True)
        crashpoint("S2")
        context.driver.stop(site_key(site, site.live_deployment_id or ""))
    context.tell(site.owner_id, "site", site.name)
    return True


def _try(context: Context, site: Site) -> None:
    with context.claim(_claim(site)) as mine:
        if not mine or not _is_idle(context, site):
            return  # somebody came while this waited for a thread
        try:
            asleep = not _is_used(context, site) and put_to_sleep(context, site.id)
        except DialupError as error:
            log.warning("%s could not be put to sleep: %s", site.name, error.message)
            asleep = False
        if not asleep:
            context.visited[site.id] = context.clock.monotonic()


def _is_idle(context: Context, site: Site) -> bool:
    now = context.clock.monotonic()
    return now - context.visited.get(site.id, now) >= (site.sleep_after or 0)


def _may_sleep(context: Context, site: Site) -> bool:
    if not site.runs or site.sleep_after is None or site.stopped or site.asleep or site.halted:
        return False
    if site.id in context.waiting:
        return False
    return not any(deployment.site_id == site.id for deployment in context.deployments.unfinished())


def _is_left(context: Context, site: Site) -> bool:
    """True once nobody has been inside for a moment; False when somebody stays, or waits at the gate."""
    now = context.clock.monotonic
    end = now() + max(context.settings.drain_seconds, 3.0)  # Caddy keeps an idle connection for a second
    empty_since = now()
    while now() < end and site.id not in context.waiting:
        if _is_used(context, site):
            empty_since = now()
        elif now() - empty_since >= EMPTY:
            return True
        if context.workers.closed.wait(LOOK):
            return False
    return False


def _is_used(context: Context, site: Site) -> bool:
    return context.driver.connections(site_key(site, site.live_deployment_id or "")) > 0


def _claim(site: Site) -> str:
    return f"sleep-{site.id}"
