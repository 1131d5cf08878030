"""Names and ends of a site's instances: the key, what its host leads to, stopping old ones."""

from __future__ import annotations

from pathlib import Path

from dialup_ext.actions.context import Context
from dialup_ext.domain.deployment import Deployment
from dialup_ext.domain.instance import Instance, InstanceKind
from dialup_ext.domain.ports import Target
from dialup_ext.domain.site import Site


def site_key(site: Site, deployment_id: str) -> str:
    """The key of the instance that runs `deployment_id` of `site`."""
    return f"site-{site.name}-{deployment_id}"


def target_of(deployment: Deployment, public: Path | None, instance: Instance | None) -> Target:
    """Where the site's host leads with this deployment.

    The address is part of the name: an instance revived at another address is another target.
    """
    if instance is None or instance.address is None:
        return Target(deployment.id, public=public)
    port = instance.address.rpartition(":")[2]
    return Target(f"{deployment.id}-{port}", public=public, upstream=instance.address)


def retire_old_instances(context: Context, site_id: str) -> None:
    """Stop every instance of the site but the live one and the one being started. Idempotent."""
    site = context.sites.load(site_id, None)
    keep = {site_key(site, deployment.id) for deployment in context.deployments.unfinished()
            if deployment.site_id == site.id}
    if site.live_deployment_id and not site.stopped:
        keep.add(site_key(site, site.live_deployment_id))
    for instance in context.driver.list():
        if instance.kind is InstanceKind.SITE and instance.site == site.name and instance.key not in keep:
            context.driver.stop(instance.key)
