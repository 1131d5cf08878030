"""Deployments in the database: opening one, and the one way to move it."""

from __future__ import annotations

import builtins
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from dialup_ext.domain.deployment import Deployment, Failure, Status, advance
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

        Raises `Conflict` (`deployment_running`) while the site has an unfinished one, and
        `TooMany` (`queue_full`) when `most` are unfinished on the whole server.
        """
        deployment_id = new_id()
        with self.store.begin() as connection:
            waiting = connection.execute(
                select(func.count()).select_from(deployments).where(deployments.c.unfinished.is_not(None)))
            if waiting.scalar_one() >= most:
                raise TooMany(f"{most} deployments are waiting already.", code="queue_full",
                              hint="Try again in a minute.")
            try:
                connection.execute(insert(deployments).values(
                    id=deployment_id, site_id=release.site_id, release_id=release.id, action=action,
                    deploy_status=Status.QUEUED.value, unfinished=release.site_id, created_at=at,
                    created_by=by, changed_at=at))
            except IntegrityError as error:
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
            raise NotFound("There is no such deployment.", code="deployment_not_found",
                           hint="The site's page lists them.")
        return _deployment(row)

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
        Raises `Conflict` (`illegal_move`) and changes nothing otherwise.
        """
        with self.store.begin() as connection:
            before = _load(connection, deployment_id)
            after = advance(before, to, at=at, failure=failure)
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
        """Ask the worker to stop; it looks between and during steps."""
        with self.store.begin() as connection:
            connection.execute(update(deployments).where(deployments.c.id == deployment_id)
                               .values(cancel_wanted=True))

    def is_cancel_wanted(self, deployment_id: str) -> bool:
        with self.store.read() as connection:
            query = select(deployments.c.cancel_wanted).where(deployments.c.id == deployment_id)
            return bool(connection.execute(query).scalar())


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
                  "site_type": kind, "last_deployed": at, "error_message": None, "stopped": False}
    elif deployment.status is Status.FAILED and deployment.failure is not None:
        values = {"error_message": deployment.failure.message}
    if values:
        connection.execute(update(user_sites).where(user_sites.c.id == deployment.site_id).values(**values))


def _query() -> Select[Any]:
    return select(deployments, releases.c.number.label("release_number")).join(
        releases, releases.c.id == deployments.c.release_id)


def _load(connection: Connection, deployment_id: str) -> Deployment:
    return _deployment(connection.execute(_query().where(deployments.c.id == deployment_id)).one())


def _deployment(row: Row[Any]) -> Deployment:
    failure = row.failure and Failure(**{**row.failure, "log_tail": tuple(row.failure["log_tail"])})
    return Deployment(
        id=row.id, site_id=row.site_id, release_id=row.release_id, release_number=row.release_number,
        status=Status(row.deploy_status), action=row.action, created_at=row.created_at,
        changed_at=row.changed_at, created_by=row.created_by, attempt=row.attempt, failure=failure or None,
        live_at=row.deployed_at, build_duration_seconds=row.build_duration_seconds,
    )
