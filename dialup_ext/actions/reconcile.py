"""Make database, driver and ingress agree: at start, and every few seconds.

Forward when the new one is healthy, back when it is not. It never deletes on doubt: with a
database that does not know this home's files (`adopting`), nothing is stopped or removed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from dialup_ext.actions.context import Context
from dialup_ext.actions.deploy import run
from dialup_ext.actions.health import wait_until_healthy
from dialup_ext.actions.lab import finish_starting_lab
from dialup_ext.actions.preview import finish_starting, stop_preview
from dialup_ext.actions.prune import prune
from dialup_ext.actions.retire import retire_old_instances, site_key, target_of
from dialup_ext.actions.sites import lead_to_gate
from dialup_ext.domain.account import Account
from dialup_ext.domain.deployment import StepCancelled, StepFailed
from dialup_ext.domain.editing import EditorSession
from dialup_ext.domain.instance import Instance, InstanceKind, InstanceState
from dialup_ext.domain.ports import Target
from dialup_ext.domain.site import Site
from dialup_ext.errors import DialupError, NotFound

log = logging.getLogger("dialup")


def resume(context: Context, accounts: dict[str, Account]) -> None:
    """Once, at start: go on with every unfinished deployment, preview and lab."""
    for deployment in context.deployments.unfinished():
        context.workers.background("deploy", run, context, deployment.id)
    for session in context.editing.list():
        account = accounts.get(session.account_id)
        if session.kind == "lab" and account:
            context.open_lab_door(session.account)
        if session.state != "starting":
            continue
        if session.kind == "lab" and account:
            context.workers.background("driver", finish_starting_lab, context, account, session)
        elif session.site:
            site = context.sites.load(session.site, None)
            context.workers.background("driver", finish_starting, context, site, session)


def reconcile(context: Context, *, adopting: bool = False) -> None:
    """One round. Idempotent; a failure of one thing is logged and does not stop the others."""
    instances = {instance.key: instance for instance in context.driver.list()}
    busy = {deployment.site_id for deployment in context.deployments.unfinished()}
    served = context.ingress.targets()
    for site in context.sites.list():
        target = served.get(site.host(context.settings.domain))
        if site.id not in busy and not _stands(site, target, instances):
            _guarded(f"site {site.name}", _mend_site, context, site, instances)
    for session in context.editing.list():
        _guarded(f"{session.kind} of {session.account}", _mend_session, context, session, instances)
    if not adopting:
        _guarded("orphans", _stop_orphans, context, instances)
        _guarded("pruning", prune, context)


def _mend_site(context: Context, site: Site, instances: dict[str, Instance]) -> None:
    """A live site is served, and what it needs runs; nothing else of it does."""
    with context.lock(site.name):
        site = context.sites.load(site.id, None)
        if site.live_deployment_id is None or site.live_release_id is None or site.stopped:
            lead_to_gate(context, site, "stopped" if site.stopped else "new")
            return
        release = context.releases.load(site.live_release_id)
        deployment = context.deployments.load(site.live_deployment_id)
        tree = context.trees.materialise(
            site.owner, site.owner_id, site.name, release.id,
            context.trees.manifest(site.owner_id, release.digest), release.kind, release.root, release.layer)
        instance = None
        if release.kind.runs:
            key = site_key(site, deployment.id)
            instance = instances.get(key)
            if instance is None or instance.state is not InstanceState.RUNNING:
                log.warning("instance of %s is gone; starting it again", site.name)
                context.driver.stop(key)
                assert tree.app is not None
                instance = context.driver.start(context.specs.site(site, deployment, tree.app))
                wait_until_healthy(context, instance, site.host(context.settings.domain))
        context.ingress.point(site.host(context.settings.domain),
                              target_of(deployment, tree.public, instance))


def _stands(site: Site, target: Target | None, instances: dict[str, Instance]) -> bool:
    """True when the site needs nothing: a look at what was read already, no work per site."""
    if site.stopped or site.live_deployment_id is None:
        return target is not None
    if target is None or not target.name.startswith(site.live_deployment_id):
        return False
    if not site.kind.runs:
        return True
    instance = instances.get(site_key(site, site.live_deployment_id))
    running = instance is not None and instance.state is InstanceState.RUNNING
    return running and instance is not None and instance.address == target.upstream


def _mend_session(context: Context, session: EditorSession, instances: dict[str, Instance]) -> None:
    """What says it runs does run; a preview nobody asked for in a while is stopped."""
    if session.state != "running":
        return
    instance = instances.get(session.instance_key)
    if instance is None or instance.state is not InstanceState.RUNNING:
        context.editing.change(session.id, state="failed", message="It stopped by itself.")
        context.tell(session.account_id, session.kind, session.site or session.account)
    elif session.site and session.expires_at and session.expires_at < context.clock.now():
        stop_preview(context, context.sites.load(session.site, None))


def _stop_orphans(context: Context, instances: dict[str, Instance]) -> None:
    """Instances no row asks for: left by a crash between two steps, or by a removal."""
    wanted = {session.instance_key for session in context.editing.list()}
    for instance in instances.values():
        young = instance.started_at > context.clock.now() - timedelta(seconds=30)
        if instance.kind in (InstanceKind.LAB, InstanceKind.PREVIEW):
            if instance.key not in wanted and not young:
                context.driver.stop(instance.key)
        elif instance.kind is InstanceKind.SITE and instance.site and not young:
            try:
                site = context.sites.load(instance.site, None)
            except NotFound:
                context.driver.stop(instance.key)
            else:
                retire_old_instances(context, site.id)


def _guarded(what: str, work: Callable[..., None], *arguments: Any) -> None:
    try:
        work(*arguments)
    except StepCancelled:
        pass  # the hub is stopping
    except StepFailed as error:
        log.warning("%s: %s", what, error.failure.message)
    except DialupError as error:
        log.warning("%s: %s", what, error.message)
    except Exception:
        log.exception("%s could not be reconciled", what)
