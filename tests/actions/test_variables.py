"""Variables of a site: what may be set, what the database holds, and what runs is told."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from dialup_ext.actions.deploy import run
from dialup_ext.actions.variables import needs_restart, put_variable, remove_variable
from dialup_ext.domain.site import Site
from dialup_ext.domain.variables import HIDDEN, MOST_VARIABLES, mask
from dialup_ext.errors import BadInput, DialupError, NotFound, TooLarge, TooMany, Unavailable
from dialup_ext.testing.hub import Bench

CANARY = "c4nary-of-the-vault"


@pytest.fixture
def site(bench: Bench) -> Site:
    return bench.site(bench.account())


@pytest.fixture
def put(bench: Bench, site: Site) -> Callable[..., None]:
    def put(name: str, value: str = CANARY, *, secret: bool = True) -> None:
        put_variable(bench.context, site, name, value, secret=secret)

    return put


def live(bench: Bench, site: Site) -> str:
    """Deploy a Node site; the key of what runs."""
    owner = bench.identity.account(site.owner)
    release = bench.release(owner, site, "hi", node=True)
    deployment = bench.context.deployments.open(release, "deploy", "ana", bench.clock.now(), most=20)
    run(bench.context, deployment.id)
    return f"site-{site.name}-{deployment.id}"


def test_what_is_set_is_there_until_it_is_removed(bench: Bench, site: Site, put: Callable[..., None]) -> None:
    put("TOKEN")
    put("GREETING", "hello", secret=False)
    put("GREETING", "hello again", secret=False)
    assert [(one.name, one.value, one.secret) for one in bench.context.variables.list(site.id)] == [
        ("GREETING", "hello again", False), ("TOKEN", CANARY, True)]
    remove_variable(bench.context, site, "TOKEN")
    assert [one.name for one in bench.context.variables.list(site.id)] == ["GREETING"]
    with pytest.raises(NotFound):
        remove_variable(bench.context, site, "TOKEN")


def test_the_same_again_changes_nothing(bench: Bench, site: Site) -> None:
    first = put_variable(bench.context, site, "A", "1", secret=False)
    assert put_variable(bench.context, site, "A", "1", secret=False) == first


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "Ä", "A\n", "A=B", "../x", ".variables.json", "A" * 129])
def test_a_name_that_no_program_could_read_is_refused(put: Callable[..., None], name: str) -> None:
    with pytest.raises(BadInput, match="name of a variable"):
        put(name)


@pytest.mark.parametrize("name", ["PORT", "HOST", "HOSTNAME", "PATH", "HOME", "TMPDIR", "PYTHONPATH", "DATA_DIR", "SECRETS_DIR",
                                  "DIALUP_MARK"])
def test_a_reserved_name_is_refused_with_the_reason(put: Callable[..., None], name: str) -> None:
    with pytest.raises(BadInput, match=r"cannot be set: [a-z]") as refusal:
        put(name)
    assert refusal.value.code == "reserved_variable"


@pytest.mark.parametrize(("value", "kind"), [("a\0b", BadInput), ("\ud800", BadInput), ("x" * 32_769, TooLarge),
                                             ("ä" * 16_385, TooLarge)])
def test_a_value_that_no_program_could_be_given_is_refused(put: Callable[..., None], value: str,
                                                           kind: type[DialupError]) -> None:
    with pytest.raises(kind) as refusal:
        put("A", value)
    assert value not in refusal.value.message


def test_numbers_and_sizes_end_somewhere(bench: Bench, site: Site, put: Callable[..., None]) -> None:
    for number in range(MOST_VARIABLES):
        put(f"A{number}", "x")
    put("A0", "y")
    with pytest.raises(TooMany, match="100 of 100"):
        put("ONE_MORE")
    with pytest.raises(TooLarge, match=r"1,0..,... bytes of at most 1,048,576"):
        for number in range(40):
            put(f"A{number}", "x" * 32_000)


def test_the_database_holds_no_value_and_the_key_is_the_hubs_alone(bench: Bench, put: Callable[..., None]) -> None:
    put("TOKEN")
    put("GREETING", CANARY + "2", secret=False)
    bench.store.close()
    files = [path for path in bench.settings.data.rglob("*") if path.is_file()]
    assert not [path for path in files if CANARY.encode() in path.read_bytes()]
    key = bench.settings.data / "secrets.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert not list(bench.settings.data.glob(".secrets.key*"))


def test_swapped_and_relabelled_rows_cannot_be_read(bench: Bench, site: Site, put: Callable[..., None]) -> None:
    from sqlalchemy import text

    put("A", "one")
    put("B", "two")
    for change in ("UPDATE env_vars SET name = CASE name WHEN 'A' THEN 'C' ELSE name END",
                   "UPDATE env_vars SET name = 'A', secret = 0 WHERE name = 'C'"):
        with bench.store.begin() as connection:
            connection.execute(text(change))
        with pytest.raises(Unavailable) as refusal:
            bench.context.variables.list(site.id)
        assert refusal.value.code == "secrets_key_wrong"


def test_a_missing_key_is_said_and_nothing_is_lost(bench: Bench, site: Site, put: Callable[..., None]) -> None:
    put("TOKEN")
    key = bench.settings.data / "secrets.key"
    kept = key.read_bytes()
    key.unlink()
    for attempt in (lambda: put("OTHER"), lambda: bench.context.variables.list(site.id)):
        with pytest.raises(Unavailable) as refusal:
            attempt()
        assert refusal.value.code == "secrets_key_missing"
    live(bench, site)
    assert not key.exists()
    failed = bench.context.deployments.list(site.id)[0].failure
    assert failed is not None
    assert failed.code == "secrets_key_missing"
    key.write_bytes(kept)
    assert bench.context.variables.list(site.id)[0].value == CANARY


def test_without_the_key_everything_can_be_set_anew(bench: Bench, site: Site, put: Callable[..., None]) -> None:
    put("TOKEN")
    (bench.settings.data / "secrets.key").unlink()
    remove_variable(bench.context, site, "TOKEN")
    put("TOKEN", "anew")
    assert bench.context.variables.list(site.id)[0].value == "anew"


def test_what_runs_is_given_a_folder_of_its_own(bench: Bench, site: Site, put: Callable[..., None]) -> None:
    put("TOKEN", "several\nlines")
    put("GREETING", "hello", secret=False)
    folder = bench.context.variable_files.path(live(bench, site))
    assert folder is not None
    assert (folder / "TOKEN").read_bytes() == b"several\nlines"
    assert json.loads((folder / ".variables.json").read_text())["variables"] == {
        "TOKEN": "several\nlines", "GREETING": "hello"}
    assert {path.name for path in folder.iterdir()} == {"TOKEN", ".variables.json"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o400}
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


def test_a_change_asks_for_a_restart_until_it_is_taken_back(bench: Bench, site: Site,
                                                            put: Callable[..., None]) -> None:
    def needed() -> bool:
        return needs_restart(bench.context, bench.context.sites.get(site.id))

    put("A", "1", secret=False)
    assert not needed()
    live(bench, site)
    assert not needed()
    put("A", "2", secret=False)
    assert needed()
    put("A", "1", secret=False)
    assert not needed()
    remove_variable(bench.context, site, "A")
    assert needed()
    live(bench, site)
    assert not needed()


def test_going_on_after_a_crash_leaves_what_runs_what_it_was_given(bench: Bench, site: Site,
                                                                   put: Callable[..., None]) -> None:
    from dialup_ext.actions.serve import serve_site

    put("A", "1", secret=False)
    key = live(bench, site)
    put("A", "2", secret=False)
    serve_site(bench.again().context, site.id)
    given = bench.context.variable_files.given(key)
    assert given is not None
    assert given.values == {"A": "1"}


def test_a_secret_a_program_prints_is_hidden_where_its_log_is_shown(bench: Bench, site: Site,
                                                                    put: Callable[..., None]) -> None:
    from dialup_ext.actions.diagnosis import tail
    from dialup_ext.actions.site_log import LogFollower

    put("TOKEN")
    put("PEM", "first line\nsecond line")
    put("SHORT", "abc")
    key = live(bench, site)
    driver = bench.driver
    driver.says(key, f"token {CANARY} abc\nsecond line!\n")  # type: ignore[attr-defined]
    wanted = [f"token {HIDDEN} abc", f"{HIDDEN}!"]
    assert list(tail(bench.context, key))[-2:] == wanted
    assert LogFollower(bench.context, site, 50)()[-2:] == wanted
    bench.context.variable_files.remove(key)  # the machine was started anew
    assert list(tail(bench.context, key))[-2:] == wanted


def test_variables_and_links_go_with_their_site(bench: Bench, site: Site, put: Callable[..., None]) -> None:
    from datetime import timedelta

    from dialup_ext.actions.sites import remove_site

    put("TOKEN")
    now = bench.clock.now()
    bench.context.preview_links.create(site.id, "h" * 64, at=now, expires_at=now + timedelta(hours=1))
    remove_site(bench.context, site)
    assert bench.context.variables.list(site.id) == []
    assert bench.context.preview_links.list(site.id, now) == []
    again = bench.site(bench.identity.account(site.owner))
    assert bench.context.variables.list(again.id) == []


def test_the_longest_value_is_hidden_first() -> None:
    assert mask("secret-token secret", ["secret", "secret-token"]) == f"{HIDDEN} {HIDDEN}"


def test_a_folder_somebody_else_made_is_not_used(bench: Bench, tmp_path: Path, put: Callable[..., None],
                                                 site: Site) -> None:
    put("A")
    root = bench.settings.run / "variables"
    (tmp_path / "theirs").mkdir(mode=0o777)
    root.symlink_to(tmp_path / "theirs")
    live(bench, site)
    failure = bench.context.deployments.list(site.id)[0].failure
    assert failure is not None
    assert failure.code == "variables_folder_taken"
    assert list((tmp_path / "theirs").iterdir()) == []
