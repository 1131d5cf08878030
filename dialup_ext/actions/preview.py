"""The development instance of a site: hot reload at `<site>-dev.<domain>`."""

from __future__ import annotations

import secrets
from datetime import timedelta

from dialup_ext.actions.context import Context
from dialup_ext.actions.health import tail, wait_until_healthy
from dialup_ext.domain.deployment import StepCancelled, StepFailed
from dialup_ext.domain.editing import EditorSession
from dialup_ext.domain.instance import InstanceState
from dialup_ext.domain.ports import Target
from dialup_ext.domain.site import Site
from dialup_ext.errors import DialupError

START_TIMEOUT = 120.0
"""Seconds: the first start of a Node preview installs its dependencies."""


def start_preview(context: Context, site: Site) -> None:
    """Start it if it is not there; returns at once, the state follows as news. Idempotent."""
    with context.lock(f"preview-{site.name}"):
        session = context.editing.find(site.owner_id, "preview", site.id)
        if session and session.state != "failed" and _alive(context, session):
            return
        context.prepare_ingress()
        context.driver.check()
        if session:
            context.driver.stop(session.instance_key, grace=2.0)
        key = f"preview-{site.name}-{secrets.token_hex(6)}"
        now = context.clock.now()
        session = context.editing.open(site.owner_id, "preview", site.id, key=key, secret=None, at=now,
                                       expires_at=now + timedelta(seconds=context.settings.preview_idle))
        context.sites.change(site.id, last_edited=now)
    _tell(context, site)
    context.workers.background("driver", finish_starting, context, site, session)


def finish_starting(context: Context, site: Site, session: EditorSession) -> None:
    """Start the instance, wait until it answers, lead the preview's host to it. Idempotent."""
    try:
        workspace = context.workspaces(site.owner) / site.name
        instance = context.driver.start(context.specs.preview(site, session.instance_key, workspace))
        host = site.preview_host(context.settings.domain)
        wait_until_healthy(context, instance, host, step="start", timeout=START_TIMEOUT, path="/",
                           any_answer=True, cancelled=lambda: _gone(context, session))
        port = (instance.address or "").rpartition(":")[2]
        if context.editing.change(session.id, state="running", message=None):
            context.ingress.point(host, Target(f"{session.id}-{port}", upstream=instance.address))
    except StepCancelled:
        if not context.workers.closed.is_set():
            context.driver.stop(session.instance_key, grace=2.0)
        return
    except StepFailed as error:
        context.editing.change(session.id, state="failed", message=error.failure.message)
    except DialupError as error:
        context.editing.change(session.id, state="failed", message=f"{error.message} {error.hint}".strip())
    _tell(context, site)


def stop_preview(context: Context, site: Site) -> None:
    """Stop it and lead its host nowhere. Idempotent."""
    session = context.editing.find(site.owner_id, "preview", site.id)
    if session is None:
        return
    context.editing.close(session.id)
    context.ingress.remove(site.preview_host(context.settings.domain))
    context.driver.stop(session.instance_key, grace=3.0)
    _tell(context, site)


def preview_log(context: Context, session: EditorSession) -> tuple[str, ...]:
    """The last lines the preview printed."""
    return tail(context, session.instance_key)


def _alive(context: Context, session: EditorSession) -> bool:
    if session.state == "starting":
        return True
    instance = context.driver.inspect(session.instance_key)
    return instance is not None and instance.state is InstanceState.RUNNING


def _gone(context: Context, session: EditorSession) -> bool:
    found = context.editing.find(session.account_id, session.kind, session.site_id)
    return found is None or found.id != session.id


def _tell(context: Context, site: Site) -> None:
    context.tell(site.owner_id, "preview", site.name)
    context.tell(site.owner_id, "site", site.name)
