"""`deploy login`, `logout`, `whoami`, `keys`: a key is checked before it is kept."""

from __future__ import annotations

import json
import stat

import pytest
from click.testing import CliRunner

from dialup_ext.cli.deploy import main
from dialup_ext.client.credentials import Credentials


def run(*words: str, stdin: str | None = None):
    return CliRunner().invoke(main, list(words), input=stdin)


def test_a_pasted_key_is_checked_and_kept(hub):
    done = run("login", "--server", hub.url, stdin=hub.key + "\n")

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("✓ Logged in at ")
    assert hub.key not in done.output
    assert Credentials().logins()[0].key == hub.key
    assert stat.S_IMODE(Credentials().path.stat().st_mode) == 0o600
    assert run("whoami").exit_code == 0


def test_a_wrong_key_is_not_kept_and_the_page_for_a_new_one_is_named(hub):
    done = run("login", "--server", hub.url, "--key", "dlp_revoked")

    assert done.exit_code == 1
    assert "does not accept this key" in done.stderr
    assert f"{hub.url}/keys" in done.stderr
    assert not Credentials().path.exists()


@pytest.mark.parametrize("text", ["", "hello", "dlp_ü", "password123"])
def test_what_is_no_key_is_never_sent(hub, text):
    done = run("login", "--server", hub.url, stdin=text + "\n")
    assert done.exit_code == 1
    assert "not a key" in done.stderr


def test_a_wrong_server_is_said(hub):
    done = run("login", "--server", "http://127.0.0.1:9", "--key", "dlp_x")
    assert done.exit_code == 1
    assert "Nothing answers at http://127.0.0.1:9." in done.stderr


def test_without_a_server_it_is_wrong_use(hub):
    assert run("login").exit_code == 2


def test_logging_out_forgets_the_key(hub):
    run("login", "--server", hub.url, "--key", hub.key)

    assert json.loads(run("logout", "--json").stdout) == {"portal": hub.url, "logged_out": True}
    assert Credentials().logins() == []
    assert run("whoami").exit_code == 1


def test_not_being_logged_in_tells_how_to(hub):
    done = run("status")
    assert done.exit_code == 1
    assert "deploy login --server" in done.stderr


def test_a_key_revoked_later_is_said(fake, hub):
    run("login", "--server", hub.url, "--key", hub.key)
    fake.keys.clear()
    done = run("status")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "revoked" in done.stderr


def test_keys_are_made_in_the_portal(hub):
    run("login", "--server", hub.url, "--key", hub.key)
    assert json.loads(run("keys", "--json").stdout) == {"url": f"{hub.url}/keys"}


def test_json_can_stand_before_or_after_the_command(hub, monkeypatch):
    monkeypatch.setenv("DIALUP_SERVER", hub.url)
    monkeypatch.setenv("DIALUP_KEY", hub.key)
    assert json.loads(run("--json", "whoami").stdout) == json.loads(run("whoami", "--json").stdout)


def test_a_key_for_deploying_alone_is_enough_to_deploy(fake, hub, folder, name):
    done = run("login", "--server", hub.url, "--key", "dlp_ci")
    assert done.exit_code == 0
    assert "may not see your account" in done.stdout
    live = run("site", str(folder({"index.html": "x"})), "--domain", f"{name}.{fake.domain}")
    assert (live.exit_code, "is live" in live.stdout) == (0, True)
    assert run("status").exit_code == 1
