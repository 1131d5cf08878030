"""A site's variables and secrets, as its owner asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialup_ext.actions.variables import needs_restart, put_variable, remove_variable
from dialup_ext.domain.access import Principal
from dialup_ext.domain.variables import Variable
from dialup_ext.domain.views import VariablesView, VariableView

if TYPE_CHECKING:
    from dialup_ext.hub import Hub


class Variables:
    """The hub's verbs for them. A secret's value comes in here and never goes out."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._context = hub.context

    def list(self, me: Principal, ref: str) -> VariablesView:
        """By name. Values of plain ones only for who may change them; secrets' for nobody."""
        site = self._hub.load_site(me, ref)
        found = self._context.variables.list(site.id)
        return VariablesView(tuple(_view(me, one) for one in found), needs_restart(self._context, site))

    def put(self, me: Principal, ref: str, name: str, value: str, *, secret: bool) -> VariableView:
        """Set one; what runs learns of it at its next start. Idempotent."""
        self._hub.check_may_change()
        return _view(me, put_variable(self._context, self._hub.load_site(me, ref), name, value, secret=secret))

    def remove(self, me: Principal, ref: str, name: str) -> None:
        """Forget one. Raises `NotFound` when there is none."""
        self._hub.check_may_change()
        remove_variable(self._context, self._hub.load_site(me, ref), name)


def _view(me: Principal, one: Variable) -> VariableView:
    shows = me.has("sites:write") and not one.secret
    return VariableView(one.name, one.value if shows else None, one.secret, one.changed_at)
