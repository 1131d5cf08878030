"""The hub: everything handlers and the operator's command line can ask for, by verb.

One object per process, thread-safe, synchronous; what would make it long stands beside it (`life`,
`variables`, `sharing`, `views`, `hosts`). Every method that takes a principal works on its account's
things only; other people's are `NotFound` (R20). Answers are views and values of `domain/`; verbs live
in `actions/`.
"""

from __future__ import annotations

import getpass
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import IO, TYPE_CHECKING, Any

from dialup_ext.actions import deploy, lab, preview, sites
from dialup_ext.actions.context import Context
from dialup_ext.actions.deployment_log import read_log
from dialup_ext.actions.diagnosis import tail
from dialup_ext.actions.reconcile import reconcile, resume
from dialup_ext.actions.site_log import LogFollower
from dialup_ext.actions.sleep import sleep_idle
from dialup_ext.actions.source import Source, source_of
from dialup_ext.actions.upload import begin_upload, finish_upload, receive_files
from dialup_ext.domain.access import Principal
from dialup_ext.domain.account import Account, Quota, Role
from dialup_ext.domain.deployment import Deployment
from dialup_ext.domain.manifest import Manifest
from dialup_ext.domain.names import check_name, suggest_name
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Kind, Site
from dialup_ext.domain.views import (
    DeploymentView,
    Health,
    LabView,
    Overview,
    PreviewView,
    QuotaView,
    SiteView,
    UsageView,
)
from dialup_ext.errors import BadInput, Conflict
from dialup_ext.hosts import Hosts
from dialup_ext.life import Life
from dialup_ext.quotas import Quotas
from dialup_ext.rounds import Rounds
from dialup_ext.sharing import Sharing
from dialup_ext.shut_out import shut_out_disabled
from dialup_ext.variables import Variables
from dialup_ext.views import Views

if TYPE_CHECKING:
    from dialup_ext.identity import Identity
    from dialup_ext.ingress.caddy import Caddy
    from dialup_ext.store.engine import Store
    from dialup_ext.store.idempotency import RememberedAnswers

ROUND = 5.0
"""Seconds between two rounds of `reconcile`; an instance that died is back after that."""

WATCH = 1.0
"""Seconds between two looks at Caddy, which must be back within two (G8), and at who has no visitors."""


class Hub:
    """The façade. `start` and `stop` bracket its life; in between any thread may call it."""

    def __init__(self, context: Context, *, store: Store, identity: Identity, caddy: Caddy,
                 doors: Any, answers: RememberedAnswers, templates: list[dict[str, Any]],
                 adopting: bool, lock: IO[str]) -> None:
        self.context = context
        self.settings = context.settings
        self.identity = identity
        self.answers = answers
        self.caddy = caddy
        self.templates = templates
        self.adopting = adopting
        self.store = store
        self.doors = doors
        self._lock = lock
        self.views = Views(self)
        self.hosts = Hosts(context, identity)
        self.life = Life(self)
        self.variables = Variables(self)
        self.sharing = Sharing(self)
        self.quotas = Quotas(self)
        self._rounds = Rounds(context.workers.closed)

    # -- life -----------------------------------------------------------------------------------
    def start(self) -> None:
        """Go on where the last hub stopped, then keep things in agreement.

        While the database does not know this home's files, only Caddy is looked after (R41).
        """
        if not self.adopting:
            self.quotas.prepare()
            resume(self.context, {account.id: account for account in self.identity.accounts()})
            self._rounds.go(ROUND, self._agree)
            self._rounds.go(WATCH, partial(sleep_idle, self.context))
            self._rounds.go(ROUND, self.quotas.agree)
        self._rounds.go(WATCH, self.caddy.ensure)

    def stop(self) -> None:
        """End background work. Instances go on; `stop_everything` ends those too. Idempotent."""
        self.context.workers.close()
        self._rounds.join(10)
        self.context.visits.rest()
        self.context.driver.close()
        self.store.close()
        self._lock.close()

    def stop_everything(self) -> None:
        """Stop all that runs, Caddy too: Ctrl-C of a trial. The next start brings the sites back."""
        try:
            threads = [threading.Thread(target=self.context.driver.stop, args=(instance.key, 3.0))
                       for instance in self.context.driver.list()]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:  # also when nobody answers who could stop them
            self.caddy.stop()
            self.quotas.put_away()

    def ensure_owner(self) -> Account:
        """The first admin: the person at this machine. Idempotent."""
        admins = [account for account in self.identity.accounts() if account.is_admin and account.is_active]
        if admins:
            return admins[0]
        name = suggest_name(getpass.getuser()) or "owner"
        quota = Quota(max_sites=100, max_memory_mb=4096, max_cpu_cores=4.0, max_storage_mb=20480)
        return self.identity.add_account("owner" if name.startswith("my-") else name, role=Role.ADMIN,
                                         quota=quota)

    def _agree(self) -> None:
        shut_out_disabled(self)
        reconcile(self.context)

    def check_may_change(self) -> None:
        """Raise `Conflict` (`adopting`) while the database does not know this home's files."""
        if self.adopting:
            raise Conflict("This server's database does not know the files it finds, so nothing can be changed.",
                           code="adopting", hint="Its admin has to restore the right backup first.")

    # -- sites ----------------------------------------------------------------------------------
    def sites(self, me: Principal) -> list[SiteView]:
        """Their own, by name; through a limited key only those it covers."""
        found = self.context.sites.list(me.account.id)
        return self.views.sites([site for site in found if me.sites is None or site.id in me.sites])

    def site(self, me: Principal, ref: str) -> SiteView:
        return self.views.site(self.load_site(me, ref))

    def load_site(self, me: Principal, ref: str) -> Site:
        """The one loader: joins the owner in SQL."""
        site = self.context.sites.load(ref, me.account.id)
        me.check_site(site.id)
        return site

    def check_name(self, me: Principal, name: str) -> dict[str, Any]:
        """Whether a site could have this name now; never raises for a bad one."""
        address = self.settings.origin(self.settings.site_host(name)) + "/"
        try:
            check_name(name)
        except BadInput as error:
            return {"name": name, "ok": False, "address": address, "message": error.message,
                    "hint": error.hint, "suggestion": suggest_name(name)}
        free = self.context.sites.is_name_free(name, me.account.id, self.context.clock.now())
        return {"name": name, "ok": free, "address": address, "suggestion": None,
                "message": "" if free else f"The name “{name}” is taken.",
                "hint": "" if free else "Choose another one."}

    def create_site(self, me: Principal, name: str, kind: str | None, template: str | None) -> SiteView:
        self.check_may_change()
        if template is not None:
            known = {entry["name"]: entry for entry in self.templates}
            if template not in known:
                raise BadInput(f"There is no template “{template[:40]}”.", code="template_not_found",
                               hint=f"There are: {', '.join(known)}.")
            kind = kind or known[template]["kind"]
        return self.views.site(sites.create_site(self.context, me.account, name, Kind(kind) if kind else None,
                                                 template))

    def remove_site(self, me: Principal, ref: str) -> None:
        self.check_may_change()
        sites.remove_site(self.context, self.load_site(me, ref))

    def site_log(self, me: Principal, ref: str, lines: int) -> list[str]:
        """The last lines the live instance printed; none for a static site."""
        site = self.load_site(me, ref)
        return list(tail(self.context, self.views.live_key(site), lines)) if site.live_deployment_id else []

    def follow_site_log(self, me: Principal, ref: str, lines: int) -> Callable[[], list[str]]:
        """A function that gives the lines since its last call; the last `lines` at first."""
        return LogFollower(self.context, self.load_site(me, ref), lines)

    # -- uploads and releases -------------------------------------------------------------------
    def begin_upload(self, me: Principal, ref: str, manifest: Manifest) -> dict[str, Any]:
        self.check_may_change()
        return begin_upload(self.context, me.account, self.load_site(me, ref), manifest)

    def receive_files(self, me: Principal, upload_id: str) -> Any:
        """A writer that takes the frames of this upload: `feed`, then `finish` or `abort`."""
        return receive_files(self.context, me.account, upload_id)

    def finish_upload(self, me: Principal, upload_id: str) -> Release:
        return finish_upload(self.context, me.account, upload_id)

    def releases(self, me: Principal, ref: str) -> list[Release]:
        return self.context.releases.list(self.load_site(me, ref).id)

    def source(self, me: Principal, ref: str) -> Source:
        return source_of(self.context, self.load_site(me, ref))

    # -- deployments ----------------------------------------------------------------------------
    def deploy(self, me: Principal, ref: str, release_id: str) -> DeploymentView:
        self.check_may_change()
        site = self.load_site(me, ref)
        release = self.context.releases.load(release_id, site.id)
        return self.views.deployment(
            deploy.request_deployment(self.context, site, release, me.account.name), site.name)

    def rollback(self, me: Principal, ref: str, release: str | int | None) -> DeploymentView:
        self.check_may_change()
        site = self.load_site(me, ref)
        return self.views.deployment(sites.rollback(self.context, site, me.account.name, release), site.name)

    def cancel(self, me: Principal, deployment_id: str) -> DeploymentView:
        return self._shown(deploy.cancel(self.context, self.load_deployment(me, deployment_id)))

    def deployments(self, me: Principal, ref: str) -> list[DeploymentView]:
        site = self.load_site(me, ref)
        return self.views.deployments(self.context.deployments.list(site.id), site.name)

    def deployment(self, me: Principal, deployment_id: str) -> DeploymentView:
        return self._shown(self.load_deployment(me, deployment_id))

    def load_deployment(self, me: Principal, deployment_id: str) -> Deployment:
        deployment = self.context.deployments.load(deployment_id, me.account.id)
        me.check_site(deployment.site_id)
        return deployment

    def deployment_log(self, me: Principal, deployment_id: str, start: int = 0) -> list[str]:
        return read_log(self.context, self.load_deployment(me, deployment_id).id, start)

    def _shown(self, deployment: Deployment) -> DeploymentView:
        site = self.context.sites.get(deployment.site_id)
        return self.views.deployment(deployment, site.name)

    # -- previews and labs ----------------------------------------------------------------------
    def preview(self, me: Principal, ref: str, *, with_upstream: bool = False) -> PreviewView:
        return self.views.preview(self.load_site(me, ref), with_upstream=with_upstream)

    def start_preview(self, me: Principal, ref: str) -> PreviewView:
        self.check_may_change()
        site = self.load_site(me, ref)
        self.context.prepare_disk(me.account)  # later it would end what runs
        preview.start_preview(self.context, site)
        return self.preview(me, ref)

    def stop_preview(self, me: Principal, ref: str) -> PreviewView:
        preview.stop_preview(self.context, self.load_site(me, ref))
        return self.preview(me, ref)

    def preview_ticket(self, me: Principal, ref: str) -> str:
        """A URL good once, for 60 s, that opens the preview in a frame."""
        host = self.settings.preview_host(self.load_site(me, ref).name)
        code = self.identity.issue_ticket(me.account, host)
        return f"{self.settings.origin(host)}/_dialup/enter?code={code}"

    def lab(self, me: Principal) -> LabView:
        return self.views.lab(me.account)

    def start_lab(self, me: Principal) -> LabView:
        self.check_may_change()
        self.context.prepare_ingress()
        lab.start_lab(self.context, me.account)
        return self.views.lab(me.account)

    def stop_lab(self, me: Principal) -> LabView:
        lab.stop_lab(self.context, me.account.id, me.account.name)
        return self.views.lab(me.account)

    # -- figures ----------------------------------------------------------------------------------
    def quota(self, me: Principal) -> QuotaView:
        return self.views.quota(me.account)

    def usage(self, me: Principal) -> UsageView:
        return self.views.usage(me.account)

    def overview(self) -> Overview:
        return self.views.overview()

    def health(self, only: Iterable[str] = ()) -> Health:
        return self.views.health(only)
