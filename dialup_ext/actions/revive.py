"""Bring back sites whose program ended: at once at first, later and later after that, and not for ever.

What is counted is kept in memory: a hub that starts anew gives every site its tries again. That a site was
halted is in its row and survives everything but its owner's next start, restart or deployment.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from dialup_ext.actions.context import Context, Setback
from dialup_ext.actions.deployment_log import say
from dialup_ext.actions.diagnosis import ENDED_BY_US, in_life, tail
from dialup_ext.actions.retire import site_key
from dialup_ext.actions.serve import lead_to_gate, serve_site, stands
from dialup_ext.domain.deployment import StepCancelled, StepFailed
from dialup_ext.domain.instance import Instance, InstanceState
from dialup_ext.domain.site import Site
from dialup_ext.errors import DialupError, NotFound

log = logging.getLogger("dialup")

SLOWEST = 60.0
"""Seconds between two tries to bring back a site, at the most: 1, 2, 4 … 60."""

ENDS = 10
WINDOW = 600.0
"""So many ends within so many seconds, and the site is not started any more. The nine pauses between take four of
the ten minutes: so it is programs that fall over within half a minute of each start, again and again, and not
those that do so a few times a day, which are brought back for as long as they like."""


def bring_back(context: Context, site: Site) -> None:
    """Set to work on a site that does not stand, unless its pause is not over. Returns at once; ask again any time."""
    setback = context.setbacks.get(site.id)
    if context.workers.closed.is_set() or (setback and setback.next_at > context.clock.monotonic()):
        return
    context.workers.background("start", _revive, context, site)


def forgive(context: Context, site: Site) -> None:
    """Forget the troubles of a site that stands, once the last of them is long over. Cheap."""
    setback = context.setbacks.get(site.id)
    if setback is not None and setback.next_at + WINDOW < context.clock.monotonic():
        del context.setbacks[site.id]
        context.sites.change(site.id, error_message=None)


def _revive(context: Context, site: Site) -> None:
    """Bring a site back; when it ended or does not come, say so at its address and wait longer next time."""
    with context.claim(f"serve-{site.id}") as mine:
        if not mine:
            return
        try:
            if not (_stands(context, site) or _has_ended_anew(context, site)):
                _serve(context, site)
        except (StepCancelled, NotFound):
            return  # the hub is stopping, or the site is gone
        except DialupError as error:
            _set_back(context, site, error.message)
            _show_failed(context, site)
    context.tell(site.owner_id, "site", site.name)


def _stands(context: Context, site: Site) -> bool:
    """True when somebody was quicker."""
    target = context.ingress.target(site.host(context.settings.domain))
    return stands(context.sites.get(site.id), target, _instance(context, site))


def _serve(context: Context, site: Site) -> None:
    try:
        serve_site(context, site.id)
    except StepFailed as error:
        instance = _instance(context, site)
        _set_back(context, site, error.failure.message, counts=True,
                  counted=_name(instance) if instance and instance.state is InstanceState.EXITED else "")
        _show_failed(context, site)
        return
    setback = context.setbacks.get(site.id)
    if setback is not None and not setback.ends:
        del context.setbacks[site.id]


def _has_ended_anew(context: Context, site: Site) -> bool:
    """True when its program ended and nobody has counted that yet: it is brought back after a pause."""
    fresh, instance = context.sites.get(site.id), _instance(context, site)
    if fresh.stopped or fresh.asleep or fresh.halted or instance is None or instance.state is InstanceState.RUNNING:
        return False
    before = context.setbacks.get(site.id)
    if before is not None and before.counted == _name(instance):
        return False
    by_itself = instance.exit_code is not None and (bool(instance.reason) or instance.exit_code not in ENDED_BY_US)
    _set_back(context, site, in_life(context, instance), counts=by_itself, counted=_name(instance))
    if not context.sites.get(site.id).halted:
        pause = context.setbacks[site.id].next_at - context.clock.monotonic()
        context.workers.later(max(0.0, pause), "start", _revive, context, site)
    return True


def _set_back(context: Context, site: Site, message: str, *, counts: bool = False, counted: str = "") -> None:
    """Note the trouble, and when the next try is due; with the tenth that `counts`, halt the site."""
    now = context.clock.monotonic()
    before = context.setbacks.get(site.id) or Setback(0, now)
    recent = before.next_at + WINDOW > now
    tries = 1 + (before.tries if recent else 0)
    ends = (*(end for end in before.ends if end > now - WINDOW), *([now] if counts else []))
    context.setbacks[site.id] = replace(before, tries=tries, next_at=now + min(SLOWEST, 2.0 ** (tries - 1)),
                                        ends=ends, counted=counted or before.counted)
    log.warning("%s is not up (try %d, %d ends): %s", site.name, tries, len(ends), message or "its program ended")
    if message:
        context.sites.change(site.id, error_message=message)
    if len(ends) >= ENDS:
        _halt(context, site, message)


def _halt(context: Context, site: Site, message: str) -> None:
    """Start it no more. The row first: killed after that, the next round finds out the rest by it."""
    why = f"Its program ended {ENDS} times within {WINDOW / 60:.0f} minutes, so it is not started any more."
    with context.lock("site", site.name):
        fresh = context.sites.get(site.id)
        if fresh.stopped or fresh.asleep or fresh.live_deployment_id != site.live_deployment_id:
            return
        key = site_key(site, site.live_deployment_id or "")
        say(context, site.live_deployment_id or "", "\n".join([why, message, "its last lines:", *tail(context, key, 20)]))
        context.sites.change(site.id, halted=f"{why} {message}".strip(), error_message=message or why)
        lead_to_gate(context, site, "failed")
        instance = context.driver.inspect(key)
        if instance is not None and instance.state is InstanceState.RUNNING:
            context.driver.stop(key)  # runs, and never answered; what ended keeps its log until it is started again
    context.setbacks.pop(site.id, None)
    log.warning("%s is halted: %s", site.name, message)


def _show_failed(context: Context, site: Site) -> None:
    with context.lock("site", site.name):
        if context.sites.get(site.id).live_deployment_id == site.live_deployment_id:
            lead_to_gate(context, site, "failed")


def _instance(context: Context, site: Site) -> Instance | None:
    return context.driver.inspect(site_key(site, site.live_deployment_id or ""))


def _name(instance: Instance) -> str:
    """Of this one start: a key is started again and again."""
    return f"{instance.key} {instance.started_at.isoformat()}"
