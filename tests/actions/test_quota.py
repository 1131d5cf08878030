"""What an account stores is counted once, whatever refers to it, and nothing escapes the count."""

from __future__ import annotations

import hashlib
import io
import os

import pytest

from dialup_ext.actions.storage import amount
from dialup_ext.actions.upload import begin_upload, finish_upload, receive_files
from dialup_ext.domain.account import Account
from dialup_ext.domain.manifest import FileEntry, Manifest
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Site
from dialup_ext.errors import TooMany
from dialup_ext.releases.blobs import BlobStore
from dialup_ext.testing.hub import Bench

MIB = 1 << 20


def folder(**files: bytes) -> dict[str, bytes]:
    return {"index.html": b"<h1>hello</h1>"} | {f"{name}.bin": data for name, data in files.items()}


def manifest_of(files: dict[str, bytes]) -> Manifest:
    return Manifest(FileEntry(path, len(raw), hashlib.sha256(raw).hexdigest()) for path, raw in files.items())


def send(bench: Bench, owner: Account, files: dict[str, bytes]) -> None:
    store = BlobStore(bench.settings.home / "store" / owner.id)
    for raw in files.values():
        store.put(hashlib.sha256(raw).hexdigest(), len(raw), io.BytesIO(raw))


def upload(bench: Bench, owner: Account, site: Site, files: dict[str, bytes]) -> Release:
    begun = begin_upload(bench.context, owner, site, manifest_of(files))
    send(bench, owner, files)
    return finish_upload(bench.context, owner, begun["id"])


def used(bench: Bench, owner: Account) -> int:
    return bench.context.uploads.stored.of_account(owner.id)


def test_a_picture_in_ten_releases_counts_once(bench: Bench) -> None:
    ana = bench.account("ana", max_storage_mb=2)
    site, picture = bench.site(ana), os.urandom(MIB)

    for number in range(10):
        upload(bench, ana, site, folder(picture=picture, words=f"release {number}".encode()))

    assert MIB < used(bench, ana) < MIB + 1024


def test_what_is_stored_already_can_be_deployed_again_with_a_full_quota(bench: Bench) -> None:
    ana = bench.account("ana", max_storage_mb=1)
    site, files = bench.site(ana), folder(picture=os.urandom(MIB - 100))

    first = upload(bench, ana, site, files)

    assert upload(bench, ana, site, files) == first


def test_contents_without_a_release_count_too(bench: Bench) -> None:
    ana = bench.account("ana", max_storage_mb=2)
    site, first = bench.site(ana), folder(picture=os.urandom(MIB))
    begin_upload(bench.context, ana, site, manifest_of(first))
    send(bench, ana, first)

    with pytest.raises(TooMany) as refusal:
        begin_upload(bench.context, ana, site, manifest_of(folder(picture=os.urandom(MIB + 512 * 1024))))

    assert refusal.value.code == "storage_full" and refusal.value.hint
    assert refusal.value.message == "This needs 1.5 MiB and you have 1,023 KiB left of 2 MiB."


def test_two_uploads_begun_at_once_do_not_share_the_last_room(bench: Bench) -> None:
    ana = bench.account("ana", max_storage_mb=2)
    site = bench.site(ana)
    one, two = folder(picture=os.urandom(MIB)), folder(picture=os.urandom(MIB + 1024))
    begin_upload(bench.context, ana, site, manifest_of(one))
    late = begin_upload(bench.context, ana, site, manifest_of(two))
    send(bench, ana, one)

    with pytest.raises(TooMany) as refusal:
        receive_files(bench.context, ana, late["id"])
    assert refusal.value.code == "storage_full"


def test_an_upload_that_fits_is_received(bench: Bench) -> None:
    ana = bench.account()
    files = folder()
    begun = begin_upload(bench.context, ana, bench.site(ana), manifest_of(files))
    (raw,) = files.values()
    writer = receive_files(bench.context, ana, begun["id"])

    writer.feed(f"{hashlib.sha256(raw).hexdigest()} {len(raw)}\n".encode() + raw)

    assert writer.finish().missing == []


def test_dependency_layers_count(bench: Bench) -> None:
    ana = bench.account("ana", max_storage_mb=1)
    modules = bench.settings.home / "store" / ana.id / "layers" / "f00" / "node_modules"
    modules.mkdir(parents=True)
    (modules / "big.js").write_bytes(bytes(MIB))

    assert used(bench, ana) == MIB
    with pytest.raises(TooMany):
        begin_upload(bench.context, ana, bench.site(ana), manifest_of(folder()))


def test_what_is_deleted_is_free_again_and_what_arrives_counts_at_once(bench: Bench) -> None:
    ana = bench.account()
    files = folder(picture=os.urandom(MIB))
    send(bench, ana, files)
    before = used(bench, ana)
    picture = BlobStore(bench.settings.home / "store" / ana.id).path(hashlib.sha256(files["picture.bin"]).hexdigest())

    picture.unlink()
    after = used(bench, ana)
    send(bench, ana, files)

    assert (before - after, used(bench, ana)) == (MIB, before)


def test_only_folders_that_changed_are_counted_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = bench.account()
    send(bench, ana, folder(picture=os.urandom(MIB)))
    blobs = bench.settings.home / "store" / ana.id / "blobs"
    for part in blobs.iterdir():
        os.utime(part, (1e9, 1e9))  # as if nothing had changed for long
    before = used(bench, ana)
    real = os.scandir
    looked: list[str] = []

    def scandir(path: str) -> object:
        looked.append(str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)

    assert used(bench, ana) == before
    assert [path for path in looked if path.startswith(f"{blobs}/")] == []


def test_another_accounts_files_do_not_count(bench: Bench) -> None:
    ana, bob = bench.account("ana"), bench.account("bob")
    send(bench, ana, folder(picture=os.urandom(MIB)))
    assert used(bench, bob) == 0


@pytest.mark.parametrize(("size", "down", "up"), [
    (7, "7 bytes", "7 bytes"), (1500, "1 KiB", "2 KiB"), (MIB, "1 MiB", "1 MiB"),
    (10 * MIB + 1, "10 MiB", "10.1 MiB"), (1024 * MIB, "1,024 MiB", "1,024 MiB")])
def test_amounts_are_rounded_so_that_needing_never_looks_like_having(size: int, down: str, up: str) -> None:
    assert (amount(size), amount(size, up=True)) == (down, up)
