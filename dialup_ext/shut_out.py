"""Ends what belongs to accounts that may no longer be here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialup_ext.actions.lab import stop_lab
from dialup_ext.actions.preview import stop_preview

if TYPE_CHECKING:
    from dialup_ext.hub import Hub


def shut_out_disabled(hub: Hub) -> None:
    """Stop labs and previews of accounts that were disabled or removed; the edge refuses them already. Idempotent."""
    for session in hub.context.editing.list():
        account = hub.identity.find_account(session.account_id)
        if account is not None and account.is_active:
            continue
        if session.kind == "lab":
            stop_lab(hub.context, session.account_id, session.account)
            hub.doors.close_lab(session.account)
        elif session.site_id:
            stop_preview(hub.context, hub.context.sites.get(session.site_id))
