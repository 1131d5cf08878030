"""Sites with a data folder: one program at a time, no request fails, and what was kept is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dialup_ext.testing.diary import JOURNAL, SQLITE, Writers
from dialup_ext.testing.drivers import installed
from dialup_ext.testing.installation import Installation, Person, wait_until

REDEPLOYS = 3


@pytest.fixture(scope="module", params=["process", "docker"])
def keeping(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed(request.param, tmp_path_factory.mktemp(f"data-{request.param}") / "home", "node",
                   drain_seconds="3", health_timeout="15") as installation:
        yield installation


@pytest.fixture
def ana(keeping: Installation, name: str) -> Person:
    return keeping.account(f"ana-{name}")


@pytest.fixture
def write(keeping: Installation, tmp_path: Path) -> Callable[[int], Path]:
    program = SQLITE if keeping.options["driver"] == "docker" else JOURNAL

    def write(release: int) -> Path:
        (tmp_path / "package.json").write_text('{"scripts": {"start": "node server.js"}}')
        (tmp_path / "server.js").write_text(program.replace("RELEASE", str(release)))
        return tmp_path

    return write


@pytest.fixture
def diary(ana: Person, name: str, write: Callable[[int], Path]) -> str:
    """A site's name; its first release is live and keeps data."""
    assert ana.call("POST", "/sites", {"name": name, "kind": "nodejs"}).status == 201
    assert ana.call("PATCH", f"/sites/{name}", {"volume": True}).json["volume"]
    ana.deploy(name, write(1))
    return name


def settled(person: Person, site: str) -> bool:
    answer = person.call("GET", f"/sites/{site}").json
    return bool(answer["deployment"]["status"] == "live")


def test_redeploys_restarts_and_rollbacks_under_load_fail_nobody_and_lose_nothing(
        keeping: Installation, ana: Person, diary: str, write: Callable[[int], Path]) -> None:
    with Writers(keeping, diary) as writers:
        for release in range(2, REDEPLOYS + 2):
            ana.deploy(diary, write(release))
        for change in ("restart", "rollback"):
            assert ana.call("POST", f"/sites/{diary}/{change}", {}).status in (200, 202)
            wait_until(lambda: settled(ana, diary), 60)

    print(f"{len(writers.kept)} rows kept; the slowest answer took {max(writers.took):.2f} s")
    assert writers.wrong == []
    assert len(writers.kept) > REDEPLOYS
    assert writers.lost() == set()
    assert keeping.get(diary).text.startswith(f"release {REDEPLOYS} ")


def test_when_the_new_release_does_not_start_the_old_one_comes_back_to_those_who_waited(
        keeping: Installation, ana: Person, diary: str, write: Callable[[int], Path]) -> None:
    folder = write(2)
    (folder / "server.js").write_text("throw new Error('not today')\n")
    with Writers(keeping, diary) as writers:
        with pytest.raises(Exception, match="not today"):
            ana.deploy(diary, folder)
        wait_until(lambda: keeping.get(diary).text.startswith("release 1 "), 30)

    assert writers.wrong == []
    assert writers.lost() == set()


def test_it_goes_with_its_site(keeping: Installation, ana: Person, diary: str) -> None:
    folder = keeping.home / "volumes" / ana.name
    inside = folder / ana.call("GET", f"/sites/{diary}").json["id"]
    assert list(folder.iterdir()) == [inside]
    assert (folder.stat().st_mode & 0o777, inside.stat().st_mode & 0o777) == (0o700, 0o700)
    assert (inside.stat().st_uid == folder.stat().st_uid) is (keeping.options["driver"] == "process")

    assert ana.call("DELETE", f"/sites/{diary}").status == 204

    assert list(folder.iterdir()) == []
