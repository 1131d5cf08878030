"""Wake a site that sleeps: for a visitor who is held at the gate, or for its owner."""

from __future__ import annotations

import logging

from dialup_ext.actions.admission import admitted
from dialup_ext.actions.context import Context
from dialup_ext.actions.serve import lead_to_gate, serve_site
from dialup_ext.crashpoint import crashpoint
from dialup_ext.domain.deployment import StepCancelled, StepFailed
from dialup_ext.domain.site import Site
from dialup_ext.errors import DialupError, NotFound

log = logging.getLogger("dialup")

AGAIN = 10.0
"""Seconds after which a site that found no room is tried again."""


def wake_site(context: Context, site_id: str) -> Site:
    """Start its instance, wait until it answers, lead its address there. Blocks; idempotent when it is awake.

    The row says first that it is awake: killed after that, the next round starts it. Raises what `admitted`
    raises, and it sleeps on; `StepFailed` when it does not answer, and it counts as one that failed.
    """
    site = context.sites.get(site_id)
    with context.lock("site", site.name):
        site = context.sites.get(site_id)
        if not site.asleep:
            return site
        with admitted(context, site):
            context.sites.change(site_id, asleep=False)
        crashpoint("S3")
        context.visited[site_id] = context.clock.monotonic()
        try:
            serve_site(context, site_id)
        except (StepFailed, DialupError) as error:
            _note(context, site, error.failure.message if isinstance(error, StepFailed) else error.message)
            raise
        finally:
            context.visited[site_id] = context.clock.monotonic()  # who waited for it has not been inside yet
            context.open_gate(site_id)
    context.tell(site.owner_id, "site", site.name)
    return context.sites.get(site_id)


def wake_for_visitors(context: Context, site_id: str) -> None:
    """The same in a thread, once at a time, as often as it is asked for; what goes wrong ends in the row and the log."""
    if not context.is_claimed(f"wake-{site_id}"):
        context.workers.background("start", _wake, context, site_id)


def _wake(context: Context, site_id: str) -> None:
    with context.claim(f"wake-{site_id}") as mine:
        if not mine:
            return
        try:
            wake_site(context, site_id)
        except (StepCancelled, NotFound):
            pass  # the hub is stopping, or the site is gone
        except StepFailed as error:
            log.warning("a site could not be woken: %s", error.failure.message)
        except DialupError as error:
            context.no_room[site_id] = context.clock.monotonic() + AGAIN
            log.warning("a site could not be woken: %s", error.message)
        finally:
            context.open_gate(site_id)


def _note(context: Context, site: Site, message: str) -> None:
    context.sites.change(site.id, error_message=message)
    lead_to_gate(context, site, "failed")
