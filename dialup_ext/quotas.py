"""What accounts use of what they may: the figures people see, and the round that measures their files.

Measuring costs as much as there is to look at, so it is done for whoever may have changed something: an account
one of whose programs ran since the last look, or that was never looked at. The pause between two looks is at
least twenty times as long as the last one took.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from dialup_ext.actions.admission import Need, held
from dialup_ext.actions.storage import stored
from dialup_ext.domain.account import Account
from dialup_ext.domain.deployment import Status
from dialup_ext.domain.views import QuotaView, Used
from dialup_ext.errors import DialupError, Unavailable
from dialup_ext.monitor.storage import PARTS, Storage

if TYPE_CHECKING:
    from dialup_ext.hub import Hub
    from dialup_ext.spawner.disks import Disks

log = logging.getLogger("dialup")

MIB = 1 << 20
EVERY = 20.0
SHARE = 20
"""At least so many seconds between two looks, and so many times what the last one took."""


class Quotas:
    """The hub's verbs for use and limits. Nothing of it is needed after a restart: all is measured again."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._context = hub.context
        self._storage = Storage(hub.context.settings)
        self._next = 0.0
        self._busy: set[str] = set()
        self.disks: Disks | None = None
        """Each account's own, once `app.build` has put them here."""

    def view(self, account: Account) -> QuotaView:
        """Use against quota. Memory and CPU are what its sites may use at most, as admission counts them."""
        context, quota = self._context, account.quota
        holding = sum(held(context, account.id).values(), Need())
        return QuotaView(
            sites=Used(len(context.sites.list(account.id)), quota.max_sites),
            memory_mb=Used(float(holding.memory_mb), quota.max_memory_mb),
            cpu_cores=Used(holding.cpu, quota.max_cpu_cores),
            storage_mb=Used(round(stored(context, account.id) / MIB, 1), quota.max_storage_mb),
            builds=Used(self._builds(account.id), quota.max_builds),
            storage_parts=self._parts(account.id))

    def prepare(self) -> None:
        """Every account's disk, as large as its quota says. What cannot be had is logged and tried again."""
        for account in self._hub.identity.accounts() if self.disks else ():
            try:
                self._context.prepare_disk(account)
            except DialupError as error:
                log.warning("%s %s", error.message, error.hint)

    def put_away(self) -> None:
        """Unmount the disks: nothing runs any more. One that is still in use stays."""
        if self.disks:
            self.disks.unmount_all()

    def agree(self) -> None:
        """One round: quotas that grew, then what changed on the disk."""
        self.prepare()
        self.measure()

    def measure(self) -> None:
        """Look at whoever may have changed something, unless the last look was a moment ago."""
        began = time.monotonic()
        if began < self._next:
            return
        accounts = self._hub.identity.accounts()
        running = self._running()
        changed = self._busy | running
        for account in accounts:
            if account.name in changed or account.id not in self._context.elsewhere:
                self.measure_account(account)
        self._busy = running
        self._measure_logs()
        self._next = time.monotonic() + max(EVERY, SHARE * (time.monotonic() - began))

    def measure_account(self, account: Account) -> None:
        """Look at this one's files now."""
        found = self._storage.measure(account.id, account.name)
        logs = self._context.elsewhere.get(account.id, {}).get("logs", 0)
        self._context.elsewhere[account.id] = {**found, "logs": logs}

    def _running(self) -> set[str]:
        try:
            return {instance.account for instance in self._context.driver.list()}
        except Unavailable:
            return set()

    def _measure_logs(self) -> None:
        sites = self._context.sites.list()
        owners = self._context.deployments.owners()
        owners |= {f"{kind}-{site.name}": site.owner_id for site in sites for kind in ("site", "preview")}
        owners |= {f"lab-{account.name}": account.id for account in self._hub.identity.accounts()}

        def owner(name: str) -> str | None:
            return owners.get(name.removeprefix("build-")) or owners.get(name.rpartition("-")[0])

        sums = self._storage.logs(owner)
        for account_id, parts in self._context.elsewhere.items():
            parts["logs"] = sums.get(account_id, 0)

    def _parts(self, account_id: str) -> dict[str, float]:
        parts = dict(self._context.elsewhere.get(account_id, {}))
        parts["releases"] = parts.get("releases", 0) + self._context.uploads.stored.of_account(account_id)
        return {part: round(parts.get(part, 0) / MIB, 1) for part in PARTS}

    def _builds(self, account_id: str) -> int:
        sites = {site.id for site in self._context.sites.list(account_id)}
        return sum(deployment.site_id in sites and deployment.status is Status.BUILDING
                   for deployment in self._context.deployments.unfinished())
