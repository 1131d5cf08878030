"""The composition root: the one place that names concrete adapters."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO

from dialup_ext.actions.context import Context
from dialup_ext.actions.storage import check_storage
from dialup_ext.build.contents import Contents
from dialup_ext.build.detect import detect
from dialup_ext.build.layers import Layers
from dialup_ext.build.site_builds import SiteBuilds
from dialup_ext.build.turns import Turns
from dialup_ext.domain.clock import SystemClock
from dialup_ext.domain.ports import Driver
from dialup_ext.errors import BadInput, Conflict, Unavailable
from dialup_ext.feed import Feed
from dialup_ext.handlers.doors import Doors
from dialup_ext.hub import Hub
from dialup_ext.identity import Identity
from dialup_ext.ingress.caddy import Caddy
from dialup_ext.ingress.serving import ServingDirectories
from dialup_ext.installation import Bond
from dialup_ext.monitor.access_log import AccessLog
from dialup_ext.releases.collect import collect
from dialup_ext.releases.trees import ReleaseTrees
from dialup_ext.releases.uploads import Uploads
from dialup_ext.sealing import Seal
from dialup_ext.settings import Settings
from dialup_ext.spawner.disks import PLACES, Disks
from dialup_ext.spawner.docker_ready import usable
from dialup_ext.spawner.loop_disk import hindrance
from dialup_ext.spawner.process import ProcessDriver
from dialup_ext.spawner.specs import Specifications
from dialup_ext.spawner.variable_files import VariableFiles
from dialup_ext.store.accounts import AccountRecords
from dialup_ext.store.deployments import DeploymentRecords
from dialup_ext.store.editing import EditorRecords
from dialup_ext.store.engine import Store
from dialup_ext.store.env_vars import VariableRecords, any_variables
from dialup_ext.store.idempotency import RememberedAnswers
from dialup_ext.store.preview_links import PreviewLinkRecords
from dialup_ext.store.releases import ReleaseRecords
from dialup_ext.store.sites import SiteRecords
from dialup_ext.store.values import StoredValues
from dialup_ext.templates import list_templates
from dialup_ext.workers import Workers

BODY_LIMIT = 1 << 20
LEAST_FOR_A_BUILD = 1 << 20
"""Bytes. What an account must have left when a build begins; how much it makes nobody knows before."""


def build(settings: Settings, *, workspaces: Callable[[str], Path] | None = None) -> Hub:
    """The hub of `settings.home`, not started yet.

    Raises `Conflict` (`already_running`) while another hub holds the home, `Unavailable` for a
    damaged or newer database.
    """
    for folder in (settings.home, settings.data, settings.run):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = hold(settings.data / "hub.lock")
    store = Store(settings.resolved_database_url)
    store.prepare()
    clock = SystemClock()
    bond = Bond(settings.home, StoredValues(store))
    adopting = not bond.holds()
    driver = choose_driver(settings, StoredValues(store), bond, alone=workspaces is not None)
    caddy = Caddy(settings)
    doors = Doors(settings.run, body_limit=BODY_LIMIT)
    StoredValues(store).set("address", {name: getattr(settings, name) for name in ("domain", "port", "scheme")})
    uploads, trees = Uploads(settings), ReleaseTrees(settings)
    accounts = AccountRecords(store)
    disks = Disks(settings, driver, makes=choose_walls(settings, StoredValues(store), driver))
    disks.mount_all()

    elsewhere: dict[str, dict[str, int]] = {}

    def room(account_id: str, needed: int) -> None:
        if account := accounts.get(account_id):
            stored = uploads.stored.of_account(account_id) + sum(elsewhere.get(account_id, {}).values())
            check_storage(account.quota.max_storage_mb, stored, needed)

    contents, turns = Contents(trees.manifest, uploads.open), Turns(
        settings.builds_at_once, lambda account_id: found.quota.max_builds if (found := accounts.get(account_id)) else 1,
        lambda account_id: room(account_id, LEAST_FOR_A_BUILD))
    context = Context(
        settings=settings, clock=clock, driver=driver, ingress=ServingDirectories(settings.home / "ingress"),
        sites=SiteRecords(store), releases=ReleaseRecords(store), deployments=DeploymentRecords(store),
        editing=EditorRecords(store), uploads=uploads, trees=trees,
        layers=Layers(settings, driver, contents, turns),
        builds=SiteBuilds(settings, driver, contents, turns, partial(collect, settings, room)),
        specs=Specifications(settings, _certificates(settings)), detect=detect,
        variables=VariableRecords(store, Seal(settings.data / "secrets.key", partial(any_variables, store))),
        variable_files=VariableFiles(settings), preview_links=PreviewLinkRecords(store),
        workspaces=workspaces or (lambda account: settings.home / "homes" / account), feed=Feed(),
        workers=Workers(settings.deploys_waiting), open_lab_door=doors.open_lab, prepare_ingress=caddy.ensure,
        visits=AccessLog(settings.home / "logs" / "access-sites.log"), note_release=bond.raise_generation, elsewhere=elsewhere, prepare_disk=disks.prepare,
    )
    hub = Hub(context, store=store, identity=Identity(store, settings, clock), caddy=caddy, doors=doors,
              answers=RememberedAnswers(store), lock=lock,
              templates=[template.as_dict() for template in list_templates()],
              adopting=adopting)
    hub.quotas.disks = disks
    return hub


def choose_driver(settings: Settings, values: StoredValues, bond: Bond, *, alone: bool = False) -> Driver:
    """The driver of this installation: chosen once, stored, changed by the setting `driver` alone.

    Containers where an engine answers, its images are there and we may set its rules; plain
    processes otherwise. `alone`: whoever has the server to themselves, in their own folder, gets
    processes too; a container would take their files over for its account's user.
    """
    stored = values.get("driver")
    wanted = settings.driver or stored or ("docker" if not alone and usable() else "process")
    if wanted not in ("process", "docker"):
        raise BadInput(f"There is no driver “{wanted}”.", code="bad_setting",
                       hint="There are two: docker and process.")
    settings.check_driver(wanted)
    driver = make_driver(wanted, settings, bond.id)
    if stored and stored != wanted:
        driver.check()
        leave_driver(make_driver(stored, settings, bond.id))
    if stored != wanted:
        values.set("driver", wanted)
    return driver


def make_driver(name: str, settings: Settings, installation: str) -> Driver:
    """The driver of that name. Starts nothing."""
    if name == "process":
        return ProcessDriver(settings)
    from dialup_ext.spawner.docker import DockerDriver

    return DockerDriver(settings, installation)


def leave_driver(driver: Driver) -> None:
    """End all that runs by it, which another driver would not find: the sites come back by that one.

    Raises `Unavailable` when nobody answers who could end it; then nothing has changed over.
    """
    try:
        remove = getattr(driver, "remove_everything", None)  # containers have networks and rules too
        if remove is not None:
            remove()
        else:
            for instance in driver.list():
                driver.stop(instance.key, grace=3.0)
    except Unavailable as error:
        raise Unavailable(f"What runs by the {driver.name} driver cannot be ended. {error.message}", code=error.code,
                          hint=f"{error.hint} Or keep that driver: DIALUP_DRIVER={driver.name}.") from error


def choose_walls(settings: Settings, values: StoredValues, driver: Driver) -> bool:
    """Whether accounts get disks of their own: chosen once, stored, changed by the setting `storage_walls` alone.

    By themselves only with containers, where root may mount them and nobody has files yet that would have to be
    moved. Raises `Unavailable` when the setting asks for what cannot be had.
    """
    stored: bool | None = values.get("storage_walls")
    wanted = {"on": True, "off": False}.get(settings.storage_walls, stored)
    if wanted is None or (wanted and not stored):
        new = driver.name == "docker" and not any((settings.home / place).exists() for place in PLACES)
        why = "" if wanted or new else "not asked for"
        why = why or hindrance(settings.home / "disks")
        if wanted and why:
            raise Unavailable(f"Accounts cannot have disks of their own here. {why}", code="disk_unavailable",
                              hint="Take the setting “storage_walls” away, or set it to off.")
        wanted = not why
    if stored is not wanted:
        values.set("storage_walls", wanted)
    return wanted


def _certificates(settings: Settings) -> str:
    """The file that builds and previews trust: the setting's, else what Node on this machine does; “” for none."""
    if settings.ca_bundle and not Path(settings.ca_bundle).is_file():
        raise BadInput(f"The setting “ca_bundle” names {settings.ca_bundle}, and there is no such file.",
                       code="bad_setting", hint="Name a file with certificates in PEM, or leave it empty.")
    found = settings.ca_bundle or os.environ.get("NODE_EXTRA_CA_CERTS", "")
    return found if found and Path(found).is_file() else ""


def hold(path: Path) -> IO[str]:
    """A lock that the kernel frees when this process ends, however it ends."""
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip()
        file.close()
        raise Conflict(f"dialup already runs on {path.parent.parent}" + (f" (process {holder})." if holder else "."),
                       code="already_running", hint="Use that one, or set DIALUP_HOME to another folder.") from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file
