"""Static sites in containers of their own: the brief's nginx, where `static_container` is on."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from dialup_ext.app import choose_driver
from dialup_ext.cli.dialup import main
from dialup_ext.errors import BadInput
from dialup_ext.installation import Bond
from dialup_ext.settings import Settings
from dialup_ext.store.engine import Store
from dialup_ext.store.values import StoredValues
from dialup_ext.testing.drivers import installed
from dialup_ext.testing.installation import Installation, Person, wait_until


@pytest.fixture(scope="module")
def contained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed("docker", tmp_path_factory.mktemp("contained") / "home", "nginx",
                   drain_seconds="0.5", health_timeout="15", static_container="yes") as installation:
        yield installation


@pytest.fixture
def eva(contained: Installation, name: str) -> Person:
    return contained.account(f"eva-{name}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site with all that has a rule of its own; the pages are in a folder."""
    public = tmp_path / "site/public"
    (public / "notes").mkdir(parents=True)
    (public / "_astro").mkdir()
    (public / ".well-known").mkdir()
    for path, words in {"index.html": "one", "about.html": "about", "404.html": "nothing here", "notes/index.html": "notes",
                        "_astro/a.css": "a{color:red}" * 500, ".well-known/security.txt": "mail", ".env": "secret"}.items():
        (public / path).write_text(words)
    (tmp_path / "site/notes.txt").write_text("not public")
    return tmp_path / "site"


def limits(installation: Installation, site: str) -> list[tuple[str, int, int]]:
    """Image, bytes and billionths of a core of each container of the site."""
    mark = json.loads((installation.home / "data/installation").read_text())["id"]
    words = ["--filter", f"label=dialup.installation={mark}", "--filter", f"label=dialup.site={site}"]
    found = subprocess.run(["docker", "ps", "-q", *words], capture_output=True, text=True, check=True).stdout.split()
    if not found:
        return []
    done = subprocess.run(["docker", "inspect", *found], capture_output=True, text=True, check=True)
    return [(one["Config"]["Image"], one["HostConfig"]["Memory"], one["HostConfig"]["NanoCpus"])
            for one in json.loads(done.stdout)]


def test_a_static_site_has_a_container_answers_as_ever_and_is_rolled_back(contained: Installation, eva: Person, name: str,
                                                                         folder: Path) -> None:
    eva.deploy(name, folder)
    assert limits(contained, name) == [("dialup/nginx:local", 64 << 20, 100_000_000)]
    site = eva.call("GET", f"/sites/{name}").json
    assert (site["kind"], site["runs"]) == ("static", True)

    answers = {path: contained.get(name, path) for path in (
        "/", "/about", "/notes", "/notes/", "/nothing", "/notes.txt", "/.well-known/security.txt", "/_astro/a.css")}
    assert {path: (answer.status, answer.text) for path, answer in answers.items() if path not in ("/notes", "/_astro/a.css")} == {
        "/": (200, "one"), "/about": (200, "about"), "/notes/": (200, "notes"), "/nothing": (404, "nothing here"),
        "/notes.txt": (404, "nothing here"), "/.well-known/security.txt": (200, "mail")}
    assert (answers["/notes"].status, answers["/notes"].headers["location"]) == (301, "/notes/")
    assert contained.get(name, "/.env").status == 404  # by the edge, which asks nobody about hidden files
    assert answers["/"].headers["cache-control"] == "no-cache"
    assert "immutable" in answers["/_astro/a.css"].headers["cache-control"]
    assert answers["/"].headers["content-type"] == "text/html; charset=utf-8"
    packed = contained.get(name, "/_astro/a.css", **{"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"

    (folder / "public/index.html").write_text("two")
    eva.deploy(name, folder)
    assert contained.get(name).text == "two"
    assert eva.call("POST", f"/sites/{name}/rollback", {}).status == 202
    wait_until(lambda: contained.get(name).text == "one")
    wait_until(lambda: len(limits(contained, name)) == 1)


def test_without_containers_the_setting_is_refused_in_words(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/x.sqlite")
    store.prepare()
    values = StoredValues(store)
    with pytest.raises(BadInput, match="static_container") as refusal:
        choose_driver(Settings(tmp_path, driver="process", static_container=True), values, Bond(tmp_path, values))
    assert values.get("driver") is None
    store.close()
    assert refusal.value.code == "bad_setting"
    assert refusal.value.hint
    environment = {"DIALUP_HOME": str(tmp_path / "home"), "DIALUP_DRIVER": "process", "DIALUP_STATIC_CONTAINER": "yes"}
    assert "static_container" in CliRunner().invoke(main, ["doctor"], env=environment).output
