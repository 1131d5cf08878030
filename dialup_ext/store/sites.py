"""Sites in the database."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, case, delete, exists, func, insert, not_, or_, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from dialup_ext.domain.account import Account, Quota
from dialup_ext.domain.site import Kind, Site, SiteStatus
from dialup_ext.errors import Conflict, NotFound, TooMany
from dialup_ext.store.accounts import quota_of
from dialup_ext.store.engine import Store, new_id
from dialup_ext.store.tables import deployments, editor_sessions, releases, retired_names, user_sites, users

QUARANTINE = timedelta(days=90)
"""How long a removed name stays with the account that had it (R18)."""


@dataclass(frozen=True, slots=True)
class SiteRecords:
    """Every method is one transaction."""

    store: Store

    def create(self, owner: Account, name: str, kind: Kind, template: str | None, at: datetime) -> Site:
        """Insert a site. Raises `Conflict` (`name_taken`) or `TooMany` (`too_many_sites`)."""
        site_id = new_id()
        with self.store.begin() as connection:
            _lock(connection, owner)
            _check_name_free(connection, name, owner.id, at)
            _check_room(connection, owner)
            try:
                connection.execute(
                    insert(user_sites).values(id=site_id, user_id=owner.id, name=name, template=template,
                                              site_type=kind.value, created_at=at))
            except IntegrityError as error:
                raise _taken(name) from error
            connection.execute(delete(retired_names).where(retired_names.c.name == name))
            return _site(connection.execute(_query().where(user_sites.c.id == site_id)).one())

    def is_name_free(self, name: str, account_id: str, at: datetime) -> bool:
        """True when `create` would take the name now."""
        with self.store.read() as connection:
            try:
                _check_name_free(connection, name, account_id, at)
            except Conflict:
                return False
        return True

    def get(self, site_id: str) -> Site:
        """The site of that id and never of that name: what our own code asks. Raises `NotFound`."""
        with self.store.read() as connection:
            row = connection.execute(_query().where(user_sites.c.id == site_id)).first()
        if row is None:
            raise NotFound("There is no such site; it was removed.", code="site_not_found",
                           hint="Check your list of sites.")
        return _site(row)

    def load(self, ref: str, owner_id: str | None) -> Site:
        """The site of that name, or else of that id, as a person may write it.

        With `owner_id`, only if it is theirs (R20).
        """
        query = _query().where(or_(user_sites.c.name == ref, user_sites.c.id == ref))
        query = query.order_by(case((user_sites.c.name == ref, 0), else_=1))
        if owner_id is not None:
            query = query.where(user_sites.c.user_id == owner_id)
        with self.store.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound(f"You have no site “{ref[:60]}”.", code="site_not_found",
                           hint="Check the name in your list of sites.")
        return _site(row)

    def list(self, owner_id: str | None = None) -> list[Site]:
        """An account's sites, or everybody's, by name."""
        query = _query().order_by(user_sites.c.name)
        if owner_id is not None:
            query = query.where(user_sites.c.user_id == owner_id)
        with self.store.read() as connection:
            return [_site(row) for row in connection.execute(query)]

    def with_sleep(self) -> builtins.list[Site]:
        """Sites that are awake and whose owners want them to sleep when nobody comes."""
        query = _query().where(user_sites.c.sleep_after.is_not(None), user_sites.c.live_deployment_id.is_not(None),
                               not_(user_sites.c.asleep), not_(user_sites.c.stopped), user_sites.c.halted.is_(None))
        with self.store.read() as connection:
            return [_site(row) for row in connection.execute(query)]

    def owners(self) -> builtins.list[str]:
        """The ids of all accounts, those without a site too: everybody's files are to be looked after."""
        with self.store.read() as connection:
            return [row.id for row in connection.execute(select(users.c.id))]

    def quota(self, owner_id: str) -> Quota:
        """What the account may use, as the row says now. Raises `NotFound`."""
        with self.store.read() as connection:
            row = connection.execute(select(users).where(users.c.id == owner_id)).first()
        if row is None:
            raise NotFound("This account was removed.", code="account_not_found")
        return quota_of(row)

    def change(self, site_id: str, **values: Any) -> None:
        """Set columns (`stopped`, `site_type`, `last_edited`, `storage_used_bytes`, …)."""
        with self.store.begin() as connection:
            connection.execute(update(user_sites).where(user_sites.c.id == site_id).values(**values))

    def remove(self, site: Site, at: datetime) -> None:
        """Delete the row and what hangs on it, and put the name into quarantine. Idempotent."""
        with self.store.begin() as connection:
            connection.execute(delete(retired_names).where(retired_names.c.name == site.name))
            connection.execute(insert(retired_names).values(name=site.name, user_id=site.owner_id,
                                                            retired_at=at))
            connection.execute(delete(user_sites).where(user_sites.c.id == site.id))

    def is_retired(self, name: str) -> bool:
        """True for the name of a site that was removed (410 instead of 404)."""
        with self.store.read() as connection:
            found = connection.execute(select(retired_names.c.name).where(retired_names.c.name == name))
            return found.first() is not None


def _query() -> Select[Any]:
    unfinished = exists().where(deployments.c.unfinished == user_sites.c.id)
    previewed = exists().where(editor_sessions.c.site_id == user_sites.c.id,
                               editor_sessions.c.state.in_(("starting", "running")))
    newest = (
        select(deployments.c.deploy_status).where(deployments.c.site_id == user_sites.c.id)
        .order_by(deployments.c.created_at.desc()).limit(1).correlate(user_sites).scalar_subquery()
    )
    status = case(
        (unfinished, SiteStatus.BUILDING.value),
        (user_sites.c.stopped, SiteStatus.STOPPED.value),
        (user_sites.c.halted.is_not(None), SiteStatus.FAILED.value),
        (previewed, SiteStatus.EDITING.value),
        (user_sites.c.asleep, SiteStatus.SLEEPING.value),
        (user_sites.c.live_release_id.is_not(None), SiteStatus.ACTIVE.value),
        (newest == "failed", SiteStatus.FAILED.value),
        else_=SiteStatus.NEW.value,
    )
    return (select(user_sites, users.c.name.label("owner"), status.label("status"), releases.c.runs)
            .join(users, users.c.id == user_sites.c.user_id)
            .join(releases, releases.c.id == user_sites.c.live_release_id, isouter=True))


def _site(row: Row[Any]) -> Site:
    return Site(
        id=row.id, name=row.name, owner_id=row.user_id, owner=row.owner, kind=Kind(row.site_type),
        status=SiteStatus(row.status), created_at=row.created_at, template=row.template,
        live_release_id=row.live_release_id, live_deployment_id=row.live_deployment_id,
        last_deployed=row.last_deployed, last_edited=row.last_edited, error_message=row.error_message,
        storage_bytes=row.storage_used_bytes, stopped=row.stopped, runs=bool(row.runs),
        sleep_after=row.sleep_after, asleep=row.asleep, halted=row.halted, volume=row.volume,
    )


def _check_name_free(connection: Connection, name: str, account_id: str, at: datetime) -> None:
    taken = connection.execute(select(user_sites.c.id).where(user_sites.c.name == name)).first()
    person = connection.execute(select(users.c.id).where(users.c.name == name)).first()
    resting = connection.execute(
        select(retired_names.c.name).where(retired_names.c.name == name, retired_names.c.user_id != account_id,
                                           retired_names.c.retired_at > at - QUARANTINE)).first()
    if taken or person or resting:
        raise _taken(name)


def _lock(connection: Connection, owner: Account) -> None:
    """Nobody else creates a site of this account until the end, so a count of them holds."""
    connection.execute(select(users.c.id).where(users.c.id == owner.id).with_for_update())


def _check_room(connection: Connection, owner: Account) -> None:
    used = connection.execute(
        select(func.count()).select_from(user_sites).where(user_sites.c.user_id == owner.id)).scalar_one()
    if used >= owner.quota.max_sites:
        raise TooMany(f"You have {used} of {owner.quota.max_sites} sites.", code="too_many_sites",
                      hint="Remove a site you do not use, or ask your admin for more.")


def _taken(name: str) -> Conflict:
    return Conflict(f"The name “{name}” is taken.", code="name_taken", hint="Choose another one.")
