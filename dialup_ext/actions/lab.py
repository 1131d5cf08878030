"""An account's own JupyterLab: started on demand, adopted after a restart."""

from __future__ import annotations

import secrets

from dialup_ext.actions.context import Context
from dialup_ext.actions.health import wait_until_healthy
from dialup_ext.domain.account import Account
from dialup_ext.domain.deployment import StepCancelled, StepFailed
from dialup_ext.domain.editing import EditorSession
from dialup_ext.domain.instance import InstanceState
from dialup_ext.domain.ports import Target
from dialup_ext.errors import DialupError, Forbidden


def start_lab(context: Context, account: Account) -> None:
    """Start it if it is not there; returns at once, the state follows as news. Idempotent.

    Raises `Forbidden` when the account may not use the editor.
    """
    if not account.can_use_editor:
        raise Forbidden("Your account may not use the editor.", code="may_not_use_editor",
                        hint="Ask your admin to allow it.")
    with context.lock(f"lab-{account.name}"):
        session = context.editing.find(account.id, "lab")
        if session and session.state != "failed" and _alive(context, session):
            return
        context.driver.check()
        if session:
            context.driver.stop(session.instance_key, grace=2.0)
        session = context.editing.open(
            account.id, "lab", None, key=f"lab-{account.name}-{secrets.token_hex(6)}",
            secret=secrets.token_urlsafe(32), at=context.clock.now())
    context.tell(account.id, "lab", account.name)
    context.workers.background("driver", finish_starting_lab, context, account, session)


def finish_starting_lab(context: Context, account: Account, session: EditorSession) -> None:
    """Open its door to the hub, start it, wait until it answers, lead its host to it. Idempotent."""
    try:
        home = context.workspaces(account.name)
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        context.open_lab_door(account.name)
        assert session.secret is not None
        spec = context.specs.lab(account, session.instance_key, session.secret, home)
        instance = context.driver.start(spec)
        host = context.settings.lab_host(account.name)
        wait_until_healthy(context, instance, host, step="start", path="/api",
                           timeout=context.settings.lab_start_timeout)
        port = (instance.address or "").rpartition(":")[2]
        if context.editing.change(session.id, state="running", message=None):
            context.ingress.point(host, Target(f"{session.id}-{port}", upstream=instance.address))
        else:  # stopped while it was starting
            context.driver.stop(session.instance_key)
    except StepCancelled:
        return
    except StepFailed as error:
        context.editing.change(session.id, state="failed", message=error.failure.message)
    except DialupError as error:
        context.editing.change(session.id, state="failed", message=f"{error.message} {error.hint}".strip())
    context.tell(account.id, "lab", account.name)


def stop_lab(context: Context, account_id: str, account_name: str) -> None:
    """Stop it and lead its host nowhere. Idempotent. Kernels in it end."""
    session = context.editing.find(account_id, "lab")
    if session is None:
        return
    context.editing.close(session.id)
    context.ingress.remove(context.settings.lab_host(account_name))
    context.driver.stop(session.instance_key, grace=5.0)
    context.tell(account_id, "lab", account_name)


def _alive(context: Context, session: EditorSession) -> bool:
    if session.state == "starting":
        return True
    instance = context.driver.inspect(session.instance_key)
    return instance is not None and instance.state is InstanceState.RUNNING
