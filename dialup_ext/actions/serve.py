"""Make a site's host lead to what its row says: its live release, or the hub's gate."""

from __future__ import annotations

from pathlib import Path

from dialup_ext.actions.alone import make_way
from dialup_ext.actions.context import Context
from dialup_ext.actions.health import patience, wait_until_healthy
from dialup_ext.actions.retire import site_key, target_of
from dialup_ext.actions.variables import with_variables
from dialup_ext.domain.deployment import Deployment
from dialup_ext.domain.instance import Instance, InstanceState
from dialup_ext.domain.ports import GATE, Target
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Site


def serve_site(context: Context, site_id: str) -> None:
    """Bring the address and the instance of a site to what its row says now. Idempotent; blocks.

    An instance that is gone is started again and must answer before its address leads there.
    Raises `StepFailed` when it does not.
    """
    site = context.sites.get(site_id)
    with context.lock("site", site.name):
        site = context.sites.get(site_id)
        if site.stopped or site.live_deployment_id is None or site.live_release_id is None:
            lead_to_gate(context, site, "stopped" if site.stopped else "new")
            return
        if site.asleep or site.halted:
            lead_to_gate(context, site, "asleep" if site.asleep else "failed")
            context.driver.stop(site_key(site, site.live_deployment_id))  # a crash may have left it
            return
        release = context.releases.load(site.live_release_id)
        deployment = context.deployments.load(site.live_deployment_id)
        digest, root = release.served
        tree = context.trees.materialise(
            site.owner, site.owner_id, site.name, release.id,
            context.trees.manifest(site.owner_id, digest), root,
            release.layer if release.is_program else None, runs=release.is_program)
        public, app = (None, tree.public) if release.in_nginx else (tree.public, tree.app)
        instance = None
        if app is not None and release.runs:
            instance = _running(context, site, deployment, release, app)
        context.ingress.point(site.host(context.settings.domain),
                              target_of(deployment, public, instance, once=site.volume))
        context.open_gate(site.id)


def stands(site: Site, target: Target | None, instance: Instance | None) -> bool:
    """True when the site needs nothing done: its host leads where it should, and that runs."""
    runs = instance is not None and instance.state is InstanceState.RUNNING
    if site.stopped or site.asleep or site.halted or site.live_deployment_id is None:
        left = runs and not site.stopped  # what was stopped may drain
        return target is not None and target.upstream == GATE and not left
    if target is None or not target.name.startswith(site.live_deployment_id):
        return False
    if not site.runs:
        return True
    return runs and instance is not None and instance.address == target.upstream


def lead_to_gate(context: Context, site: Site, why: str) -> None:
    """Let the hub's own page answer for the site: `new`, `stopped`, `failed` or `gone`."""
    host = site.host(context.settings.domain)
    context.ingress.point(host, Target(f"{why}-{site.id}", upstream=GATE))
    context.open_gate(site.id)


def _running(context: Context, site: Site, deployment: Deployment, release: Release, app: Path) -> Instance:
    """The live instance: as it is, or a new one that answers."""
    key = site_key(site, deployment.id)
    instance = context.driver.inspect(key)
    target = context.ingress.target(site.host(context.settings.domain))
    if stands(site, target, instance) and instance is not None:
        return instance
    if site.volume:
        make_way(context, site, key)
    if instance is None or instance.state is not InstanceState.RUNNING:
        context.driver.stop(key)  # what is left of it
        instance = context.driver.start(
            with_variables(context, site, context.specs.site(site, deployment, release, app)))
    wait_until_healthy(context, instance, site.host(context.settings.domain), path=release.health_path,
                       timeout=patience(context, release))
    return instance
