"""An account's own JupyterLab: started on demand, adopted after a restart."""

from __future__ import annotations

import secrets

from dialup_ext.actions.admission import check_server
from dialup_ext.actions.context import Context
from dialup_ext.actions.opening import bring_up, is_alive, take_down
from dialup_ext.domain.account import Account
from dialup_ext.domain.editing import EditorSession
from dialup_ext.domain.instance import InstanceSpec
from dialup_ext.errors import Forbidden


def start_lab(context: Context, account: Account) -> None:
    """Start it if it is not there; returns at once, the state follows as news. Idempotent.

    Raises `Forbidden` when the account may not use the editor, `Unavailable` (`server_full`) when this machine
    has no room for what a lab takes at first, a quarter of what it may.
    """
    if not account.can_use_editor:
        raise Forbidden("Your account may not use the editor.", code="may_not_use_editor",
                        hint="Ask your admin to allow it.")
    with context.lock("lab", account.name):
        session = context.editing.find(account.id, "lab")
        if is_alive(context, session):
            return
        context.driver.check()
        context.prepare_disk(account)
        if session:
            context.driver.stop(session.instance_key, grace=2.0)
        check_server(context, context.settings.lab_memory_mb // 4)
        session = context.editing.open(
            account.id, "lab", None, key=f"lab-{account.name}-{secrets.token_hex(6)}",
            secret=secrets.token_urlsafe(32), at=context.clock.now())
        begin_lab(context, account, session)


def begin_lab(context: Context, account: Account, session: EditorSession) -> None:
    """Work on a row that says `starting`: from `start_lab`, and after a restart of the hub."""
    context.tell(account.id, "lab", account.name)
    context.workers.background("start", _finish, context, account, session)


def stop_lab(context: Context, account_id: str, account_name: str) -> None:
    """Stop it and lead its host nowhere. Idempotent. Kernels in it end."""
    take_down(context, account_id, "lab", None, context.settings.lab_host(account_name), account_name)
    context.tell(account_id, "lab", account_name)


def _finish(context: Context, account: Account, session: EditorSession) -> None:
    with context.claim(session.id) as mine:
        if not mine:
            return
        bring_up(context, session, context.settings.lab_host(account.name),
                 lambda: _prepare(context, account, session),
                 path="/api", timeout=context.settings.lab_start_timeout, any_answer=False)
    context.tell(account.id, "lab", account.name)


def _prepare(context: Context, account: Account, session: EditorSession) -> InstanceSpec:
    """Its home, its door to the hub, its specification."""
    home = context.workspaces(account.name)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    context.open_lab_door(account.name)
    assert session.secret is not None
    return context.specs.lab(account, session.instance_key, session.secret, home)
