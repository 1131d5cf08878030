"""Bad input: refused with message, hint, code and 4xx, and nothing is changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dialup_ext.testing.installation import Answer, Installation, Person

EMPTY = hashlib.sha256(b"").hexdigest()


def refused(answer: Answer, code: str) -> None:
    assert 400 <= answer.status < 500, answer.text
    assert answer.json["code"] == answer.json["reason"] == code, answer.text
    assert answer.json["message"] and answer.json["hint"], answer.text


@pytest.mark.parametrize("bad", ["", "a", "A", "1a", "-a", "a-", "a--b", "admin", "adm1n", "admn", "editor",
                                 "login", "wpad", "xn--p1ai", "blog-dev", "x" * 32, "a.b", "a b", "ä", "a\n",
                                 "$(touch x)", "../etc", "www", "_acme-challenge"])
def test_a_bad_or_reserved_name_is_refused_with_a_proposal_where_there_is_one(ana: Person, bad: str) -> None:
    refused(ana.call("POST", "/sites", {"name": bad}), "bad_name")
    assert ana.call("GET", "/sites").json["sites"] == []


def test_a_taken_name_is_refused_and_stays_its_owners(ana: Person, ben: Person, name: str) -> None:
    ana.call("POST", "/sites", {"name": name})

    refused(ben.call("POST", "/sites", {"name": name}), "name_taken")
    refused(ben.call("POST", "/sites", {"name": ana.name}), "name_taken")


@pytest.mark.parametrize("path", ["../up", "/abs", "a/../b", "a//b", ".", "a\\b", "a\x00b", "a\nb", "b.", "b ",
                                  "x" * 256, "/".join("d" * 33), "a/" * 600 + "b", "e\u0301.html", "\ud800"])
def test_a_hostile_path_is_refused_before_any_byte_is_sent(ana: Person, name: str, path: str) -> None:
    ana.call("POST", "/sites", {"name": name})

    answer = upload(ana, name, [("index.html", 0, EMPTY), (path, 0, EMPTY)])

    assert answer.status == 400 and answer.json["code"] in ("bad_path", "bad_input"), answer.text
    assert answer.json["hint"]


@pytest.mark.parametrize(("files", "code"), [
    ([("index.html", 0, EMPTY), ("INDEX.html", 0, EMPTY)], "bad_path"),
    ([("index.html", 0, EMPTY), ("index.html", 0, EMPTY)], "bad_path"),
    ([("a", 0, EMPTY), ("a/index.html", 0, EMPTY)], "bad_path"),
    ([("index.html", 51 << 20, EMPTY)], "file_too_large"),
    ([(f"f{n}.html", 49 << 20, f"{n:064x}") for n in range(11)], "upload_too_large"),
    ([("index.html", 0, "Z" * 64)], "bad_digest"),
    ([("notes.txt", 0, EMPTY)], "no_site_in_folder"),
    ([], "no_site_in_folder"),
], ids=["case clash", "twice", "file and folder", "large file", "large folder", "digest", "no site", "empty"])
def test_a_manifest_that_cannot_become_a_site_is_refused(ana: Person, name: str, files: list[Any],
                                                         code: str) -> None:
    ana.call("POST", "/sites", {"name": name})

    refused(upload(ana, name, files), code)
    assert ana.call("GET", f"/sites/{name}/releases").json["releases"] == []


def test_too_many_files_are_refused(ana: Person, name: str) -> None:
    ana.call("POST", "/sites", {"name": name})

    refused(upload(ana, name, [(f"f{n}.html", 0, EMPTY) for n in range(20_001)]), "too_many_files")


def test_an_unknown_or_malformed_key_is_refused(dialup: Installation) -> None:
    for key in ("nonsense", "dlp_abcdefgh_" + "x" * 43 + "yyyyyy", ""):
        answer = dialup.get("admin", "/dialup/api/v1/me", Authorization=f"Bearer {key}")
        assert answer.status == 401 and answer.json["hint"], answer.text


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'{"name": 3}', b'{"name": "ok-name", "owner_id": "x"}',
                                  b'{"nam": "x"}', b"\xff\xfe"])
def test_a_malformed_body_is_refused_naming_what_is_wrong(ana: Person, body: bytes) -> None:
    answer = ana.installation.request("POST", "admin", "/dialup/api/v1/sites", body=body,
                                      headers={"Authorization": f"Bearer {ana.key}"})
    refused(answer, "bad_input")


def test_a_quota_is_refused_with_its_numbers(dialup: Installation, name: str) -> None:
    from dialup_ext.domain.account import Quota

    person = dialup.account(f"q{name}", quota=Quota(max_sites=1, max_storage_mb=1))
    person.call("POST", "/sites", {"name": name})

    answer = person.call("POST", "/sites", {"name": name + "b"})
    refused(answer, "too_many_sites")
    assert "1 of 1" in answer.json["message"]
    answer = upload(person, name, [("index.html", 2 << 20, "a" * 64)])
    refused(answer, "storage_full")
    assert "2 MiB" in answer.json["message"]


def test_a_folder_without_a_site_is_refused_by_the_client_as_well(ana: Person, name: str, tmp_path: Path) -> None:
    from dialup_ext.errors import BadInput

    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(BadInput) as refusal:
        ana.deploy(name, tmp_path)
    assert refusal.value.code == "no_site_in_folder" and refusal.value.hint


def test_a_second_deployment_at_once_is_refused_and_the_first_goes_on(
        ana: Person, name: str, node_site: Callable[..., Path]) -> None:
    ana.deploy(name, node_site("one"))
    release = ana.call("GET", f"/sites/{name}/releases").json["releases"][0]["id"]

    first = ana.call("POST", f"/sites/{name}/deployments", {"release": release})
    second = ana.call("POST", f"/sites/{name}/deployments", {"release": release})

    assert first.status == 202
    refused(second, "deployment_running")


def test_the_same_idempotency_key_creates_once(ana: Person, name: str) -> None:
    key = {"Idempotency-Key": f"k-{name}"}
    first = ana.call("POST", "/sites", {"name": name}, **key)
    again = ana.call("POST", "/sites", {"name": name}, **key)
    other = ana.call("POST", "/sites", {"name": name + "x"}, **key)

    assert first.status == again.status == 201 and first.json == again.json
    refused(other, "key_reused")


def upload(person: Person, site: str, files: list[tuple[str, int, str]]) -> Answer:
    return person.call("POST", f"/sites/{site}/uploads", {
        "files": [{"path": path, "size": size, "sha256": digest} for path, size, digest in files]})
