"""Creating, stopping, starting, restarting and removing a site; rolling back."""

from __future__ import annotations

from dialup_ext.actions.context import Context
from dialup_ext.actions.data import forget_data
from dialup_ext.actions.deploy import cancel, request_deployment
from dialup_ext.actions.deployment_log import log_path
from dialup_ext.actions.preview import stop_preview
from dialup_ext.actions.retire import retire_old_instances
from dialup_ext.actions.serve import lead_to_gate
from dialup_ext.actions.wake import wake_site
from dialup_ext.domain.account import Account
from dialup_ext.domain.deployment import Deployment
from dialup_ext.domain.names import check_name
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Kind, Site
from dialup_ext.errors import BadInput, Conflict, Forbidden, NotFound


def create_site(context: Context, owner: Account, name: str, kind: Kind | None = None,
                template: str | None = None) -> Site:
    """A new site: a row and a page at its address that says nothing is there yet.

    Raises `BadInput` (`bad_name`), `Conflict` (`name_taken`), `TooMany` (`too_many_sites`),
    `Forbidden`. Nothing is left behind then.
    """
    check_name(name)
    if not owner.can_create_sites:
        raise Forbidden("Your account may not create sites.", code="may_not_create_sites",
                        hint="Ask your admin to allow it.")
    site = context.sites.create(owner, name, kind or Kind.STATIC, template, context.clock.now())
    lead_to_gate(context, site, "new")
    context.tell(owner.id, "site", site.name)
    return site


def stop_site(context: Context, site: Site) -> Site:
    """Visitors see a page that says it is stopped; nothing of it runs. Idempotent."""
    if any(deployment.site_id == site.id for deployment in context.deployments.unfinished()):
        raise Conflict("This site is being deployed at this moment.", code="deployment_running",
                       hint="Wait for it to finish, or cancel it.")
    with context.lock("site", site.name):
        site = context.sites.get(site.id)
        if site.live_deployment_id is None:
            raise Conflict(f"“{site.name}” is not live, so there is nothing to stop.", code="not_live",
                           hint="Deploy it first.")
        context.sites.change(site.id, stopped=True, asleep=False, halted=None)
        lead_to_gate(context, site, "stopped")
    context.workers.later(context.settings.drain_seconds, "driver", retire_old_instances, context, site.id)
    context.tell(site.owner_id, "site", site.name)
    return context.sites.get(site.id)


def start_site(context: Context, site: Site, by: str) -> Site:
    """Bring a site back that is stopped or halted: a deployment of its live release. Idempotent when it is up."""
    if site.asleep:
        return wake_site(context, site.id)
    if site.stopped or site.halted:
        request_deployment(context, site, _live_release(context, site), by, "start")
    return context.sites.get(site.id)


def restart_site(context: Context, site: Site, by: str) -> Site:
    """Start its live release anew and switch over; visitors notice nothing."""
    request_deployment(context, site, _live_release(context, site), by, "restart")
    return context.sites.get(site.id)


def rollback(context: Context, site: Site, by: str, release: str | int | None = None) -> Deployment:
    """Deploy an older release: no upload, no build.

    `release` is a number or an id; without it, the newest one that was live before the present
    one. Raises `NotFound` (`release_not_found`, `nothing_to_roll_back_to`).
    """
    chosen = _find_release(context, site, release) if release is not None else _former(context, site)
    if chosen.id == site.live_release_id and not site.stopped:
        raise Conflict(f"Release {chosen.number} is live already.", code="already_live",
                       hint="Choose another release.")
    return request_deployment(context, site, chosen, by, "rollback")


def remove_site(context: Context, site: Site) -> None:
    """Take it down for good: address, instances, releases. The workspace stays its owner's.

    Idempotent: a crash half-way is finished by calling it again, or by `reconcile`.
    """
    for deployment in context.deployments.list(site.id, limit=1):
        if not deployment.status.is_final:
            cancel(context, deployment)
    stop_preview(context, site)
    with context.lock("site", site.name):
        lead_to_gate(context, site, "gone")
        logs = [log_path(context, deployment.id) for deployment in context.deployments.list(site.id, limit=10_000)]
        context.sites.remove(site, context.clock.now())
        for log in logs:
            log.unlink(missing_ok=True)
        for instance in context.driver.list():
            if instance.site == site.name:
                context.driver.stop(instance.key, grace=5.0)
        context.trees.remove_site(site.owner, site.name)
        forget_data(context, site)
    context.tell(site.owner_id, "removed", site.name)


def _live_release(context: Context, site: Site) -> Release:
    if site.live_release_id is None:
        raise Conflict(f"“{site.name}” has not been deployed yet.", code="not_live", hint="Deploy it first.")
    return context.releases.load(site.live_release_id, site.id)


def _find_release(context: Context, site: Site, wanted: str | int) -> Release:
    for release in context.releases.list(site.id):
        if str(wanted) in (release.id, str(release.number)):
            return release
    if not str(wanted).strip():
        raise BadInput("Which release?", code="bad_input", hint="Give its number.")
    raise NotFound(f"“{site.name}” has no release {str(wanted)[:40]}.", code="release_not_found",
                   hint="`deploy sites list` and the site's page show which are kept.")


def _former(context: Context, site: Site) -> Release:
    """The release that was live most recently before the one that is live now."""
    for deployment in context.deployments.list(site.id, limit=200):
        if deployment.live_at is not None and deployment.release_id != site.live_release_id:
            return context.releases.load(deployment.release_id, site.id)
    raise NotFound(f"“{site.name}” has no earlier release to go back to.", code="nothing_to_roll_back_to",
                   hint="Every release you deploy is kept for this.")
