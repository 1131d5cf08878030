"""Names and ends of a site's instances: the key, what its host leads to, stopping old ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from dialup_ext.actions.context import Context
from dialup_ext.crashpoint import crashpoint
from dialup_ext.domain.deployment import Deployment, Status
from dialup_ext.domain.instance import Instance, InstanceKind
from dialup_ext.domain.ports import Target
from dialup_ext.domain.site import Site
from dialup_ext.errors import NotFound


def site_key(site: Site, deployment_id: str) -> str:
    """The key of the instance that runs `deployment_id` of `site`."""
    return f"site-{site.name}-{deployment_id}"


def target_of(deployment: Deployment, public: Path | None, instance: Instance | None, *,
              once: bool = False) -> Target:
    """Where the site's host leads with this deployment; `once` where its connections are to be its requests.

    The address is part of the name: an instance revived at another address is another target.
    """
    if instance is None or instance.address is None:
        return Target(deployment.id, public=public)
    return Target(f"{deployment.id}-{named(instance.address)}", public=public, upstream=instance.address,
                  once=once)


def named(address: str) -> str:
    """An address as part of a target's name: of containers the first half differs, of processes the port."""
    return address.replace(":", "-")


def retire_old_instances(context: Context, site_id: str, there: Iterable[Instance] | None = None) -> None:
    """Stop the site's instances that serve nobody: not live, not starting, drained. Idempotent.

    The order of the three readings matters: what runs first, the site's row last. A deployment
    that moves on meanwhile is then in one of the later two, and what it started is kept.
    """
    running = list(context.driver.list()) if there is None else list(there)
    starting = {deployment.id for deployment in context.deployments.unfinished()
                if deployment.site_id == site_id}
    try:
        site = context.sites.get(site_id)
    except NotFound:
        return  # removing it stops what it had
    wanted = starting | _draining(context, site_id)
    if site.live_deployment_id and not site.stopped:  # of one that sleeps, `serve_site` alone stops it: it may be waking
        wanted.add(site.live_deployment_id)
    keep = {site_key(site, deployment_id) for deployment_id in wanted}
    for instance in running:
        if instance.kind is InstanceKind.SITE and instance.site == site.name and instance.key not in keep:
            context.driver.stop(instance.key)
            crashpoint("C13")


def _draining(context: Context, site_id: str) -> set[str]:
    """Deployments superseded so recently that requests begun before may still run there."""
    since = context.clock.now() - timedelta(seconds=context.settings.drain_seconds)
    return {deployment.id for deployment in context.deployments.list(site_id)
            if deployment.status is Status.SUPERSEDED and deployment.changed_at > since}
