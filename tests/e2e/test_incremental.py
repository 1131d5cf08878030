"""Cost grows with the change: the second deploy sends what is new, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialup_ext.client.deploy import deploy_folder
from dialup_ext.client.transport import Transport
from dialup_ext.testing.installation import Installation, Person


def test_after_one_edit_of_3000_files_only_that_file_and_the_list_are_sent(
        dialup: Installation, ana: Person, name: str, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    for number in range(3000):
        path = folder / f"part{number % 30:02}" / f"page{number:04}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"<p>{number}</p>" * 20)
    (folder / "index.html").write_text("first")
    first = sent_by(ana, name, folder)

    edited = "second " * 20_000
    (folder / "index.html").write_text(edited)
    second = sent_by(ana, name, folder)

    manifest = second["uploads"]
    assert second["files"] <= 1.1 * len(edited)
    assert second["other"] < 20_000
    assert first["files"] > 600_000 > manifest / 2
    assert dialup.get(name).text == edited


def sent_by(person: Person, site: str, folder: Path) -> dict[str, int]:
    """Bytes of request bodies by purpose, counted where they leave."""
    counted = {"uploads": 0, "files": 0, "other": 0}
    with Transport(person.portal, key=person.key) as transport:
        client = transport._client
        original = client.send

        def send(request, **options):
            size = int(request.headers.get("content-length", "0"))
            path = request.url.path
            kind = "files" if path.endswith("/files") else "uploads" if path.endswith("/uploads") else "other"
            counted[kind] += size
            return original(request, **options)

        client.send = send  # type: ignore[method-assign]
        deploy_folder(transport, site, folder, create=True)
    return counted


@pytest.mark.parametrize("broken", ["truncated", "wrong digest", "unexpected"])
def test_bytes_that_are_not_what_was_announced_are_refused(ana: Person, name: str, broken: str) -> None:
    import hashlib

    body = b"<h1>hello</h1>"
    digest = hashlib.sha256(body).hexdigest()
    ana.call("POST", "/sites", {"name": name})
    upload = ana.call("POST", f"/sites/{name}/uploads",
                      {"files": [{"path": "index.html", "size": len(body), "sha256": digest}]}).json
    frame = {
        "truncated": f"{digest} {len(body)}\n".encode() + body[:3],
        "wrong digest": f"{digest} {len(body)}\n".encode() + b"X" * len(body),
        "unexpected": f"{'0' * 64} {len(body)}\n".encode() + body,
    }[broken]

    answer = ana.installation.request(
        "POST", "admin", f"/dialup/api/v1/uploads/{upload['id']}/files", body=frame,
        headers={"Authorization": f"Bearer {ana.key}", "Content-Type": "application/vnd.dialup.files"})

    assert answer.status == 400 and answer.json["hint"], answer.text
    assert ana.call("POST", f"/uploads/{upload['id']}/release").json["code"] == "upload_incomplete"


