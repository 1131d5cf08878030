"""A site that was deployed from elsewhere can be gone on with: its release's files become a workspace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dialup_ext import workspace
from dialup_ext.client.transport import Transport
from dialup_ext.errors import Conflict, NotFound
from dialup_ext.testing.installation import Installation, Person


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def fetch(person: Person, site: str, target: Path) -> Path:
    with Transport(person.portal, key=person.key) as transport:
        return workspace.fetch(transport, site, target)


def test_a_workspace_is_made_of_what_is_live(ana: Person, name: str, node_site: Callable[..., Path],
                                             tmp_path: Path) -> None:
    folder = node_site("first")
    (folder / "public/deep").mkdir(parents=True)
    (folder / "public/deep/a b.txt").write_bytes(bytes(range(256)) * 5000)
    (folder / "empty").write_text("")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    ana.deploy(name, folder)
    live = files_in(folder)
    (folder / "server.js").write_text("throw new Error('never live')")
    with pytest.raises(Exception, match="never live"):
        ana.deploy(name, folder)

    made = fetch(ana, name, tmp_path / "lab" / name)

    assert files_in(made) == live
    assert (made / "run.sh").stat().st_mode & 0o111 and not (made / "server.js").stat().st_mode & 0o111


def test_a_folder_that_holds_something_is_left_as_it_is(ana: Person, name: str, static_site: Callable[[str], Path],
                                                        tmp_path: Path) -> None:
    ana.deploy(name, static_site("live"))
    (tmp_path / name).mkdir()
    (tmp_path / name / "mine.txt").write_text("mine")

    with pytest.raises(Conflict) as refused:
        fetch(ana, name, tmp_path / name)

    assert refused.value.code == "workspace_exists"
    assert files_in(tmp_path / name) == {"mine.txt": b"mine"}


def test_a_site_without_a_release_says_what_to_do(ana: Person, name: str, tmp_path: Path) -> None:
    ana.call("POST", "/sites", {"name": name})

    with pytest.raises(NotFound) as refused:
        fetch(ana, name, tmp_path / name)

    assert refused.value.code == "no_release" and "deploy it" in refused.value.hint
    assert not (tmp_path / name).exists()


def test_nobody_reads_anybody_elses_source(dialup: Installation, ana: Person, ben: Person, name: str,
                                           static_site: Callable[[str], Path]) -> None:
    ana.deploy(name, static_site("private words"))
    digest = ana.call("GET", f"/sites/{name}/source").json["files"][0]["sha256"]
    ben.deploy(f"{name}b", static_site("other"))

    assert b"private words" in ana.call("GET", f"/sites/{name}/source/{digest}").body
    assert ben.call("GET", f"/sites/{name}/source").status == 404
    assert ben.call("GET", f"/sites/{name}/source/{digest}").status == 404
    assert ben.call("GET", f"/sites/{name}b/source/{digest}").status == 404
    assert dialup.get("admin", f"/dialup/api/v1/sites/{name}/source").status == 401
