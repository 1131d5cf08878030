"""Deployments in the database: opening one, and the one way to move it."""

from __future__ import annotations

import builtins
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, case, delete, func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from dialup_ext.domain.deployment import MOVES, Deployment, Failure, Status, StepCancelled, advance
from dialup_ext.domain.release import Release
from dialup_ext.errors import Conflict, NotFound, TooMany
from dialup_ext.store.engine import Store, new_id
from dialup_ext.store.tables import deployments, releases, user_sites


@dataclass(frozen=True, slots=True)
class DeploymentRecords:
    """Every method is one transaction."""

    store: Store

    def open(self, release: Release, action: str, by: str, at: datetime, *, most: int) -> Deployment:
        """Queue a deployment of `release`.

        Raises `Conflict` (`deployment_running`) while the site has an unfinished one, `TooMany`
        (`queue_full`) when `most` are unfinished on the whole server or half of them are its owner's,
        `NotFound` when the site was removed or the release pruned a moment ago.
        """
        deployment_id = new_id()
        with self.store.begin() as connection:
            _check_there(connection, release)
            _check_room(connection, release, most)
            try:
                connection.execute(insert(deployments).values(
                    id=deployment_id, site_id=release.site_id, release_id=release.id, action=action,
                    deploy_status=Status.QUEUED.value, unfinished=release.site_id, created_at=at,
                    created_by=by, changed_at=at))
            except IntegrityError as error:  # site and release are there, so it is `unfinished`
                raise Conflict("This site is being deployed at this moment.", code="deployment_running",
                               hint="Wait for it to finish, or cancel it.") from error
            return _load(connection, deployment_id)

    def load(self, deployment_id: str, owner_id: str | None = None) -> Deployment:
        """The deployment; with `owner_id`, only if its site is theirs (R20)."""
        query = _query().where(deployments.c.id == deployment_id)
        if owner_id is not None:
            query = query.join(user_sites, user_sites.c.id == deployments.c.site_id).where(
                user_sites.c.user_id == owner_id)
        with self.store.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise _unknown()
        return _deployment(row)

    def of(self, ids: builtins.list[str]) -> dict[str, Deployment]:
        """Those of these ids that there are, by id."""
        with self.store.read() as connection:
            rows = connection.execute(_query().where(deployments.c.id.in_(ids)))
            return {row.id: _deployment(row) for row in rows}

    def live_numbers(self, site_ids: builtins.list[str]) -> dict[str, int]:
        """The number of each site's live release; sites without one are left out."""
        query = select(user_sites.c.id, releases.c.number).join(
            releases, releases.c.id == user_sites.c.live_release_id).where(user_sites.c.id.in_(site_ids))
        with self.store.read() as connection:
            return {row.id: row.number for row in connection.execute(query)}

    def live_before(self, ids: builtins.list[str]) -> dict[str, int]:
        """The number of the release that was live before each of these deployments, by the deployment's id.

        Left out are first ones, and those whose predecessor's record is gone. One query.
        """
        before = deployments.alias()
        place = func.row_number().over(partition_by=deployments.c.id, order_by=before.c.deployed_at.desc())
        ranked = (select(deployments.c.id, before.c.release_id, place.label("place"))
                  .join(before, (before.c.site_id == deployments.c.site_id) & (before.c.id != deployments.c.id)
                        & (before.c.deployed_at <= deployments.c.created_at))
                  .where(deployments.c.id.in_(ids)).subquery())
        query = (select(ranked.c.id, releases.c.number).join(releases, releases.c.id == ranked.c.release_id)
                 .where(ranked.c.place == 1))
        with self.store.read() as connection:
            return {row.id: row.number for row in connection.execute(query)}

    def list(self, site_id: str, limit: int = 50) -> list[Deployment]:
        """Newest first."""
        query = _query().where(deployments.c.site_id == site_id)
        with self.store.read() as connection:
            rows = connection.execute(query.order_by(deployments.c.created_at.desc()).limit(limit))
            return [_deployment(row) for row in rows]

    def newest(self, site_ids: builtins.list[str]) -> dict[str, Deployment]:
        """Each site's newest deployment."""
        latest = (select(deployments.c.site_id, func.max(deployments.c.created_at).label("at"))
                  .where(deployments.c.site_id.in_(site_ids)).group_by(deployments.c.site_id).subquery())
        query = _query().join(latest, (latest.c.site_id == deployments.c.site_id)
                              & (latest.c.at == deployments.c.created_at))
        with self.store.read() as connection:
            return {row.site_id: _deployment(row) for row in connection.execute(query)}

    def unfinished(self) -> builtins.list[Deployment]:
        """Everything there is still work for, oldest first: the queue, which survives restarts."""
        query = _query().where(deployments.c.unfinished.is_not(None)).order_by(deployments.c.created_at)
        with self.store.read() as connection:
            return [_deployment(row) for row in connection.execute(query)]

    def move(self, deployment_id: str, to: Status, at: datetime, *, failure: Failure | None = None,
             build_seconds: float | None = None) -> Deployment:
        """Advance it by the table of legal moves, with all that follows, in one transaction.

        Live: the site's live release and the former one's `superseded` change with it.
        Raises `StepCancelled` for switching when its end was asked for, `Conflict`
        (`illegal_move`) for what the table does not have; then nothing changes.
        """
        with self.store.begin() as connection:
            before, cancel_wanted = _locked(connection, deployment_id)
            after = advance(before, to, at=at, failure=failure)
            if to is Status.SWITCHING and cancel_wanted:
                raise StepCancelled
            values: dict[str, Any] = {
                "deploy_status": to.value, "changed_at": at,
                "unfinished": None if to.is_final else before.site_id,
                "failure": None if failure is None else asdict(failure),
            }
            if build_seconds is not None:
                values["build_duration_seconds"] = build_seconds
            if to is Status.LIVE:
                values["deployed_at"] = at
                _supersede(connection, before.site_id, at)
            connection.execute(update(deployments).where(deployments.c.id == deployment_id).values(**values))
            _follow(connection, after, at)
        return after

    def want_cancel(self, deployment_id: str) -> None:
        """Ask the worker to stop; it will: from now on the deployment cannot switch any more.

        Idempotent. Raises `Conflict` (`too_late`) once it switches or is over.
        """
        with self.store.begin() as connection:
            done = connection.execute(
                update(deployments)
                .where(deployments.c.id == deployment_id, deployments.c.deploy_status.in_(_CANCELLABLE))
                .values(cancel_wanted=True))
        if not done.rowcount:
            raise Conflict("This deployment can no longer be cancelled.", code="too_late",
                           hint="Roll back to the release before it instead.")

    def is_cancel_wanted(self, deployment_id: str) -> bool:
        with self.store.read() as connection:
            query = select(deployments.c.cancel_wanted).where(deployments.c.id == deployment_id)
            return bool(connection.execute(query).scalar())

    def take_up(self, deployment_id: str) -> Deployment:
        """Count one more attempt, durably, before it is made. Every call counts."""
        return self._count(deployment_id, 1)

    def put_down(self, deployment_id: str) -> Deployment:
        """The hub stops and says so: this attempt does not count, whoever goes on takes it up again."""
        return self._count(deployment_id, -1)

    def _count(self, deployment_id: str, by: int) -> Deployment:
        """What never left the queue has not been tried, and what is over is not counted any more."""
        with self.store.begin() as connection:
            connection.execute(
                update(deployments)
                .where(deployments.c.id == deployment_id, deployments.c.unfinished.is_not(None),
                       deployments.c.deploy_status != Status.QUEUED.value)
                .values(attempt=deployments.c.attempt + by))
            return _load(connection, deployment_id)

    def drop_old(self, keep: int) -> int:
        """Delete the history beyond each site's newest `keep`, some at a time; returns how many rows.

        Never what is unfinished or live, however old. Idempotent.
        """
        crowded = select(deployments.c.site_id).group_by(deployments.c.site_id).having(func.count() > keep)
        place = func.row_number().over(
            partition_by=deployments.c.site_id, order_by=deployments.c.created_at.desc())
        ranked = select(deployments, place.label("place")).where(
            deployments.c.site_id.in_(crowded)).subquery()
        old = select(ranked.c.id).where(
            ranked.c.place > keep, ranked.c.unfinished.is_(None),
            ranked.c.deploy_status != Status.LIVE.value).limit(_AT_A_TIME)
        with self.store.read() as connection:  # most rounds find nothing, and lock nothing
            doomed = list(connection.execute(old).scalars())
        if doomed:
            with self.store.begin() as connection:
                connection.execute(delete(deployments).where(deployments.c.id.in_(doomed)))
        return len(doomed)

    def owners(self) -> dict[str, str]:
        """The id of each deployment's account, by the deployment's id."""
        query = select(deployments.c.id, user_sites.c.user_id).join(user_sites, user_sites.c.id == deployments.c.site_id)
        with self.store.read() as connection:
            return {row.id: row.user_id for row in connection.execute(query)}

    def ids(self) -> set[str]:
        """All deployments there are."""
        with self.store.read() as connection:
            return set(connection.execute(select(deployments.c.id)).scalars())


_AT_A_TIME = 500
"""Rows one transaction deletes at most: others want to write as well."""

_CANCELLABLE = [status.value for status, moves in MOVES.items() if Status.CANCELLED in moves]


def _check_there(connection: Connection, release: Release) -> None:
    """The site's row stays locked to the end, so nothing is pruned or removed in between."""
    site = select(user_sites.c.id).where(user_sites.c.id == release.site_id).with_for_update()
    if connection.execute(site).first() is None:
        raise NotFound("The site was removed a moment ago.", code="site_not_found",
                       hint="Check your list of sites.")
    if connection.execute(select(releases.c.id).where(releases.c.id == release.id)).first() is None:
        raise NotFound(f"Release {release.number} is no longer kept.", code="release_not_found",
                       hint="Deploy the folder again; only what is missing is sent.")


def _check_room(connection: Connection, release: Release, most: int) -> None:
    """Nobody takes more than half of the queue, so there is always room for somebody else's."""
    owners = user_sites.alias()
    owner = select(owners.c.user_id).where(owners.c.id == release.site_id).scalar_subquery()
    own = func.coalesce(func.sum(case((user_sites.c.user_id == owner, 1), else_=0)), 0)
    everybody, theirs = connection.execute(
        select(func.count(), own).select_from(deployments.join(user_sites, user_sites.c.id == deployments.c.site_id))
        .where(deployments.c.unfinished.is_not(None))).one()
    share = max(1, most // 2)
    if everybody >= most:
        raise TooMany(f"{most} deployments are waiting already.", code="queue_full", hint="Try again in a minute.")
    if theirs >= share:
        raise TooMany(f"{share} of your deployments are waiting already.", code="queue_full",
                      hint="Wait for one of them, or cancel it.")


def _supersede(connection: Connection, site_id: str, at: datetime) -> None:
    connection.execute(
        update(deployments)
        .where(deployments.c.site_id == site_id, deployments.c.deploy_status == Status.LIVE.value)
        .values(deploy_status=Status.SUPERSEDED.value, changed_at=at))


def _follow(connection: Connection, deployment: Deployment, at: datetime) -> None:
    """What the site's own row says about the outcome."""
    values: dict[str, Any] = {}
    if deployment.status is Status.LIVE:
        kind = select(releases.c.kind).where(releases.c.id == deployment.release_id).scalar_subquery()
        values = {"live_release_id": deployment.release_id, "live_deployment_id": deployment.id,
                  "site_type": kind, "last_deployed": at, "error_message": None, "stopped": False,
                  "asleep": False, "halted": None}
    elif deployment.status is Status.FAILED and deployment.failure is not None:
        values = {"error_message": deployment.failure.message}
    if values:
        connection.execute(update(user_sites).where(user_sites.c.id == deployment.site_id).values(**values))


def _query() -> Select[Any]:
    return select(deployments, releases.c.number.label("release_number")).join(
        releases, releases.c.id == deployments.c.release_id)


def _load(connection: Connection, deployment_id: str) -> Deployment:
    return _deployment(connection.execute(_query().where(deployments.c.id == deployment_id)).one())


def _locked(connection: Connection, deployment_id: str) -> tuple[Deployment, bool]:
    """The deployment, which nobody else can move until the end, and whether its end is wanted.

    The site's row is locked first, as `open` does: two who lock in another order wait for ever.
    """
    of_it = select(deployments.c.site_id).where(deployments.c.id == deployment_id).scalar_subquery()
    connection.execute(select(user_sites.c.id).where(user_sites.c.id == of_it).with_for_update())
    query = _query().where(deployments.c.id == deployment_id).with_for_update(of=deployments)
    row = connection.execute(query).first()
    if row is None:
        raise _unknown()
    return _deployment(row), row.cancel_wanted


def _unknown() -> NotFound:
    return NotFound("There is no such deployment.", code="deployment_not_found",
                    hint="The site's page lists them.")


def _deployment(row: Row[Any]) -> Deployment:
    failure = row.failure and Failure(**{**row.failure, "log_tail": tuple(row.failure["log_tail"])})
    return Deployment(
        id=row.id, site_id=row.site_id, release_id=row.release_id, release_number=row.release_number,
        status=Status(row.deploy_status), action=row.action, created_at=row.created_at,
        changed_at=row.changed_at, created_by=row.created_by, attempt=row.attempt, failure=failure or None,
        live_at=row.deployed_at, build_duration_seconds=row.build_duration_seconds,
    )
