"""What previews and labs have in common: starting one, leading its host to it, ending it.

The host leads to an address only while the row says that it runs: the row is written first when
it comes up, the link goes first when it ends. Both under one lock, so an address that was freed
is never somebody else's program under this host.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from datetime import timedelta

from dialup_ext.actions.context import Context
from dialup_ext.actions.health import wait_until_healthy
from dialup_ext.actions.retire import named
from dialup_ext.domain.deployment import StepCancelled, StepFailed
from dialup_ext.domain.editing import EditorSession
from dialup_ext.domain.instance import InstanceSpec, InstanceState
from dialup_ext.domain.ports import Target
from dialup_ext.errors import DialupError

log = logging.getLogger("dialup")


def bring_up(context: Context, session: EditorSession, host: str, spec: Callable[[], InstanceSpec], *,
             path: str, timeout: float, any_answer: bool) -> None:
    """Start the session's instance, wait until it answers, lead `host` to it; blocks. Idempotent.

    Whatever goes wrong ends in the session's row, with words for the person; nothing is raised.
    """
    try:
        wanted = spec()
        context.driver.prepare(wanted.runtime, lambda line: _note(context, session, line))
        instance = context.driver.start(wanted)
        wait_until_healthy(context, instance, host, step="start", timeout=timeout, path=path,
                           any_answer=any_answer, cancelled=lambda: not is_current(context, session))
        _open(context, session, host, instance.address or "")
    except StepCancelled:
        if not context.workers.closed.is_set():
            context.driver.stop(session.instance_key, grace=2.0)
    except StepFailed as error:
        _fail(context, session, error.failure.message)
    except DialupError as error:
        _fail(context, session, f"{error.message} {error.hint}".strip())
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("%s could not be started [%s]", session.instance_key, reference)
        _fail(context, session, f"Something went wrong on the server (reference {reference}).")


def take_down(context: Context, user_id: str, kind: str, site_id: str | None, host: str, name: str) -> None:
    """End it: the link, the instance, the row, in this order. Idempotent, also after a crash half-way."""
    with context.lock(kind, name):
        session = context.editing.find(user_id, kind, site_id)
        context.ingress.remove(host)
        if session is not None:
            context.driver.stop(session.instance_key, grace=3.0)
            context.editing.close(session.id)


def is_alive(context: Context, session: EditorSession | None) -> bool:
    """True while it starts or runs, so that nothing has to be started."""
    if session is None or session.state == "failed":
        return False
    if session.state == "starting":
        young = context.clock.now() - session.created_at < timedelta(seconds=10)
        return young or context.is_claimed(session.id)
    instance = context.driver.inspect(session.instance_key)
    return instance is not None and instance.state is InstanceState.RUNNING


def is_current(context: Context, session: EditorSession) -> bool:
    """False once it was stopped, or another one took its place."""
    found = context.editing.find(session.account_id, session.kind, session.site_id)
    return found is not None and found.id == session.id


def _open(context: Context, session: EditorSession, host: str, address: str) -> None:
    with context.lock(session.kind, session.site or session.account):
        if not context.editing.change(session.id, state="running", message=None):
            context.driver.stop(session.instance_key, grace=2.0)  # stopped while it was starting
            return
        context.ingress.point(host, Target(f"{session.id}-{named(address)}", upstream=address))


def _note(context: Context, session: EditorSession, line: str) -> None:
    """How far it is, for whoever waits for it."""
    context.editing.change(session.id, message=line)
    context.tell(session.account_id, session.kind, session.site or session.account)


def _fail(context: Context, session: EditorSession, message: str) -> None:
    context.editing.change(session.id, state="failed", message=message)
