"""Sites that are built, by real tools and on both drivers: from a template, edited, and gone back."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dialup_ext.client.deploy import DeployFailed
from dialup_ext.errors import DialupError
from dialup_ext.settings import Settings
from dialup_ext.spawner.docker import DockerDriver
from dialup_ext.templates import unpack
from dialup_ext.testing.engine import engine, need_images
from dialup_ext.testing.installation import Installation, Person, wait_until

OPTIONS = {"drain_seconds": "0.5", "health_timeout": "15", "nodejs_dev_cpu": "1"}


@pytest.fixture(scope="module", params=["process", "docker"])
def hub(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One installation per driver, and one account: its packages are fetched once."""
    home = tmp_path_factory.mktemp(f"build-{request.param}") / "home"
    if request.param == "process":
        installation = Installation(home, options=OPTIONS)
        yield installation.start()
        installation.stop()
        return
    with engine():
        need_images("node")
        installation = Installation(home, options={"driver": "docker", **OPTIONS})
        yield installation.start()
        installation.stop()
        driver = DockerDriver(Settings(home), json.loads((home / "data/installation").read_text())["id"])
        driver.remove_everything()
        driver.close()


@pytest.fixture(scope="module")
def eva(hub: Installation) -> Person:
    return hub.account("eva")


def log_of(person: Person, deployment: dict) -> str:
    return "\n".join(person.call("GET", f"/deployments/{deployment['id']}/log").json["lines"])


def left_in(hub: Installation, person: Person) -> list[Path]:
    """Folders of builds."""
    return list((hub.home / "store" / person.id / "staging").glob("*"))


def test_the_astro_template_is_built_edited_and_gone_back(hub: Installation, eva: Person, name: str) -> None:
    eva.call("POST", "/sites", {"name": name, "template": "astro"})
    folder = unpack("astro", hub.home / "homes" / eva.name / name)
    first = eva.deploy(name, folder)
    assert "Notes from the small hours" in hub.get(name).text
    assert "collapses" not in hub.get(name, "/notes/bread-again/").text
    assert hub.get(name, "/nowhere").status == 404
    assert "fallen out" in hub.get(name, "/nowhere").text
    assert hub.get(name, **{"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"
    site = eva.call("GET", f"/sites/{name}").json
    assert (site["kind"], site["memory_mb"]) == ("astro", None)
    assert "installing dependencies: npm ci" in log_of(eva, first)
    assert "astro is in package.json; it is built with `npm run build` into dist/" in log_of(eva, first)

    note = folder / "src/content/notes/bread-again.md"
    note.write_text(note.read_text() + "\nIt collapses if you laugh.\n")
    second = eva.deploy(name, folder)
    assert "collapses if you laugh" in hub.get(name, "/notes/bread-again/").text
    assert "dependencies are installed already" in log_of(eva, second)

    answer = eva.call("POST", f"/sites/{name}/rollback", {})
    assert answer.status == 202, answer.text
    back = answer.json
    wait_until(lambda: status(eva, back) == "live", 30, lambda: log_of(eva, back))
    assert "collapses" not in hub.get(name, "/notes/bread-again/").text
    assert "building" not in log_of(eva, back) and "dependencies" not in log_of(eva, back)
    assert left_in(hub, eva) == []


def test_what_does_not_build_says_where_and_leaves_what_was_live(hub: Installation, eva: Person, name: str,
                                                                 astro_site: Callable[[str], Path]) -> None:
    folder = astro_site("good")
    eva.deploy(name, folder)
    (folder / "src/pages/index.astro").write_text("---\nconst words = ;\n---\n<h1>bad</h1>\n")
    with pytest.raises(DeployFailed) as failed:
        eva.deploy(name, folder)
    assert failed.value.code == "syntax_error"
    assert "src/pages/index.astro, line 2" in failed.value.message
    assert "<h1>good</h1>" in hub.get(name).text
    assert left_in(hub, eva) == []


@pytest.fixture
def vite_site(tmp_path: Path) -> Callable[..., Path]:
    """`vite_site(build)`: a Vite project with that build script, which writes to `site/`."""

    def make(build: str = "vite build") -> Path:
        folder = tmp_path / "vite"
        (folder / "src").mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text(json.dumps({
            "name": "app", "version": "1.0.0", "private": True, "type": "module", "scripts": {"build": build},
            "devDependencies": {"vite": "^8.3.8"}}))
        (folder / "vite.config.js").write_text("export default { build: { outDir: 'site' } }\n")
        (folder / "index.html").write_text('<!doctype html><title>t</title><script type="module" '
                                           'src="/src/main.js"></script>')
        (folder / "src/main.js").write_text("document.title = 'made by vite'\n")
        return folder

    return make


def begin(person: Person, site: str, folder: Path) -> dict:
    """Deploy in the background, as somebody whose terminal is closed at any moment; the deployment so far."""
    def deploy() -> None:
        with contextlib.suppress(DialupError, OSError):
            person.deploy(site, folder)

    threading.Thread(target=deploy, daemon=True).start()
    return dict(wait_until(lambda: newest(person, site), 60))


def newest(person: Person, site: str) -> dict | None:
    return next(iter(person.call("GET", f"/sites/{site}/deployments").json.get("deployments", [])), None)


def status(person: Person, deployment: dict) -> str:
    return str(person.call("GET", f"/deployments/{deployment['id']}").json["status"])


SLOW = "echo begun && sleep 6 && vite build"


def test_a_build_is_cancelled_and_the_next_one_works(hub: Installation, eva: Person, name: str,
                                                     vite_site: Callable[..., Path]) -> None:
    doomed = begin(eva, name, vite_site("echo begun && sleep 300"))
    wait_until(lambda: "begun" in log_of(eva, doomed).splitlines(), 60)
    eva.call("POST", f"/deployments/{doomed['id']}/cancel")
    wait_until(lambda: status(eva, doomed) == "cancelled")
    assert left_in(hub, eva) == []
    eva.deploy(name, vite_site())
    assert hub.get(name).status == 200


def test_a_hub_killed_in_the_middle_of_a_build_builds_it_anew(hub: Installation, eva: Person, name: str,
                                                              vite_site: Callable[..., Path]) -> None:
    cut = begin(eva, name, vite_site(SLOW))
    wait_until(lambda: "begun" in log_of(eva, cut).splitlines(), 60)
    hub.kill()
    hub.start()
    wait_until(lambda: status(eva, cut) == "live", 60, lambda: log_of(eva, cut))
    assert "/assets/" in hub.get(name).text
    assert left_in(hub, eva) == []
    built = log_of(eva, cut).count("the site is built")
    hub.kill()
    hub.start()
    assert "/assets/" in hub.get(name).text
    assert log_of(eva, cut).count("the site is built") == built == 1


def test_a_vite_project_is_built_into_the_folder_it_names(hub: Installation, eva: Person, name: str,
                                                          vite_site: Callable[..., Path]) -> None:
    eva.deploy(name, vite_site())
    page = hub.get(name).text
    script = page.partition('src="')[2].partition('"')[0]
    assert script.startswith("/assets/")
    assert "made by vite" in hub.get(name, script).text
    assert eva.call("GET", f"/sites/{name}").json["kind"] == "static"


def test_the_preview_of_an_astro_site_installs_and_follows_edits(hub: Installation, eva: Person, name: str) -> None:
    eva.call("POST", "/sites", {"name": name, "template": "astro"})
    folder = unpack("astro", hub.home / "homes" / eva.name / name)

    def preview() -> dict:
        return dict(eva.call("GET", f"/sites/{name}/preview").json)

    eva.call("POST", f"/sites/{name}/preview")
    wait_until(lambda: preview()["state"] in ("running", "failed"), 150, lambda: str(preview()))
    assert preview()["state"] == "running", preview()
    upstream = hub.settings.home / "ingress/live" / hub.settings.preview_host(name) / "up"
    address = next(upstream.iterdir()).name
    assert "Notes from the small hours" in page_at(address, hub.settings.preview_host(name))
    front = folder / "src/pages/index.astro"
    front.write_text(front.read_text().replace("Notes from the small hours", "Notes from the long day"))
    wait_until(lambda: "Notes from the long day" in page_at(address, hub.settings.preview_host(name)), 60)
    eva.call("DELETE", f"/sites/{name}/preview")


def page_at(address: str, host: str) -> str:
    """The page a program gives for a host, asked past Caddy, which lets only its owner through."""
    import http.client
    from contextlib import closing

    with closing(http.client.HTTPConnection(address, timeout=60)) as connection:
        connection.request("GET", "/", headers={"Host": host})
        return connection.getresponse().read().decode()
