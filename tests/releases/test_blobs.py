"""One account's contents: checked while written, kept once, durable when acknowledged."""

from __future__ import annotations

import errno
import io
import os
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dialup_ext.errors import BadInput, Conflict, NoSpace
from dialup_ext.releases.blobs import LEASE, BlobStore

HELLO = b"hello, world"


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "store")


def put(blobs: BlobStore, data: bytes, alice) -> str:
    digest = alice.digest(data)
    blobs.put(digest, len(data), io.BytesIO(data))
    return digest


def left_behind(blobs: BlobStore) -> list[Path]:
    return [path for path in blobs.root.rglob("*") if path.is_file()]


def test_what_was_put_can_be_read_and_is_not_missing_any_more(blobs, alice):
    digest = alice.digest(HELLO)
    assert blobs.missing({digest: len(HELLO)}) == [digest]
    put(blobs, HELLO, alice)
    assert blobs.missing({digest: len(HELLO)}) == []
    with blobs.open(digest) as file:
        assert file.read() == HELLO
    assert blobs.verify(digest)


def test_contents_are_read_only_whatever_the_umask(blobs, alice):
    before = os.umask(0o077)
    try:
        digest = put(blobs, HELLO, alice)
    finally:
        os.umask(before)
    assert stat.S_IMODE(blobs.path(digest).stat().st_mode) == 0o444


def test_putting_twice_changes_nothing(blobs, alice):
    digest = put(blobs, HELLO, alice)
    inode = blobs.path(digest).stat().st_ino
    put(blobs, HELLO, alice)
    assert blobs.path(digest).stat().st_ino == inode


@pytest.mark.parametrize(("size", "data"), [(12, b"hello, WORLD"), (12, b"hello"), (5, HELLO), (0, HELLO)])
def test_bytes_that_were_not_announced_are_refused_and_nothing_is_kept(blobs, alice, size, data):
    with pytest.raises(BadInput) as refusal:
        blobs.put(alice.digest(HELLO), size, io.BytesIO(data))
    assert refusal.value.code == "wrong_digest"
    assert refusal.value.hint
    assert left_behind(blobs) == []


def test_the_empty_file_is_a_content_like_any_other(blobs, alice):
    digest = put(blobs, b"", alice)
    assert blobs.missing({digest: 0}) == []


def test_a_torn_content_counts_as_missing_and_is_mended(blobs, alice):
    digest = put(blobs, HELLO, alice)
    blobs.path(digest).chmod(0o644)
    blobs.path(digest).write_bytes(b"hel")
    assert blobs.missing({digest: len(HELLO)}) == [digest]
    put(blobs, HELLO, alice)
    assert blobs.verify(digest)


def test_a_flipped_byte_is_found_by_verify(blobs, alice):
    digest = put(blobs, HELLO, alice)
    blobs.path(digest).chmod(0o644)
    blobs.path(digest).write_bytes(b"hellO, world")
    assert not blobs.verify(digest)


@pytest.mark.parametrize("name", ["", "../../../etc/passwd", "A" * 64, "a" * 63, "a" * 62 + "/b", "a" * 64 + "\n"])
def test_only_a_sha256_names_a_content(blobs, name):
    with pytest.raises(BadInput) as refusal:
        blobs.open(name)
    assert refusal.value.code == "bad_digest"


def test_opening_what_is_gone_says_what_to_do(blobs, alice):
    with pytest.raises(Conflict) as refusal:
        blobs.open(alice.digest(b"never seen"))
    assert refusal.value.code == "release_damaged"


def test_a_crash_before_the_commit_leaves_no_content_and_the_sweep_clears_up(blobs, alice):
    incoming = blobs.receive()
    incoming.begin(alice.digest(HELLO), len(HELLO))
    incoming.write(HELLO)
    incoming.end()  # … and the power goes
    assert blobs.missing({alice.digest(HELLO): len(HELLO)})
    blobs.sweep_incoming()
    assert left_behind(blobs), "a running upload must not be swept"
    blobs.sweep_incoming(time.time() + 7200)
    assert left_behind(blobs) == []


def test_bytes_are_synced_before_they_are_named_and_names_before_it_returns(blobs, alice, monkeypatch):
    """The order of what is asked of the kernel (R39)."""
    calls = []
    fsync, rename = os.fsync, os.rename

    def heard_fsync(descriptor):
        calls.append(("fsync", Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    def heard_rename(source, target, **more):
        calls.append(("rename", Path(target)))
        rename(source, target, **more)

    monkeypatch.setattr(os, "fsync", heard_fsync)
    monkeypatch.setattr(os, "rename", heard_rename)
    digest = put(blobs, HELLO, alice)

    name = blobs.path(digest)
    assert [call for call, _ in calls[:2]] == ["fsync", "rename"]
    assert (calls[0][1].name, calls[1][1]) == (digest, name)
    assert set(calls[2:]) == {("fsync", folder) for folder in name.parents[:3]}


class _Small(io.FileIO):
    """A file on a disk of one mebibyte."""

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > 1 << 20:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


@pytest.fixture
def tiny_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A real one where mounting is allowed, else files that behave as if they were on one."""
    place = tmp_path / "tiny"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)],
                             capture_output=True, check=False).returncode == 0
    if not mounted:
        monkeypatch.setattr(os, "fdopen", lambda descriptor, mode, buffering: _Small(descriptor, mode))
    yield place
    if mounted:
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_said_in_words_and_leaves_nothing_but_what_was_there(tiny_disk, alice):
    blobs = BlobStore(tiny_disk / "store")
    digest = put(blobs, HELLO, alice)
    with pytest.raises(NoSpace) as refusal:
        put(blobs, os.urandom(3 << 20), alice)
    assert refusal.value.code == "no_space"
    assert [path.name for path in left_behind(blobs)] == [digest]
    put(blobs, b"and it works again", alice)


def test_the_sweep_keeps_what_is_named_and_what_has_a_lease(blobs, alice):
    kept, leased, old = (put(blobs, data, alice) for data in (b"kept", b"leased", b"old"))
    later = time.time() + LEASE + 60
    os.utime(blobs.path(leased), (later, later))
    count, freed = blobs.sweep({kept}, later)
    assert (count, freed) == (1, 3)
    assert blobs.path(kept).exists()
    assert blobs.path(leased).exists()
    assert not blobs.path(old).exists()


def test_a_lease_on_what_is_not_there_is_no_error(blobs, alice):
    blobs.lease([alice.digest(b"nothing")])
    put(blobs, HELLO, alice)
    blobs.lease([alice.digest(b"nothing")])
