"""Serving directories on disk: whole, durable, and refusing what should not be public."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from dialup_ext.domain.ports import GATE, Target
from dialup_ext.errors import BadInput
from dialup_ext.ingress.public_tree import check_public_tree
from dialup_ext.ingress.serving import ServingDirectories

HOST = "blog.dialup.localhost"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "ingress"


@pytest.fixture
def public(tmp_path: Path, write_file: Any) -> Path:
    write_file(tmp_path / "public" / "index.html", "x")
    write_file(tmp_path / "public" / "deep" / "er.html", "x")
    return tmp_path / "public"


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_what_caddy_reads_is_a_link_to_a_complete_directory(root: Path, public: Path) -> None:
    ServingDirectories(root).point(HOST, Target("r1", public, "127.0.0.1:3000"))

    link = root / "live" / HOST
    assert link.is_symlink() and not link.readlink().is_absolute()
    assert names_in(link / "up") == ["127.0.0.1:3000"]
    assert (link / "www" / "index.html").read_text() == "x"


def test_a_new_object_finds_what_the_old_one_left(root: Path, public: Path) -> None:
    target = Target("r1", public, GATE)
    ServingDirectories(root).point(HOST, target)

    assert ServingDirectories(root).target(HOST) == target


def test_an_ipv6_address_can_be_an_upstream(root: Path) -> None:
    target = Target("r1", None, "[fd00::2]:3000")
    ServingDirectories(root).point(HOST, target)

    assert ServingDirectories(root).target(HOST) == target


def test_an_old_directory_stays_until_it_is_swept(root: Path) -> None:
    serving = ServingDirectories(root)
    for number in (1, 2, 3):
        serving.point(HOST, Target(f"r{number}", None, f"127.0.0.1:{number}"))
    assert len(names_in(root / "serving" / HOST)) == 3

    assert serving.sweep() == 2
    assert serving.target(HOST) == Target("r3", None, "127.0.0.1:3")


def test_what_a_crash_left_half_made_is_swept_and_never_served(root: Path) -> None:
    serving = ServingDirectories(root)
    serving.point(HOST, Target("r1", None, GATE))
    (root / "serving" / HOST / ".fresh-abc" / "up").mkdir(parents=True)
    (root / "live" / ".fresh-link").symlink_to("../serving/x/y")

    assert serving.targets() == {HOST: Target("r1", None, GATE)}
    assert serving.sweep() == 1
    assert names_in(root / "live") == [HOST]
    serving.point(HOST, Target("r2", None, GATE))


def test_a_link_to_what_is_gone_leads_nowhere_and_can_be_mended(root: Path) -> None:
    serving = ServingDirectories(root)
    (root / "live").mkdir(parents=True)
    (root / "live" / HOST).symlink_to(f"../serving/{HOST}/gone~0")

    assert serving.target(HOST) is None
    assert serving.targets() == {}
    serving.point(HOST, Target("r1", None, GATE))
    assert serving.target(HOST) == Target("r1", None, GATE)


def test_many_writers_at_once_leave_one_whole_target(root: Path) -> None:
    targets = [Target(f"r{number}", None, f"127.0.0.1:{number}") for number in range(1, 13)]

    def point(target: Target) -> None:
        serving = ServingDirectories(root)
        serving.point(HOST, target)
        serving.sweep()

    threads = [threading.Thread(target=point, args=(target,)) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert ServingDirectories(root).target(HOST) in targets
    ServingDirectories(root).sweep()
    assert len(names_in(root / "serving" / HOST)) == 1


def test_names_reach_the_disk_before_the_host_leads_there(
        root: Path, public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Power may go at any moment: a link must never be on the disk before what it leads to (R39)."""
    order: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def seen_fsync(descriptor: int) -> None:
        order.append("sync " + Path(f"/proc/self/fd/{descriptor}").readlink().name.split("-")[0])
        fsync(descriptor)

    def seen_rename(path: Path, to: Any) -> Path:
        order.append("rename " + Path(to).name.split("~")[0])
        return rename(path, to)

    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(Path, "rename", seen_rename)
    ServingDirectories(root).point(HOST, Target("r1", public, GATE))

    made = [f"sync {folder.name.split('-')[0]}" for folder in (root.parent, root, root)]
    assert order == [*made, "sync up", "sync .fresh", "rename r1", f"sync {HOST}", "sync serving",
                     f"rename {HOST}", "sync live"]


# -- public trees -----------------------------------------------------------------------------------
def test_plain_files_and_folders_are_public(public: Path) -> None:
    check_public_tree(public)


def test_a_sealed_second_name_of_a_stored_file_is_public(public: Path, tmp_path: Path) -> None:
    blob = tmp_path / "blob"
    blob.write_text("x")
    blob.chmod(0o444)
    os.link(blob, public / "linked.html")

    check_public_tree(public)


def make_link(public: Path, outside: Path) -> None:
    (public / "deep" / "link").symlink_to(outside)


def make_folder_link(public: Path, outside: Path) -> None:
    (public / "deep" / "folder").symlink_to(outside.parent)


def make_inner_link(public: Path, outside: Path) -> None:
    (public / "link").symlink_to("index.html")


def make_second_name(public: Path, outside: Path) -> None:
    os.link(outside, public / "key.pem")


def make_private_second_name(public: Path, outside: Path) -> None:
    outside.chmod(0o400)
    os.link(outside, public / "key.pem")


def make_pipe(public: Path, outside: Path) -> None:
    os.mkfifo(public / "pipe")


def make_writable(public: Path, outside: Path) -> None:
    (public / "index.html").chmod(0o666)


def make_writable_folder(public: Path, outside: Path) -> None:
    (public / "deep").chmod(0o777)


def make_setuid(public: Path, outside: Path) -> None:
    (public / "index.html").chmod(0o4755)


@pytest.mark.parametrize("spoil", [make_link, make_folder_link, make_inner_link, make_second_name,
                                   make_private_second_name, make_pipe, make_writable, make_writable_folder,
                                   make_setuid])
def test_anything_else_is_refused_and_what_was_live_stays(
        root: Path, public: Path, tmp_path: Path, spoil: Any, write_file: Any) -> None:
    serving, before = ServingDirectories(root), Target("r1", None, GATE)
    serving.point(HOST, before)
    spoil(public, write_file(tmp_path / "outside" / "secret", "SECRET"))

    with pytest.raises(BadInput) as refusal:
        serving.point(HOST, Target("r2", public))

    assert refusal.value.code == "not_public"
    assert serving.target(HOST) == before


@pytest.mark.needs_root  # nobody else can give files away
def test_somebody_elses_file_is_refused(public: Path) -> None:
    os.chown(public / "index.html", 12345, 12345)

    with pytest.raises(BadInput):
        check_public_tree(public)


def test_a_link_to_a_folder_is_no_public_folder(root: Path, public: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(public)

    with pytest.raises(BadInput):
        ServingDirectories(root).point(HOST, Target("r1", tmp_path / "link"))
