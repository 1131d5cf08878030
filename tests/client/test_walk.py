"""Walking a folder: what is part of a site, and that nothing outside ever is."""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from dialup_ext.client import folder as folders
from dialup_ext.client.hashes import HashCache
from dialup_ext.client.walk import walk
from dialup_ext.domain import manifest
from dialup_ext.domain.manifest import FileEntry
from dialup_ext.errors import BadInput, Conflict, NotFound, TooLarge


def paths(root: Path) -> list[str]:
    return [entry.path for entry in walk(root).manifest]


def age(root: Path) -> None:
    """Let the files have been at rest: the cache does not believe very young ones."""
    for place in root.rglob("*"):
        if place.is_file():
            os.utime(place, ns=(10**18, 10**18))


def test_regular_files_are_found_with_size_digest_and_whether_they_may_be_executed(folder):
    root = folder({"index.html": "hello", "bin/run.sh": "#!/bin/sh"})
    (root / "bin/run.sh").chmod(0o755)

    found = {entry.path: entry for entry in walk(root).manifest}

    assert found["index.html"].sha256 == hashlib.sha256(b"hello").hexdigest()
    assert (found["index.html"].size, found["index.html"].executable) == (5, False)
    assert found["bin/run.sh"].executable


def test_what_tools_leave_behind_and_secrets_stay_behind(folder):
    root = folder(dict.fromkeys(
        [".git/config", "node_modules/a/index.js", "__pycache__/a.pyc", ".venv/bin/python", ".env", ".env.local",
         ".ipynb_checkpoints/a.ipynb", ".DS_Store", "notes.md~", ".dialupignore", ".dialup-site.json", ".ssh/id_rsa",
         "index.html", ".env.example", ".well-known/security.txt", "a/.env"], "x"))

    assert paths(root) == [".env.example", ".well-known/security.txt", "index.html"]


def test_dialupignore_leaves_out_more_and_may_take_back(folder):
    root = folder({".dialupignore": "drafts/\n*.psd\n!.env\n", "drafts/a.html": "", "b.psd": "", "c.html": "",
                   ".env": "PUBLIC=1"})

    assert paths(root) == [".env", "c.html"]


def test_links_are_never_followed_and_are_named(folder, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("s3cret")
    root = folder({"index.html": "x"})
    (root / "out").symlink_to(secret)
    (root / "key").symlink_to(secret / "key")
    (root / "again.html").symlink_to("index.html")
    (root / "gone").symlink_to("nowhere")

    walked = walk(root)

    assert [entry.path for entry in walked.manifest] == ["index.html"]
    assert sorted(item.path for item in walked.skipped) == ["again.html", "gone", "key", "out"]
    assert {item.why for item in walked.skipped} == {"a link"}


def test_a_dialupignore_that_is_a_link_is_not_read(folder, tmp_path):
    (tmp_path / "rules").write_text("*")
    root = folder({"index.html": "x"})
    (root / ".dialupignore").symlink_to(tmp_path / "rules")

    with pytest.raises(Conflict):
        walk(root)


def test_pipes_and_sockets_are_named_and_do_not_hang(folder):
    root = folder({"index.html": "x"})
    os.mkfifo(root / "pipe")

    assert [(item.path, item.why) for item in walk(root).skipped] == [("pipe", "not a regular file")]


def test_a_folder_swapped_for_a_link_while_walking_leads_nowhere(folder, tmp_path):
    """A racer flips `a` between a folder and a link to secrets; no secret's digest ever shows up."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "f").write_text("s3cret")
    root = folder({"index.html": "x", "a/f": "mine", "real/f": "mine"})
    done = threading.Event()

    def race() -> None:
        link = root / "link"
        while not done.is_set():
            link.symlink_to(secret)
            (root / "a").rename(root / "b")
            link.rename(root / "a")
            (root / "a").unlink()
            (root / "b").rename(root / "a")

    racer = threading.Thread(target=race)
    racer.start()
    try:
        seen = set()
        for _ in range(200):
            try:
                seen |= {entry.sha256 for entry in walk(root).manifest}
            except Conflict:
                continue
    finally:
        done.set()
        racer.join()

    assert hashlib.sha256(b"s3cret").hexdigest() not in seen


def test_a_file_opened_through_a_link_is_refused_as_changed(folder, tmp_path):
    root = folder({"index.html": "x"})
    (tmp_path / "secret").write_text("s")
    (root / "index.html").unlink()
    (root / "index.html").symlink_to(tmp_path / "secret")

    with pytest.raises(Conflict) as refusal, folders.Folder(root).open("index.html"):
        pass
    assert refusal.value.code == "changed_while_reading"


def test_without_relative_calls_links_are_refused_as_well(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "_RELATIVE", False)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "f").write_text("s")
    root = folder({"index.html": "x", "a/b.html": "y"})
    (root / "l").symlink_to(tmp_path / "out")

    assert paths(root) == ["a/b.html", "index.html"]
    with pytest.raises(Conflict), folders.Folder(root).open("l/f"):
        pass


def test_unicode_names_travel_composed_and_are_read_by_the_name_on_disk(folder):
    composed, decomposed = "grüße.html", unicodedata.normalize("NFD", "café.html")
    root = folder({composed: "1", decomposed: "2", "日本/语.html": "3"})

    walked = walk(root)

    assert {entry.path for entry in walked.manifest} == {composed, "café.html", "日本/语.html"}
    with walked.folder.open(walked.places["café.html"]) as file:
        assert file.read() == b"2"


def test_a_name_no_site_may_have_is_refused_by_name(folder):
    root = folder({"index.html": "x", "a\\b.html": "y"})

    with pytest.raises(BadInput) as refusal:
        walk(root)
    assert refusal.value.code == "bad_path"
    assert "a\\b.html" in refusal.value.message


def test_a_name_that_is_not_utf8_is_refused_in_words(folder):
    root = folder({"index.html": "x"})
    (root / os.fsdecode(b"caf\xe9.html")).touch()

    with pytest.raises(BadInput) as refusal:
        walk(root)
    assert refusal.value.message.isprintable()


def test_names_that_differ_only_in_case_are_refused(folder):
    with pytest.raises(BadInput):
        walk(folder({"Index.html": "x", "index.html": "y"}))


@pytest.fixture
def anybodys_folder() -> Iterator[Path]:
    """A folder anybody can look into; while it is there, this process is not root."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        (Path(name) / "index.html").write_text("x")
        (Path(name) / "index.html").chmod(0)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)  # root reads everything
        yield Path(name)
        if root:
            os.seteuid(0)


def test_an_unreadable_file_is_named(anybodys_folder):
    with pytest.raises(BadInput, match=r"index\.html"):
        walk(anybodys_folder)


def test_too_many_files_are_refused_before_any_is_read(folder, monkeypatch):
    monkeypatch.setattr("dialup_ext.client.walk.MAX_FILES", 3)
    monkeypatch.setattr("dialup_ext.client.walk._digest", lambda *_: pytest.fail("read a file"))

    with pytest.raises(TooLarge):
        walk(folder({f"{n}.html": "x" for n in range(4)}))


def test_a_file_that_is_too_large_is_refused_before_any_is_read(folder, monkeypatch):
    monkeypatch.setattr("dialup_ext.client.walk._digest", lambda *_: pytest.fail("read a file"))
    root = folder({"index.html": "x"})
    with (root / "film.mp4").open("wb") as film:
        film.truncate(manifest.MAX_FILE_BYTES + 1)

    with pytest.raises(TooLarge, match=r"film\.mp4"):
        walk(root)


def test_the_second_walk_reads_only_what_changed(folder):
    root = folder({f"{n}.html": f"page {n}" for n in range(20)})
    age(root)
    first = walk(root, cache=HashCache(root))  # ctime is young: nothing is believed yet
    assert first.bytes_read > 0

    _pretend_two_seconds_passed(root)
    assert walk(root).bytes_read == 0
    (root / "3.html").write_text("new words")
    again = walk(root)

    assert again.bytes_read == len("new words")
    assert again.manifest.get("3.html") == FileEntry("3.html", 9, hashlib.sha256(b"new words").hexdigest())


def _pretend_two_seconds_passed(root: Path) -> None:
    """Fill the cache as a walk two seconds later would."""
    from dialup_ext.client import hashes

    before, hashes.AT_REST_NS = hashes.AT_REST_NS, -(10**12)
    try:
        walk(root)
    finally:
        hashes.AT_REST_NS = before


def test_a_change_that_keeps_size_and_mtime_is_seen(folder):
    root = folder({"index.html": "aaaa"})
    age(root)
    _pretend_two_seconds_passed(root)
    (root / "index.html").write_text("bbbb")
    age(root)

    assert walk(root).manifest.get("index.html") == FileEntry(
        "index.html", 4, hashlib.sha256(b"bbbb").hexdigest())


def test_a_young_file_is_not_remembered(folder):
    root = folder({"index.html": "aaaa"})
    walk(root)

    assert walk(root).bytes_read == 4


@pytest.mark.parametrize("rubbish", ["", "{", "[]", '{"version": 1, "files": {"index.html": [1]}}', "\x00"])
def test_a_broken_cache_costs_time_only(folder, rubbish):
    root = folder({"index.html": "aaaa"})
    cache = HashCache(root)
    cache.path.parent.mkdir(parents=True)
    cache.path.write_text(rubbish)

    assert paths(root) == ["index.html"]


def test_the_whole_home_is_not_a_site():
    with pytest.raises(BadInput) as refusal:
        walk(Path.home())
    assert refusal.value.code == "whole_home"


def test_a_missing_folder_and_a_file_are_told_apart(tmp_path):
    (tmp_path / "f").write_text("")
    with pytest.raises(NotFound):
        walk(tmp_path / "nowhere")
    with pytest.raises(BadInput):
        walk(tmp_path / "f")


def test_very_deep_folders_end_in_words(folder):
    root = folder({"index.html": "x"})
    (root / "/".join("d" * 40)).mkdir(parents=True)

    with pytest.raises(BadInput, match="folders deep"):
        walk(root)
