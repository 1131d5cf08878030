"""`dialup doctor`: everything dialup needs, looked at, with what to do about it."""

from __future__ import annotations

import json
import platform
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dialup_ext.domain.disk import WARNING, Disk
from dialup_ext.errors import DialupError
from dialup_ext.spawner.loop_disk import LoopDisk

if TYPE_CHECKING:
    from dialup_ext.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: fine, or what is wrong and what to do."""

    name: str
    ok: bool
    text: str
    hint: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Look at all of it. Changes nothing."""
    looks: list[tuple[str, Callable[[Settings], str]]] = [
        ("python", _python), ("home", _home), ("disk", _disk), ("storage", _storage), ("database", _database),
        ("caddy", _caddy), ("port", _port), ("node", _node), ("variables", _variables),
        ("isolation", _isolation),
    ]
    findings = []
    for name, look in looks:
        try:
            findings.append(Finding(name, True, look(settings)))
        except DialupError as error:
            findings.append(Finding(name, False, error.message, error.hint))
    return findings


def show(findings: list[Finding], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"findings": [asdict(finding) for finding in findings]}))
        return
    for finding in findings:
        mark = click.style("ok     ", fg="green") if finding.ok else click.style("problem", fg="red")
        click.echo(f"{mark}  {finding.name:<10} {finding.text}")
        if finding.hint:
            click.echo(f"{'':<20}{finding.hint}")


def _python(_: Settings) -> str:
    return f"Python {platform.python_version()} on {platform.system()}"


def _home(settings: Settings) -> str:
    exists = "" if settings.home.exists() else " (made at the first start)"
    return f"{settings.home}{exists}"


def _disk(settings: Settings) -> str:
    place = next(folder for folder in (settings.home, *settings.home.parents) if folder.exists())
    disk = Disk.of(place)
    if said := disk.complaint(settings.min_free_mb, times=WARNING):
        raise DialupError(f"{said} It is {place}.", hint="Make room: `dialup images prune`, old backups, other programs.")
    return (f"{disk.free >> 20:,} MiB and {disk.inodes_free:,} files free; uploads and builds stop below "
            f"{disk.least(settings.min_free_mb) >> 20:,} MiB")


def _storage(settings: Settings) -> str:
    """What keeps an account to its storage: the kernel, or our measuring, and how far that can be overshot."""
    from dialup_ext.cli.isolation import isolates, walls_of
    from dialup_ext.spawner.loop_disk import hindrance

    disks = [LoopDisk(image, image.with_suffix("")) for image in (settings.home / "disks").glob("*.img")]
    if not walls_of(settings) and not disks:
        with tempfile.TemporaryDirectory() as folder:
            why = hindrance(Path(folder))
        if not why and not settings.home.exists() and settings.storage_walls == "auto" and isolates(settings):
            return "each account will have a disk of its own, from the first start on"
        why = why or "`DIALUP_STORAGE_WALLS=on` gives each account a disk of its own."
        return ("measured: what a program writes by itself is noticed after 20 seconds or more and refuses what comes "
                f"next; until then only {settings.min_free_mb:,} MiB free stop it. {why}")
    promised = sum(disk.size_mb - disk.allocated_mb for disk in disks)
    free = Disk.of(settings.home).free >> 20 if settings.home.exists() else 0
    said = f"{len(disks)} accounts have disks of their own, {sum(disk.size_mb for disk in disks):,} MiB together"
    if promised > free:
        raise DialupError(f"{said}; they may still take {promised:,} MiB and {free:,} MiB are free.",
                          hint="Make room, or lower the quotas of accounts to come; disks never shrink.")
    return f"{said}; what they may still take ({promised:,} MiB) is free"


def _database(settings: Settings) -> str:
    from dialup_ext.store.engine import Store

    if not settings.database_url and not (settings.data / "database.sqlite").exists():
        return "SQLite, made at the first start"
    Store(settings.resolved_database_url).ping()
    return "answers"


def _caddy(settings: Settings) -> str:
    from dialup_ext.ingress.binary import find_caddy

    return f"Caddy at {find_caddy(settings.caddy)}"


def _port(settings: Settings) -> str:
    from dialup_ext.ingress.caddy import Caddy

    if Caddy(settings).running():
        return f"{settings.port}: Caddy of this home answers"
    from dialup_ext.ingress.listening import check_free

    check_free([settings.bind], settings.port)
    return f"{settings.port} is free"


def _node(_: Settings) -> str:
    from dialup_ext.spawner.toolchain import Toolchain

    with tempfile.TemporaryDirectory() as folder:  # our links to it are not made in the home yet
        Toolchain(Path(folder)).node()
    return "Node is here"


def _variables(settings: Settings) -> str:
    """Where running programs read their secrets, and whether the key of those in the database is there."""
    from dialup_ext.spawner.variable_files import VariableFiles
    from dialup_ext.store.engine import Store
    from dialup_ext.store.env_vars import any_variables

    files, key = VariableFiles(settings), settings.data / "secrets.key"
    used = bool(settings.database_url) or (settings.data / "database.sqlite").exists()
    if used and not key.exists() and any_variables(Store(settings.resolved_database_url)):
        raise DialupError(f"The key of the sites' variables is missing: {key}.",
                          hint="Put it back from a backup; until then sites with variables cannot be started.")
    if files.in_memory:
        return f"given to programs in memory, {files.root}"
    return f"given to programs on disk, {files.root}: neither /run nor /dev/shm is memory we may write to"


def _isolation(settings: Settings) -> str:
    from dialup_ext.cli.isolation import isolates
    from dialup_ext.spawner.docker_ready import examine_engine, hindrance

    if not isolates(settings):
        settings.check_driver("process")
        why = hindrance() or "Docker could: `DIALUP_DRIVER=docker dialup up` changes over for good."
        return f"process driver: it isolates nobody; fine for one person. {why}"

    nginx = settings.nginx_image if settings.static_container else None
    return f"docker driver: {examine_engine(settings.node_image, settings.lab_image, settings.python_image, nginx)}"
