"""Variables of sites in the database: every value sealed, secret or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Row, delete, insert, select, update

from dialup_ext.domain.variables import Variable
from dialup_ext.store.engine import Store, new_id
from dialup_ext.store.tables import env_vars


class Sealing(Protocol):
    """Encrypts a text for one purpose and one alone."""

    def close(self, text: str, about: str) -> str: ...

    def open(self, sealed: str, about: str) -> str: ...


@dataclass(frozen=True, slots=True)
class VariableRecords:
    """Every method is one transaction. What cannot be unsealed is `Unavailable`, and stays as it is."""

    store: Store
    seal: Sealing

    def list(self, site_id: str) -> list[Variable]:
        """A site's variables, by name."""
        query = select(env_vars).where(env_vars.c.site_id == site_id).order_by(env_vars.c.name)
        with self.store.read() as connection:
            rows = connection.execute(query).all()
        return [self._variable(row) for row in rows]

    def put(self, site_id: str, name: str, value: str, *, secret: bool, at: datetime) -> Variable:
        """Set one, in place of what it was."""
        sealed = self.seal.close(value, _about(site_id, name, secret=secret))
        values = {"value": sealed, "secret": secret, "changed_at": at}
        with self.store.begin() as connection:
            done = connection.execute(update(env_vars).where(
                env_vars.c.site_id == site_id, env_vars.c.name == name).values(**values))
            if not done.rowcount:
                connection.execute(insert(env_vars).values(id=new_id(), site_id=site_id, name=name, **values))
        return Variable(name, value, secret, at)

    def remove(self, site_id: str, name: str) -> bool:
        """Forget one; False when there was none. Needs no key."""
        with self.store.begin() as connection:
            done = connection.execute(delete(env_vars).where(
                env_vars.c.site_id == site_id, env_vars.c.name == name))
            return bool(done.rowcount)

    def _variable(self, row: Row[Any]) -> Variable:
        about = _about(row.site_id, row.name, secret=row.secret)
        return Variable(row.name, self.seal.open(row.value, about), row.secret, row.changed_at)


def any_variables(store: Store) -> bool:
    """True once a site has one."""
    with store.read() as connection:
        return connection.execute(select(env_vars.c.id).limit(1)).first() is not None


def _about(site_id: str, name: str, *, secret: bool) -> str:
    """What a value is sealed for: swapped rows, and secrets called plain, cannot be read."""
    return f"{site_id}/{name}/{'secret' if secret else 'plain'}"
