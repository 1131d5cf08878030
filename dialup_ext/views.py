"""Puts together what people are shown, from the database, the driver and the machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dialup_ext import __version__
from dialup_ext.actions.diagnosis import tail
from dialup_ext.actions.retire import site_key
from dialup_ext.domain.account import Account
from dialup_ext.domain.deployment import Deployment
from dialup_ext.domain.disk import WARNING, Disk
from dialup_ext.domain.editing import EditorSession
from dialup_ext.domain.instance import Instance
from dialup_ext.domain.site import Site
from dialup_ext.domain.views import (
    DeploymentView,
    Health,
    LabView,
    Overview,
    PreviewView,
    QuotaView,
    ReleaseRef,
    SiteView,
    UsageView,
)
from dialup_ext.errors import DialupError, Unavailable
from dialup_ext.monitor.machine import cpu_share, memory_mib, own_memory_mib

if TYPE_CHECKING:
    from dialup_ext.hub import Hub

MIB = 1 << 20
CHECKS = ("database", "driver", "ingress", "storage", "memory")


class Views:
    """Reads only. Of each running thing that is shown, it looks once into the kernel's files."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.context = hub.context
        self.settings = hub.context.settings

    # -- sites and deployments --------------------------------------------------------------------
    def sites(self, sites: list[Site]) -> list[SiteView]:
        """A handful of queries, however many sites."""
        ids = [site.id for site in sites]
        newest = self.context.deployments.newest(ids)
        live = self.context.deployments.of([site.live_deployment_id for site in sites if site.live_deployment_id])
        previews = self.context.editing.previews(ids)
        came_from = self._came_from(newest.values())
        return [self._site(site, newest.get(site.id), live.get(site.live_deployment_id or ""),
                           previews.get(site.id), came_from) for site in sites]

    def site(self, site: Site) -> SiteView:
        return self.sites([site])[0]

    def deployments(self, deployments: list[Deployment], site_name: str) -> list[DeploymentView]:
        """All of one site; one query more when some failed, and one when some were rollbacks."""
        failed = {found.site_id for found in deployments if found.failure is not None}
        numbers = self.context.deployments.live_numbers(list(failed)) if failed else {}
        came_from = self._came_from(deployments)
        return [self._deployment(found, site_name, numbers.get(found.site_id), came_from) for found in deployments]

    def deployment(self, deployment: Deployment, site_name: str) -> DeploymentView:
        return self.deployments([deployment], site_name)[0]

    def live_key(self, site: Site) -> str:
        """The key of the instance that serves the site, whether it has one or not."""
        return site_key(site, site.live_deployment_id or "")

    def _came_from(self, deployments: Iterable[Deployment]) -> dict[str, int]:
        rollbacks = [found.id for found in deployments if found.action == "rollback"]
        return self.context.deployments.live_before(rollbacks) if rollbacks else {}

    def _site(self, site: Site, newest: Deployment | None, live: Deployment | None,
              preview: EditorSession | None, came_from: Mapping[str, int]) -> SiteView:
        number = live.release_number if live else None
        return SiteView(
            id=site.id, name=site.name, owner=site.owner, kind=site.kind.value, status=site.status.value,
            address=self.settings.origin(site.host(self.settings.domain)) + "/",
            preview_address=self.settings.origin(site.preview_host(self.settings.domain)) + "/",
            template=site.template, live_release=_ref(live) if live else None,
            last_deployed=site.last_deployed, last_deployed_by=live.created_by if live else None,
            created_at=site.created_at, last_edited=site.last_edited, error_message=site.error_message,
            storage_bytes=site.storage_bytes, memory_mb=self.memory_of(self.live_key(site)) if live else None,
            runs=site.runs, sleep_after=site.sleep_after, halted=site.halted, volume=site.volume,
            deployment=self._deployment(newest, site.name, number, came_from) if newest else None,
            preview=self._preview(site, preview))

    def _deployment(self, deployment: Deployment, site_name: str, live_number: int | None,
                    came_from: Mapping[str, int]) -> DeploymentView:
        """`live_number` is the release that is live now: what a failed deployment left in place."""
        end = deployment.changed_at if deployment.status.is_final else self.context.clock.now()
        end = deployment.live_at or end
        return DeploymentView(
            id=deployment.id, site=site_name, release=_ref(deployment), status=deployment.status.value,
            step=deployment.step, action=deployment.action, created_at=deployment.created_at,
            changed_at=deployment.changed_at, created_by=deployment.created_by,
            duration_seconds=round((end - deployment.created_at).total_seconds(), 3),
            live_at=deployment.live_at, failure=deployment.failure,
            still_live=live_number if deployment.failure is not None else None,
            came_from=came_from.get(deployment.id))

    # -- previews and labs --------------------------------------------------------------------------
    def preview(self, site: Site, *, with_upstream: bool = False) -> PreviewView:
        return self._preview(site, self.context.editing.previews([site.id]).get(site.id), with_upstream)

    def _preview(self, site: Site, session: EditorSession | None, with_upstream: bool = False) -> PreviewView:
        url = self.settings.origin(site.preview_host(self.settings.domain)) + "/"
        if session is None:
            return PreviewView(site.name, "stopped", url)
        failed = session.state == "failed"
        instance = self.context.driver.inspect(session.instance_key) if with_upstream else None
        return PreviewView(
            site.name, session.state, url, session.message,
            tail(self.context, session.instance_key) if failed else (),
            instance.address if instance and session.state == "running" else None)

    def lab(self, account: Account) -> LabView:
        session = self.context.editing.find(account.id, "lab")
        url = self.settings.origin(self.settings.lab_host(account.name)) + "/lab"
        if session is None:
            return LabView(account.name, "stopped", url)
        if session.state == "running":
            return LabView(account.name, "running", url, progress=100)
        if session.state == "failed":
            return LabView(account.name, "failed", url, session.message,
                           log_tail=tail(self.context, session.instance_key))
        waited = (self.context.clock.now() - session.created_at).total_seconds()
        progress = min(95, int(100 * waited / (waited + 3)))  # 3 s is a usual start: half-way then
        return LabView(account.name, "starting", url, session.message or "JupyterLab is starting.", progress)

    # -- figures ------------------------------------------------------------------------------------
    def memory_of(self, key: str) -> float | None:
        """MiB an instance uses now; None when it does not run, or nobody can say: a list is shown all the same."""
        try:
            usage = self.context.driver.usage(key)
        except Unavailable:
            return None
        return None if usage is None else round(usage.memory_bytes / MIB, 1)

    def quota(self, account: Account) -> QuotaView:
        return self.hub.quotas.view(account)

    def usage(self, account: Account) -> UsageView:
        sites = tuple(
            {"name": view.name, "status": view.status, "kind": view.kind, "address": view.address,
             "live_release": view.live_release and view.live_release.number,
             "memory_mb": view.memory_mb, "storage_mb": round(view.storage_bytes / MIB, 2)}
            for view in self.sites(self.context.sites.list(account.id)))
        session = self.context.editing.find(account.id, "lab")
        return UsageView(sites=sites, quota=self.quota(account), at=self.context.clock.now(),
                         lab_memory_mb=self.memory_of(session.instance_key) if session else None)

    def overview(self) -> Overview:
        instances = tuple(self._instance(instance) for instance in self._running())
        disk = Disk.of(self.settings.home)
        return Overview(
            health=self.health(), driver=self.context.driver.name, version=__version__,
            accounts=tuple(self._account(account) for account in self.hub.identity.accounts()),
            sites=tuple(self.sites(self.context.sites.list())), instances=instances,
            disk={"total": disk.total / MIB, "free": disk.free / MIB,
                  "inodes": disk.inodes, "inodes_free": disk.inodes_free},
            memory={**memory_mib(), "hub_mb": own_memory_mib()}, cpu=cpu_share(),
            at=self.context.clock.now())

    def health(self, only: Iterable[str] = ()) -> Health:
        wanted = [name for name in CHECKS if not only or name in set(only)]
        checks = {name: self._check(name) for name in wanted}
        if self.hub.adopting and not only:
            checks["database"] = ("This database does not know the files in this home; nothing is removed "
                                  "until it does. Restore the right backup.")
        fine = all(verdict == "ok" for verdict in checks.values())
        return Health("ok" if fine else "degraded", checks)

    def _check(self, name: str) -> str:
        try:
            return getattr(self, f"_check_{name}")() or "ok"
        except DialupError as error:
            return error.message

    def _check_database(self) -> None:
        self.hub.store.ping()

    def _check_driver(self) -> None:
        self.context.driver.check()

    def _check_ingress(self) -> str | None:
        return None if self.hub.caddy.running() else "Caddy is not running."

    def _check_storage(self) -> str | None:
        return Disk.of(self.settings.home).complaint(self.settings.min_free_mb, times=WARNING)

    def _check_memory(self) -> str | None:
        available = memory_mib()["available"]
        return None if available >= 256 else f"Only {available:,.0f} MiB of memory are left."

    def _running(self) -> list[Instance]:
        """Everything of ours; nothing while the driver does not answer, which `health` says beside it."""
        try:
            return self.context.driver.list()
        except Unavailable:
            return []

    def _instance(self, instance: Any) -> dict[str, Any]:
        return {"key": instance.key, "kind": instance.kind.value, "account": instance.account,
                "site": instance.site, "state": instance.state.value, "started_at": instance.started_at,
                "memory_mb": self.memory_of(instance.key)}

    def _account(self, account: Account) -> dict[str, Any]:
        return {"id": account.id, "name": account.name, "email": account.email, "role": account.role.value,
                "is_active": account.is_active, "created_at": account.created_at,
                "lab": self.lab(account).state, "quota": self.quota(account)}


def _ref(deployment: Deployment) -> ReleaseRef:
    return ReleaseRef(deployment.release_id, deployment.release_number)

