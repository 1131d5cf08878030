"""Make database, driver and ingress agree: at start, and every few seconds.

Forward when the new one is healthy, back when it is not. What takes time (a site that has to
come back) is done in a pool, site by site, so that one that is broken holds up nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Any

from dialup_ext.actions.context import Context
from dialup_ext.actions.deploy import run
from dialup_ext.actions.lab import begin_lab
from dialup_ext.actions.opening import is_alive
from dialup_ext.actions.preview import begin_preview, stop_preview
from dialup_ext.actions.prune import prune
from dialup_ext.actions.retire import retire_old_instances, site_key
from dialup_ext.actions.revive import bring_back, forgive
from dialup_ext.actions.serve import stands
from dialup_ext.domain.account import Account
from dialup_ext.domain.deployment import StepCancelled
from dialup_ext.domain.editing import EditorSession
from dialup_ext.domain.instance import Instance, InstanceKind, InstanceState
from dialup_ext.domain.site import Site
from dialup_ext.errors import DialupError

log = logging.getLogger("dialup")

YOUNG = timedelta(seconds=30)
"""A lab, a preview or a build nobody seems to want is left alone this long: its row may be on its way.
A site's instance always comes after the row of its deployment."""


def resume(context: Context, accounts: Mapping[str, Account]) -> None:
    """Once, at start: doors of labs, and every preview and lab that was starting."""
    for session in context.editing.list():
        account = accounts.get(session.account_id)
        if account is not None and account.is_active:
            # a driver that does not answer keeps nobody from starting; the rounds look again
            _guarded(f"{session.kind} of {session.account}", _resume_session, context, account, session)


def reconcile(context: Context) -> None:
    """One round. Idempotent; a failure of one thing is logged and does not stop the others."""
    instances = {instance.key: instance for instance in context.driver.list()}
    busy = _resume_deployments(context)
    served = context.ingress.targets()
    sites = context.sites.list()
    for site in sites:
        instance = instances.get(site_key(site, site.live_deployment_id or ""))
        if site.id in busy:
            continue
        if stands(site, served.get(site.host(context.settings.domain)), instance):
            forgive(context, site)
        else:
            bring_back(context, site)
    _guarded("previews and labs", _mend_sessions, context, instances, served)
    _guarded("orphans", _stop_orphans, context, instances, sites, busy)
    _guarded("pruning", prune, context)


def _resume_session(context: Context, account: Account, session: EditorSession) -> None:
    if session.kind == "lab":
        context.open_lab_door(session.account)
    if session.state == "running" and not is_alive(context, session):
        context.editing.close(session.id)  # it was stopped with the hub: nothing failed
    if session.state != "starting":
        return
    if session.kind == "lab":
        begin_lab(context, account, session)
    elif session.site_id:
        begin_preview(context, context.sites.get(session.site_id), session)


def _resume_deployments(context: Context) -> set[str]:
    """Set to work on what nobody works on; the ids of all sites with an unfinished deployment."""
    unfinished = context.deployments.unfinished()
    for deployment in unfinished:
        if not context.is_claimed(f"deployment-{deployment.id}"):
            context.workers.background("deploy", run, context, deployment.id)
    return {deployment.site_id for deployment in unfinished}


def _mend_sessions(context: Context, instances: Mapping[str, Instance], served: Collection[str]) -> None:
    """What says it runs does run; hosts of previews and labs lead somewhere only while it does."""
    running: set[str] = set()
    for session in context.editing.list():
        host = _host_of(context, session)
        if session.state == "running" and host:
            running.add(host)
        _guarded(f"{session.kind} of {session.account}", _mend_session, context, session, instances)
    suffixes = (f"-dev.{context.settings.domain}", f".editor.{context.settings.domain}")
    for host in served:
        if host.endswith(suffixes) and host not in running:
            context.ingress.remove(host)


def _mend_session(context: Context, session: EditorSession, instances: Mapping[str, Instance]) -> None:
    if session.state == "starting" and not context.is_claimed(session.id):
        limit = timedelta(seconds=context.settings.lab_start_timeout + 120)
        if session.created_at < context.clock.now() - limit:
            _gone(context, session, "It did not start in time.")
    if session.state != "running":
        return
    instance = instances.get(session.instance_key)
    if instance is None or instance.state is not InstanceState.RUNNING:
        if context.driver.inspect(session.instance_key) in (None, instance):  # not just started
            _gone(context, session, "It stopped by itself.")
    elif session.site and session.expires_at and session.expires_at < context.clock.now():
        _end_idle_preview(context, session)


def _end_idle_preview(context: Context, session: EditorSession) -> None:
    idle = context.settings.preview_idle
    asked = context.touched.get(session.site or "", float("-inf"))
    if context.clock.monotonic() - asked < idle:
        context.editing.change(session.id, expires_at=context.clock.now() + timedelta(seconds=idle))
    elif session.site_id:
        stop_preview(context, context.sites.get(session.site_id))


def _gone(context: Context, session: EditorSession, message: str) -> None:
    context.editing.change(session.id, state="failed", message=message)
    context.tell(session.account_id, session.kind, session.site or session.account)


def _host_of(context: Context, session: EditorSession) -> str | None:
    if session.kind == "lab":
        return context.settings.lab_host(session.account)
    return context.settings.preview_host(session.site) if session.site else None


def _stop_orphans(context: Context, instances: Mapping[str, Instance], sites: list[Site], busy: set[str]) -> None:
    """Instances no row asks for: left by a crash between two steps, or by a removal."""
    wanted = {session.instance_key for session in context.editing.list()}
    unfinished = {f"build-{deployment.id}" for deployment in context.deployments.unfinished()}
    by_name = {site.name: site for site in sites}
    settled: set[str] = set()
    for instance in instances.values():
        if context.workers.closed.is_set():
            return
        if instance.kind is InstanceKind.SITE:
            site = by_name.get(instance.site or "")
            if site is None:
                context.driver.stop(instance.key)
            elif site.id not in busy and site.id not in settled:
                settled.add(site.id)
                retire_old_instances(context, site.id, instances.values())
        elif instance.key not in wanted | unfinished and instance.started_at < context.clock.now() - YOUNG:
            context.driver.stop(instance.key)


def _guarded(what: str, work: Callable[..., None], *arguments: Any) -> None:
    try:
        work(*arguments)
    except StepCancelled:
        pass  # the hub is stopping
    except DialupError as error:
        log.warning("%s: %s", what, error.message)
    except Exception:
        log.exception("%s could not be reconciled", what)
