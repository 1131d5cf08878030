"""The path rules of an upload (R23): whatever gets through lies inside, once, under its own name."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dialup_ext.domain.manifest import FileEntry, Manifest, check_path
from dialup_ext.errors import BadInput, TooLarge

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

HOSTILE = [
    "", "/", "/etc/passwd", "..", "../x", "a/../x", "a/..", "./a", "a/./b", ".", "a//b", "a/", "//a", "a\\b",
    "..\\x", "C:\\x", "a\0b", "a\nb", "a\tb", "a\x7fb", "a\x1bb", "a.", "a ", "a /b", "a./b", "...", "a/...",
    ". ", ".. ", "../", "a/b/../../../x", "x" * 256, "é" * 128, "/".join("a" * 33), "a/" * 600 + "b",
    "e\u0301.html", "\ud800.html", "Å".replace("Å", "A\u030a") + ".html", "\u212b.html", "a\r",
]

LETTERS = some.characters(codec="utf-8", exclude_categories=["Cs"])
PARTS = some.text(LETTERS, min_size=1, max_size=20)
ODD = some.sampled_from([*HOSTILE, "index.html", ".well-known", "aux", "Con", "İ", "ß", "ﬁ", "\u202e.html"])
PATHS = some.lists(some.one_of(PARTS, ODD), min_size=1, max_size=5).map("/".join)


@pytest.mark.parametrize("path", HOSTILE)
def test_hostile_paths_are_refused(path):
    with pytest.raises(BadInput) as refusal:
        check_path(path)
    assert refusal.value.code == "bad_path"
    assert refusal.value.message.isprintable()


@pytest.mark.parametrize("path", ["index.html", "a/b/c.txt", "bücher/große.html", "日本/語.html", ".well-known/x",
                                  "a b/c d.html", "x" * 255, "...a", "-rf", "$(touch x)", "~", "a;b", "😀.png"])
def test_ordinary_and_merely_odd_names_are_allowed(path):
    assert check_path(path) == path


@given(PATHS)
def test_whatever_passes_stays_inside_and_keeps_its_name(path):
    try:
        check_path(path)
    except BadInput:
        return
    parts = PurePosixPath(path).parts
    assert not path.startswith("/")
    assert "/".join(parts) == path
    assert not {"..", "."} & set(parts)
    assert unicodedata.normalize("NFC", path) == path
    assert all(0 < len(part.encode()) <= 255 for part in parts)


@given(some.lists(PATHS, max_size=6))
def test_no_two_files_of_a_manifest_share_a_name_on_any_file_system(paths):
    try:
        manifest = Manifest(FileEntry(path, 0, EMPTY) for path in paths)
    except BadInput:
        return
    folded = [unicodedata.normalize("NFC", entry.path.casefold()) for entry in manifest]
    assert len(set(folded)) == len(folded)
    for one in folded:
        assert not any(other.startswith(one + "/") for other in folded)


@pytest.mark.parametrize("pair", [("a", "a"), ("A", "a"), ("STRASSE", "straße"), ("a", "a/b"), ("A", "a/b"),
                                  ("x/A/y", "x/a")])
def test_clashing_names_are_refused(pair):
    with pytest.raises(BadInput) as refusal:
        Manifest(FileEntry(path, 0, EMPTY) for path in pair)
    assert refusal.value.code == "bad_path"


@pytest.mark.parametrize(("entries", "code"), [
    ([("big", 51 << 20)], "file_too_large"),
    ([(f"f{i}", 50 << 20) for i in range(11)], "upload_too_large"),
    ([(f"f{i}", 0) for i in range(20_001)], "too_many_files"),
    ([("huge", 10**30)], "upload_too_large")])
def test_caps_hold_before_a_byte_is_sent(entries, code):
    with pytest.raises(TooLarge) as refusal:
        Manifest(FileEntry(path, size, EMPTY) for path, size in entries)
    assert refusal.value.code == code


def test_a_negative_size_and_a_strange_digest_are_refused():
    with pytest.raises(BadInput):
        Manifest([FileEntry("a", -1, EMPTY)])
    with pytest.raises(BadInput):
        Manifest([FileEntry("a", 1, "z" * 64)])
