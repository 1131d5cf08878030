"""Storage is what exists: contents, own copies, homes, volumes, logs and caches, each counted once."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dialup_ext.actions.deployment_log import log_path
from dialup_ext.actions.storage import stored
from dialup_ext.actions.upload import begin_upload, receive_files
from dialup_ext.domain.account import Account
from dialup_ext.domain.disk import Disk, check_disk
from dialup_ext.domain.instance import InstanceKind, InstanceSpec, Runtime
from dialup_ext.errors import NoSpace, TooMany
from dialup_ext.monitor.storage import tree_bytes
from dialup_ext.quotas import Quotas
from dialup_ext.testing.hub import Bench
from tests.actions.test_quota import folder, manifest_of

MIB = 1 << 20


@pytest.fixture
def quotas(bench: Bench) -> Quotas:
    return Quotas(cast(Any, SimpleNamespace(context=bench.context, identity=bench.identity)))


def fill(path: Path, mib: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(mib * MIB))


def everywhere(bench: Bench, owner: Account) -> None:
    """One MiB in each place, two in the home."""
    home = bench.settings.home
    site = bench.site(owner)
    deployment = bench.context.deployments.open(
        bench.release(owner, site, "one"), "deploy", "ana", bench.clock.now(), most=20)
    fill(home / "homes" / owner.name / "blog" / "film.mp4", 2)
    fill(home / "volumes" / owner.name / "blog" / "data.sqlite")
    fill(home / "store" / owner.id / "npm-cache" / "a")
    fill(home / "sites" / owner.name / "blog" / "0123" / "app" / "server.js")
    fill(log_path(bench.context, deployment.id))
    fill(home / "container-logs" / f"site-blog-{deployment.id}" / "log")


def test_every_part_is_counted_and_shown_and_refuses(bench: Bench, quotas: Quotas) -> None:
    ana = bench.account("ana", max_storage_mb=8)
    everywhere(bench, ana)

    quotas.measure()

    shown = quotas.view(ana)
    assert shown.storage_parts == {"releases": 1.0, "volumes": 1.0, "home": 2.0, "logs": 2.0, "caches": 1.0}
    assert round(stored(bench.context, ana.id) / MIB, 1) == shown.storage_mb.used == 7.0
    with pytest.raises(TooMany) as caught:
        begin_upload(bench.context, ana, bench.context.sites.list(ana.id)[0], manifest_of(folder(x=bytes(2 * MIB))))
    assert caught.value.code == "storage_full"


def test_what_has_two_names_counts_once_and_holes_are_free(tmp_path: Path) -> None:
    fill(tmp_path / "a")
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    with (tmp_path / "hole").open("wb") as file:
        file.truncate(64 * MIB)
    (tmp_path / "link").symlink_to("/usr")
    assert tree_bytes(tmp_path) == MIB


def test_only_whose_programs_ran_is_looked_at_again(bench: Bench, quotas: Quotas) -> None:
    ana, bob = bench.account("ana"), bench.account("bob")
    quotas.measure()
    bench.driver.start(InstanceSpec("lab-ana-1", InstanceKind.LAB, "ana", Runtime.LAB, (("python",),),
                                    bench.settings.home))
    for name in ("ana", "bob"):
        fill(bench.settings.home / "homes" / name / "film.mp4")

    quotas._next = 0.0
    quotas.measure()

    assert [stored(bench.context, account.id) for account in (ana, bob)] == [MIB, 0]
    bench.driver.stop("lab-ana-1")
    fill(bench.settings.home / "homes" / "ana" / "last-words.txt")
    quotas._next = 0.0
    quotas.measure()  # once more after it ended
    assert stored(bench.context, ana.id) == 2 * MIB


def test_two_bodies_at_once_do_not_share_the_last_room(bench: Bench) -> None:
    ana = bench.account("ana", max_storage_mb=3)
    site = bench.site(ana)
    one, two = (begin_upload(bench.context, ana, site, manifest_of(folder(picture=os.urandom(2 * MIB))))
                for _ in range(2))
    writer = receive_files(bench.context, ana, one["id"])

    with pytest.raises(TooMany):
        receive_files(bench.context, ana, two["id"])

    writer.abort()
    receive_files(bench.context, ana, two["id"]).abort()


def test_a_nearly_full_disk_refuses_and_says_how_full(tmp_path: Path) -> None:
    disk = Disk.of(tmp_path)
    with pytest.raises(NoSpace) as caught:
        check_disk(tmp_path, 0, disk.free)
    assert "keeps" in caught.value.message
    with pytest.raises(NoSpace, match="uploads and builds stop below"):
        check_disk(tmp_path, 1 << 40)


@pytest.mark.parametrize(("disk", "says"), [
    (Disk(100 << 30, 50 << 30, 1000, 900), ""),
    (Disk(100 << 30, 3 << 30, 1000, 900), "3,072 MiB of disk"),
    (Disk(10 << 30, 900 << 20, 1000, 900), "900 MiB of disk"),
    (Disk(100 << 30, 50 << 30, 100_000, 3_000), "3,000 more files"),
    (Disk(100 << 30, 50 << 30, 0, 0), "")])
def test_people_are_warned_of_bytes_and_of_inodes_before_they_are_refused(disk: Disk, says: str) -> None:
    assert says in disk.complaint(512, times=2) and bool(says) == bool(disk.complaint(512, times=2))
