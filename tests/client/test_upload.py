"""Uploading and deploying a folder: what is sent, what is resumed, what is refused."""

from __future__ import annotations

import hashlib
import json
import os

import pytest

from dialup_ext.client import events
from dialup_ext.client.deploy import DeployFailed, deploy_folder, rollback
from dialup_ext.client.walk import walk
from dialup_ext.errors import BadInput, Conflict, DialupError, NotFound


def manifest_size(root) -> int:
    rows = [{"path": e.path, "size": e.size, "sha256": e.sha256} for e in walk(root).manifest]
    return len(json.dumps({"files": rows}, separators=(",", ":")))


def test_after_one_edit_in_three_thousand_files_only_that_file_is_sent(counted, relay, folder, name):
    root = folder({"index.html": "<h1>hi</h1>"} | {f"p/{n % 50}/{n}.html": f"page {n} " * 40 for n in range(3000)})
    deploy_folder(counted, name, root, create=True)
    assert relay.sent > 3000 * 280

    edited = os.urandom(200_000)
    (root / "p/7/7.html").write_bytes(edited)
    before = relay.sent
    deploy_folder(counted, name, root)

    assert relay.sent - before < 1.1 * (len(edited) + manifest_size(root))


def test_the_same_folder_twice_sends_nothing_and_is_the_same_release(transport, folder, name):
    root = folder({"index.html": "same"})
    first = deploy_folder(transport, name, root, create=True)
    seen: list[events.Event] = []
    second = deploy_folder(transport, name, root, seen.append)

    assert [event.missing_files for event in seen if isinstance(event, events.Recognised)] == [0]
    assert first["release"] == second["release"]


def test_everything_is_told_in_order(transport, folder, name):
    seen: list[events.Event] = []
    deployment = deploy_folder(transport, name, folder({"index.html": name}), seen.append, create=True)

    kinds = list(dict.fromkeys(type(event).__name__ for event in seen))
    assert kinds[:7] == ["Reading", "Found", "Created", "Recognised", "Sent", "Released", "Moved"]
    assert deployment["status"] == "live"
    assert [event.sent for event in seen if isinstance(event, events.Sent)][-1] == len(name)


def test_odd_names_empty_files_and_twins_arrive_whole(fake, transport, folder, name):
    contents = {"index.html": "", "grüße/日本 语.html": "ü", "a b/c'd.html": "twin", "twin.html": "twin"}
    deploy_folder(transport, name, folder(contents), create=True)

    assert set(fake.blobs["ana"].values()) == {text.encode() for text in contents.values()}


def test_a_broken_upload_goes_on_where_it_broke(counted, relay, folder, name, monkeypatch):
    """Four batches of a megabyte; the line is cut twice. No batch that was acknowledged goes twice."""
    monkeypatch.setattr("dialup_ext.client.upload.BATCH_BYTES", 1 << 20)
    root = folder({"index.html": "x"} | {f"{n}.bin": os.urandom(1_000_000) for n in range(4)})
    relay.cuts = [1_600_000, 900_000]

    deployment = deploy_folder(counted, name, root, create=True)

    assert deployment["status"] == "live"
    assert not relay.cuts
    assert relay.sent < 4_000_000 + 2 * 1_100_000 + 100_000


def test_a_line_that_always_breaks_ends_in_words(counted, relay, folder, name, monkeypatch):
    monkeypatch.setattr("dialup_ext.client.upload.time.sleep", lambda _: None)
    root = folder({"index.html": "x", "a.bin": os.urandom(500_000)})
    relay.cuts = [100_000] * 200

    with pytest.raises(DialupError, match="broke") as refusal:
        deploy_folder(counted, name, root, create=True)
    relay.cuts = []
    assert refusal.value.code == "connection_lost"


def test_a_file_that_changes_while_it_is_sent_never_arrives(fake, transport, folder, name):
    root = folder({"index.html": "first words"})

    def rewrite(event: events.Event) -> None:
        if isinstance(event, events.Recognised):
            (root / "index.html").write_text("other words")

    with pytest.raises(Conflict) as refusal:
        deploy_folder(transport, name, root, rewrite, create=True)
    assert refusal.value.code == "changed_while_reading"
    assert not fake.blobs["ana"]
    assert deploy_folder(transport, name, root, create=True)["status"] == "live"


def test_a_file_that_becomes_a_link_while_it_is_sent_is_not_read(fake, transport, folder, name, tmp_path):
    (tmp_path / "secret").write_text("s3cret")
    root = folder({"index.html": "s3cret"})

    def swap(event: events.Event) -> None:
        if isinstance(event, events.Recognised):
            (root / "index.html").unlink()
            (root / "index.html").symlink_to(tmp_path / "secret")

    with pytest.raises(Conflict):
        deploy_folder(transport, name, root, swap, create=True)


def test_a_folder_without_a_site_is_refused_and_leaves_no_empty_site(transport, folder, name):
    with pytest.raises(BadInput) as refusal:
        deploy_folder(transport, name, folder({"readme.txt": "x"}), create=True)
    assert refusal.value.code == "no_site_in_folder"
    with pytest.raises(NotFound):
        transport.get(f"/sites/{name}")


def test_a_refusal_here_makes_no_site_there(transport, folder, name):
    with pytest.raises(BadInput):
        deploy_folder(transport, name, folder({"index.html": "x", "a\\b": "y"}), create=True)
    with pytest.raises(NotFound):
        transport.get(f"/sites/{name}")


def test_a_failed_deployment_raises_with_cause_hint_and_last_lines(fake, transport, folder, name):
    root = folder({"index.html": "x"})
    deploy_folder(transport, name, root, create=True)
    (root / "FAIL").write_text("x")

    with pytest.raises(DeployFailed) as failure:
        deploy_folder(transport, name, root)
    assert failure.value.code == "never_healthy"
    assert failure.value.still_live == 1
    assert "EADDRINUSE" in failure.value.log_tail[0]
    assert "Check that it listens on $PORT." in str(failure.value)
    assert "Your site still runs release 1." in str(failure.value)


def test_rolling_back_makes_the_release_before_live_again(transport, folder, name):
    root = folder({"index.html": "one"})
    deploy_folder(transport, name, root, create=True)
    (root / "index.html").write_text("two!")
    deploy_folder(transport, name, root)

    assert rollback(transport, name)["release"]["number"] == 1
    assert rollback(transport, name, 2)["release"]["number"] == 2


def test_a_stream_that_breaks_is_taken_up_where_it_broke(fake, transport, folder, name):
    fake.cut_streams = 3
    seen: list[events.Event] = []
    deploy_folder(transport, name, folder({"index.html": "x"}), seen.append, create=True)

    statuses = [event.deployment["status"] for event in seen if isinstance(event, events.Moved)]
    assert statuses == ["queued", "queued", "building", "starting", "checking", "switching", "live", "live"]


def test_a_lost_answer_makes_nothing_twice(fake, transport, folder, name):
    fake.drop_answers = 1
    transport.post("/sites", {"name": name}, once=True)
    fake.drop_answers = 1
    deploy_folder(transport, name, folder({"index.html": "x"}))

    assert len(fake.releases[name]) == 1
    assert len(fake.deployments) == 1


def test_content_is_never_held_whole_in_memory(fake, transport, folder, name):
    import tracemalloc

    root = folder({"index.html": "x", "big.bin": b"\0" * (20 << 20)})
    walked = walk(root)
    big = walked.manifest.get("big.bin")
    assert big is not None
    from dialup_ext.client.upload import _content

    tracemalloc.start()
    size = sum(len(chunk) for chunk in _content(walked, big))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size == 20 << 20
    assert peak < 4 << 20
    assert big.sha256 == hashlib.sha256(b"\0" * size).hexdigest()
