"""Only what is missing is sent; an upload survives a restart and belongs to one account."""

from __future__ import annotations

import os
import time
from threading import Barrier, Thread

import pytest

from dialup_ext.errors import BadInput, Conflict, DialupError, NotFound
from dialup_ext.releases.uploads import MOST_OPEN, Uploads

SITE = {"index.html": b"<h1>hello</h1>", "style.css": b"body {}", "copy.css": b"body {}"}


def test_a_first_upload_lacks_every_content_once_and_a_second_nothing(alice):
    assert len(alice.begin(SITE).missing) == 2
    alice.upload(SITE)
    assert alice.begin(SITE).missing == []


def test_after_one_edit_only_that_file_is_missing(alice):
    alice.upload(SITE)
    edited = SITE | {"style.css": b"body { color: red }"}
    assert alice.begin(edited).missing == [alice.digest(b"body { color: red }")]


def test_finish_gives_the_files_and_the_site_and_may_be_asked_again(alice):
    upload = alice.begin(SITE)
    alice.send(upload, alice.frames(SITE))
    for _ in range(2):
        manifest, site_id = alice.uploads.finish(upload.id, alice.id)
        assert manifest.digest == alice.manifest(SITE).digest
        assert site_id == "site"
    assert alice.trees.manifest(alice.id, manifest.digest).files == manifest.files


def test_an_incomplete_upload_is_refused_with_the_number_that_is_missing(alice):
    upload = alice.begin(SITE)
    with pytest.raises(Conflict) as refusal:
        alice.uploads.finish(upload.id, alice.id)
    assert refusal.value.code == "upload_incomplete"
    assert "2 of 2" in refusal.value.message


def test_an_upload_goes_on_after_a_restart_of_the_hub(alice, settings):
    upload = alice.begin(SITE)
    alice.send(upload, alice.frames({"a": SITE["index.html"]}))
    alice.uploads = Uploads(settings)
    again = alice.uploads.load(upload.id, alice.id)
    assert again.missing == [alice.digest(b"body {}")]
    assert alice.send(again, alice.frames(SITE, again.missing)).missing == []
    alice.uploads.finish(upload.id, alice.id)


def test_several_bodies_one_after_another(alice):
    upload = alice.begin(SITE)
    first = alice.send(upload, alice.frames({"a": SITE["index.html"]}))
    assert (first.received, len(first.missing)) == (1, 1)
    second = alice.send(upload, alice.frames(SITE))
    assert (second.received, second.missing) == (2, [])


def test_two_bodies_at_once(alice):
    files = {f"{i}.txt": os.urandom(2000) for i in range(200)} | {"index.html": b"x"}
    upload = alice.begin(files)
    start, failures = Barrier(2), []

    def send() -> None:
        start.wait()
        try:
            alice.send(upload, alice.frames(files))
        except (OSError, DialupError) as error:
            failures.append(error)

    threads = [Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    alice.uploads.finish(upload.id, alice.id)


def test_a_body_that_broke_off_keeps_its_whole_files(alice):
    upload = alice.begin(SITE)
    with pytest.raises(BadInput) as refusal:
        alice.send(upload, alice.frames(SITE)[:-3])
    assert refusal.value.code == "truncated_upload"
    assert len(alice.uploads.load(upload.id, alice.id).missing) == 1


def test_altered_bytes_are_refused_and_not_kept(alice):
    upload = alice.begin({"index.html": b"hello"})
    body = f"{alice.digest(b'hello')} 5\nHELLO".encode()
    writer = alice.uploads.receive(upload.id, alice.id)
    with pytest.raises(BadInput) as refusal:
        writer.feed(body)
    writer.abort()
    writer.abort()
    assert refusal.value.code == "wrong_digest"
    assert alice.uploads.load(upload.id, alice.id).missing == [alice.digest(b"hello")]


def test_having_a_hash_gives_nobody_the_file(alice, bob):
    alice.upload(SITE)
    upload = bob.begin(SITE)
    assert len(upload.missing) == 2
    with pytest.raises(Conflict):
        bob.uploads.finish(upload.id, bob.id)


def test_another_accounts_upload_does_not_exist(alice, bob):
    upload = alice.begin(SITE)
    bob.upload({"index.html": b"bob"})
    for ask in (bob.uploads.load, bob.uploads.receive, bob.uploads.finish):
        with pytest.raises(NotFound) as refusal:
            ask(upload.id, bob.id)
        assert refusal.value.code == "upload_not_found"
    bob.uploads.discard(upload.id, bob.id)
    assert alice.uploads.load(upload.id, alice.id).id == upload.id


@pytest.mark.parametrize("upload_id", ["", "../../alice-id/uploads/x", "0" * 31, "g" * 32, "0" * 32 + "\n", "%2e%2e"])
def test_only_an_id_finds_an_upload(alice, upload_id):
    with pytest.raises(NotFound):
        alice.uploads.load(upload_id, alice.id)


@pytest.mark.parametrize("account_id", ["", "..", "a/b", "../x", ".", "a\0b"])
def test_an_account_id_never_leaves_the_store(alice, account_id):
    with pytest.raises(BadInput):
        alice.uploads.begin(account_id, "site", alice.manifest(SITE))


def test_ids_cannot_be_guessed(alice):
    ids = {alice.begin(SITE).id for _ in range(20)}
    assert len(ids) == 20
    assert all(len(upload_id) == 32 for upload_id in ids)


def test_an_unused_upload_expires_and_a_used_one_does_not(alice, settings):
    old, new = alice.begin(SITE), alice.begin(SITE)
    record = alice.store / "uploads" / f"{old.id}.json"
    past = time.time() - settings.upload_lifetime - 1
    os.utime(record, (past, past))
    assert alice.uploads.sweep() == 1
    with pytest.raises(NotFound):
        alice.uploads.load(old.id, alice.id)
    assert alice.uploads.load(new.id, alice.id)


def test_sending_renews_the_time_an_upload_has(alice, settings):
    upload = alice.begin(SITE)
    record = alice.store / "uploads" / f"{upload.id}.json"
    past = time.time() - settings.upload_lifetime - 1
    os.utime(record, (past, past))
    alice.send(upload, alice.frames(SITE))
    assert alice.uploads.sweep() == 0


def test_nobody_can_fill_the_disk_with_open_uploads(alice):
    for _ in range(MOST_OPEN + 5):
        newest = alice.begin(SITE)
    assert len(list((alice.store / "uploads").glob("*.json"))) == MOST_OPEN
    assert alice.uploads.load(newest.id, alice.id)


def test_three_thousand_small_files_are_one_sync(alice, monkeypatch):
    """Durability is bought once per body, not once per file."""
    synced = []
    real = os.fsync

    def fsync(descriptor):
        synced.append(descriptor)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    files = {f"{i % 50}/{i}.txt": str(i).encode() for i in range(3000)} | {"index.html": b"x"}
    alice.upload(files)
    assert len(synced) < 300, "256 folders at the most, and the two records"
