"""Looking after sites: list, status, stop, logs, roll back, preview, remove."""

from __future__ import annotations

import json

import click
import pytest
from click.testing import CliRunner

from dialup_ext.cli.deploy import main
from dialup_ext.client.deploy import deploy_folder


@pytest.fixture(autouse=True)
def _logged_in(hub, monkeypatch):
    monkeypatch.setenv("DIALUP_SERVER", hub.url)
    monkeypatch.setenv("DIALUP_KEY", hub.key)


@pytest.fixture
def live(transport, folder, name):
    """A site with two releases, the second live."""
    root = folder({"index.html": "one"})
    deploy_folder(transport, name, root, create=True)
    (root / "index.html").write_text("two!")
    deploy_folder(transport, name, root)
    return name


def run(*words: str, stdin: str | None = None):
    return CliRunner().invoke(main, list(words), input=stdin)


def test_the_list_shows_state_address_and_release(live):
    done = run("sites", "list")
    row = next(line for line in done.stdout.splitlines() if live in line)
    assert done.exit_code == 0
    for part in ("● Live", "Static", "release 2", "just now"):
        assert part in row


def test_the_list_for_programs_is_the_apis_own(live):
    found = json.loads(run("sites", "list", "--json").stdout)["sites"]
    assert live in [site["name"] for site in found]


def test_a_site_is_told_when_to_sleep_and_says_so(live):
    assert f"{live} never sleeps." in run("sites", "sleep", live).stdout
    assert f"{live} sleeps after 15 minutes without a visit." in run("sites", "sleep", live, "--after", "15m").stdout
    assert json.loads(run("sites", "sleep", live, "--json").stdout)["sleep_after"] == 900
    assert f"{live} never sleeps." in run("sites", "sleep", live, "--after", "never").stdout

    refused = run("sites", "sleep", live, "--after", "soon")
    assert refused.exit_code != 0
    assert "15m" in refused.stderr


def test_a_site_is_woken(live):
    assert f"{live} is awake" in run("sites", "wake", live).stdout


def test_a_site_gets_a_data_folder_and_does_without(live):
    assert f"{live} has no data folder." in run("sites", "volume", live).stdout
    assert f"{live} has a data folder;" in run("sites", "volume", live, "on").stdout
    assert f"{live} has a data folder;" in run("sites", "volume", live).stdout
    assert f"{live} has no data folder." in run("sites", "volume", live, "off").stdout


def test_having_no_sites_tells_how_to_get_one(fake):
    assert "deploy site" in run("sites", "list").stdout


def test_status_shows_resources_when_asked(live):
    plain, full = run("status"), run("status", "--resources")
    assert "Storage" not in plain.stdout
    for part in ("Memory", "Storage", " of ", "MB", live):
        assert part in full.stdout
    facts = json.loads(run("status", "--resources", "--json").stdout)
    assert {"account", "quota", "sites", "usage"} <= set(facts)


@pytest.mark.parametrize(("verb", "words"), [("stop", "is stopped"), ("start", "runs again"),
                                             ("restart", "was restarted")])
def test_stop_start_and_restart(live, verb, words):
    done = run("sites", verb, live)
    assert (done.exit_code, done.stderr) == (0, "")
    assert words in done.stdout


def test_another_accounts_site_cannot_even_be_seen(other, name):
    other.post("/sites", {"name": name})
    try:
        for words in (("sites", "stop"), ("logs",), ("rollback",), ("preview",), ("sites", "remove", "--yes")):
            done = run(*words, name)
            assert done.exit_code == 1
            assert "no site" in done.stderr
    finally:
        other.delete(f"/sites/{name}")


def test_rolling_back_by_default_and_by_number(live):
    assert f"{live} runs release 1 again" in run("rollback", live).stdout
    assert "release 2 again" in run("sites", "rollback", live, "--to", "2").stdout
    listed = json.loads(run("rollback", live, "--list", "--json").stdout)
    assert ([release["number"] for release in listed["releases"]], listed["live"]) == ([2, 1], 2)


def test_a_release_that_is_not_there_is_said(live):
    done = run("rollback", live, "--to", "99")
    assert done.exit_code == 1
    assert done.stderr.startswith("✗ ")


def test_logs_as_text_and_as_json(fake, live):
    assert run("logs", live, "-n", "3").stdout == "line 0\nline 1\nline 2\n"
    assert json.loads(run("sites", "logs", live, "--json").stdout)["lines"][-1] == "line 99"
    assert run("logs", live, "--follow").stdout.endswith("one\ntwo\n")


def test_opening_a_site_prints_where_it_is(live, monkeypatch):
    opened: list[str] = []
    monkeypatch.setattr(click, "launch", opened.append)
    done = run("open", live)
    assert opened == [done.stdout.strip()]


def test_a_preview_says_where_it_is(fake, live):
    assert f"{live}-dev." in run("preview", live).stdout


def test_removing_asks_unless_told_not_to(live):
    assert run("sites", "remove", live).exit_code == 2
    assert run("sites", "remove", live, "--yes").exit_code == 0
    assert run("sites", "stop", live).exit_code == 1


@pytest.mark.parametrize("words", [[], ["login"], ["site"], ["status"], ["sites"], ["sites", "list"], ["sites", "stop"],
                                   ["logs"], ["rollback"], ["open"], ["preview"], ["keys"], ["whoami"], ["logout"],
                                   ["completion"]])
def test_every_command_explains_itself(words):
    done = run(*words, "--help")
    assert done.exit_code == 0
    assert "Usage:" in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_get_a_completion_script(shell):
    assert "_DEPLOY_COMPLETE" in run("completion", shell).stdout


def test_names_of_sites_are_completed(live, monkeypatch):
    monkeypatch.setenv("_DEPLOY_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", f"deploy sites stop {live[:3]}")
    monkeypatch.setenv("COMP_CWORD", "3")
    done = CliRunner().invoke(main, [], prog_name="deploy")
    assert f"plain,{live}" in done.stdout
