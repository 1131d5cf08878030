"""`dialup users`: accounts, from the machine itself. Works while the hub runs and while not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from dialup_ext.errors import Forbidden

if TYPE_CHECKING:
    from dialup_ext.domain.account import Account
    from dialup_ext.identity import Identity
    from dialup_ext.settings import Settings

COLUMNS = {"sites": "max_sites", "memory": "max_memory_mb", "cpu": "max_cpu_cores", "storage": "max_storage_mb",
           "builds": "max_builds"}


@click.group()
def users() -> None:
    """Add, list and disable accounts; say how much each may use."""


@users.command("add")
@click.argument("name")
@click.option("--email", help="Where to write to them.")
@click.option("--admin", is_flag=True, help="May see and change the whole server.")
@click.pass_obj
def add(settings: Any, name: str, email: str | None, admin: bool) -> None:
    """Add NAME and print a link that logs in once, within a day."""
    from dialup_ext.domain.account import Role

    settings = settings()
    refuse_without_isolation(settings)
    identity = _identity(settings)
    account = identity.add_account(name, role=Role.ADMIN if admin else Role.USER, email=email)
    click.echo(f"{account.name} is in. This link logs in once, within 24 hours; send it to them:")
    click.echo(identity.make_login_link(account.name))


@users.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_users(settings: Any, as_json: bool) -> None:
    """List all accounts."""
    found = [{"name": account.name, "role": account.role.value, "email": account.email,
              "active": account.is_active, "created_at": account.created_at.isoformat(timespec="seconds")}
             for account in _identity(settings()).accounts()]
    if as_json:
        click.echo(json.dumps({"accounts": found}))
        return
    for row in found:
        state = "" if row["active"] else "  (disabled)"
        click.echo(f"{row['name']:<32} {row['role']:<6} {row['email'] or ''}{state}")


@users.command("disable")
@click.argument("name")
@click.pass_obj
def disable(settings: Any, name: str) -> None:
    """Shut NAME out at once: logins, keys, lab and previews end; their sites stay up."""
    account = _identity(settings()).disable_account(name)
    click.echo(f"{account.name} is disabled. `dialup users enable {account.name}` lets them in again.")


@users.command("enable")
@click.argument("name")
@click.pass_obj
def enable(settings: Any, name: str) -> None:
    """Let a disabled account in again."""
    account = _identity(settings()).enable_account(name)
    click.echo(f"{account.name} may log in again.")


@users.command("link")
@click.argument("name")
@click.pass_obj
def link(settings: Any, name: str) -> None:
    """Print a link that logs NAME in once: for a lost password."""
    click.echo(_identity(settings()).make_login_link(name))


@users.command("quota")
@click.argument("name")
@click.option("--sites", type=click.IntRange(0, 1000), help="Sites.")
@click.option("--memory", type=click.IntRange(0, 1 << 20), help="MiB for all sites that run together.")
@click.option("--cpu", type=click.FloatRange(0, 1024), help="Cores for all sites that run together.")
@click.option("--storage", type=click.IntRange(1, 1 << 24), help="MiB of releases, workspaces, data, logs and caches.")
@click.option("--builds", type=click.IntRange(1, 64), help="Builds at the same time.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def quota(settings: Any, /, name: str, as_json: bool, **wanted: float | None) -> None:
    """Show what NAME may use, or change it, at once. What runs already goes on, whatever the new numbers."""
    settings = settings()
    identity = _identity(settings)
    changes = {COLUMNS[key]: value for key, value in wanted.items() if value is not None}
    account = identity.change_account(name, **changes) if changes else identity.account(name)
    found = {key: getattr(account.quota, column) for key, column in COLUMNS.items()}
    if as_json:
        click.echo(json.dumps({"name": account.name, **found}))
        return
    click.echo(f"{account.name} may have {_number(found['sites'], 'site')}, {found['memory']:,} MiB of memory and "
               f"{_number(found['cpu'], 'core')} for those that run, {found['storage']:,} MiB of storage, "
               f"{_number(found['builds'], 'build')} at once.")
    if note := disk_note(settings, account):
        click.echo(note)


def _number(count: float, word: str) -> str:
    return f"{count:g} {word if count == 1 else word + 's'}"


def disk_note(settings: Settings, account: Account) -> str:
    """What is to be known of the account's own disk; empty when there is none, or nothing."""
    from dialup_ext.spawner.loop_disk import LoopDisk, image_mb

    root = settings.home / "disks"
    disk, wanted = LoopDisk(root / f"{account.id}.img", root / account.id), image_mb(account.quota.max_storage_mb)
    if not disk.exists or wanted == disk.size_mb:
        return ""
    if wanted > disk.size_mb:
        return "Their disk grows within seconds while dialup runs, else at its next start."
    return ("Their disk stays as large as it is: disks never shrink. What is refused goes by the new number, "
            "what programs write by themselves by the disk.")


def refuse_without_isolation(settings: Settings) -> None:
    """The process driver isolates nobody: with it other people need `--force`."""
    from dialup_ext.cli.isolation import isolates

    if not settings.force and not isolates(settings):
        raise Forbidden(
            "This server runs people's code as plain processes: everybody on it could read and change "
            "everything.", code="no_isolation",
            hint="Add --force (dialup --force users add …) if you trust them with this machine.")


def _identity(settings: Settings) -> Identity:
    from dialup_ext.domain.clock import SystemClock
    from dialup_ext.identity import Identity
    from dialup_ext.store.engine import Store
    from dialup_ext.store.values import StoredValues

    store = Store(settings.resolved_database_url)
    store.prepare()
    # links must lead to where the hub of this home answers, whatever this shell's PORT says
    answers_at = StoredValues(store).get("address", {})
    return Identity(store, settings.with_values(**answers_at), SystemClock())
