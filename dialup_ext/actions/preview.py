"""The development instance of a site: hot reload at `<site>-dev.<domain>`."""

from __future__ import annotations

import secrets
from datetime import timedelta

from dialup_ext.actions.admission import preview_admitted
from dialup_ext.actions.context import Context
from dialup_ext.actions.opening import bring_up, is_alive, take_down
from dialup_ext.actions.variables import with_variables
from dialup_ext.domain.editing import EditorSession
from dialup_ext.domain.site import Site

START_TIMEOUT = 300.0
"""Seconds: the first start of a Node preview installs its dependencies, 77 s for Astro on 0.3 of a core."""


def start_preview(context: Context, site: Site) -> None:
    """Start it if it is not there; returns at once, the state follows as news. Idempotent.

    Raises `TooMany` (`too_many_previews`), `Unavailable` (`server_full`, or nothing could be started).
    """
    with context.lock("preview", site.name):
        session = context.editing.find(site.owner_id, "preview", site.id)
        if is_alive(context, session):
            return
        context.prepare_ingress()
        context.driver.check()
        if session:
            context.driver.stop(session.instance_key, grace=2.0)
        now = context.clock.now()
        with preview_admitted(context, site):
            session = context.editing.open(
                site.owner_id, "preview", site.id, key=f"preview-{site.name}-{secrets.token_hex(6)}", secret=None,
                at=now, expires_at=now + timedelta(seconds=context.settings.preview_idle))
        context.sites.change(site.id, last_edited=now)
        begin_preview(context, site, session)


def begin_preview(context: Context, site: Site, session: EditorSession) -> None:
    """Work on a row that says `starting`: from `start_preview`, and after a restart of the hub."""
    _tell(context, site)
    context.workers.background("start", _finish, context, site, session)


def stop_preview(context: Context, site: Site) -> None:
    """Stop it and lead its host nowhere. Idempotent."""
    take_down(context, site.owner_id, "preview", site.id, site.preview_host(context.settings.domain), site.name)
    _tell(context, site)


def _finish(context: Context, site: Site, session: EditorSession) -> None:
    with context.claim(session.id) as mine:
        if not mine:
            return
        workspace = context.workspaces(site.owner) / site.name
        bring_up(context, session, site.preview_host(context.settings.domain),
                 lambda: with_variables(context, site, context.specs.preview(
                     site, session.instance_key, workspace, _builder(context, site))),
                 path="/", timeout=START_TIMEOUT, any_answer=True)
    _tell(context, site)


def _builder(context: Context, site: Site) -> str:
    """What its newest release is built with: a Vite project needs Vite to be looked at."""
    newest = next(iter(context.releases.list(site.id)), None)
    return newest.builder if newest else ""


def _tell(context: Context, site: Site) -> None:
    context.tell(site.owner_id, "preview", site.name)
    context.tell(site.owner_id, "site", site.name)
