"""`deploy site`: a folder goes live, or one learns why not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dialup_ext.cli.deploy import main


@pytest.fixture(autouse=True)
def _logged_in(hub, monkeypatch):
    monkeypatch.setenv("DIALUP_SERVER", hub.url)
    monkeypatch.setenv("DIALUP_KEY", hub.key)


def run(*words: str | Path, stdin: str | None = None):
    return CliRunner().invoke(main, [str(word) for word in words], input=stdin)


def domain_of(transport) -> str:
    return str(transport.get("/me")["domain"])


def test_a_folder_goes_live_at_its_address(transport, folder, name):
    root = folder({"index.html": "x"})
    done = run("site", root, "--domain", f"{name}.{domain_of(transport)}")

    assert done.exit_code == 0
    assert "is live: release 1" in done.stdout
    assert name in done.stdout
    assert "1 file, 1 B" in done.stderr
    assert transport.get(f"/sites/{name}")["live_release"]["number"] == 1


def test_the_next_time_the_folder_knows_its_site(transport, folder, name):
    root = folder({"index.html": "x"})
    run("site", root, "--domain", name)
    (root / "index.html").write_text("xy")
    done = run("site", root)

    assert "is live: release 2" in done.stdout
    assert "2 files" not in done.stderr  # the note itself stays behind


def test_a_folders_own_name_is_enough(transport, folder, name, monkeypatch):
    monkeypatch.chdir(folder({"index.html": "x"}, name))
    assert run("site").exit_code == 0
    assert transport.get(f"/sites/{name}")["status"] == "active"


def test_for_programs_there_is_one_document(transport, folder, name):
    done = run("site", folder({"index.html": "x"}), "--domain", name, "--json")
    result = json.loads(done.stdout)
    assert (result["status"], result["site"], done.stderr) == ("live", name, "")
    assert result["address"].startswith("http")


def test_links_that_stay_behind_are_named(transport, folder, name):
    root = folder({"index.html": "x"})
    (root / "home").symlink_to("/etc")
    done = run("site", root, "--domain", name)
    assert done.exit_code == 0
    assert "Left out: home (a link)" in done.stderr


def test_a_folder_without_a_site_is_refused_before_anything_is_sent(fake, folder, name):
    done = run("site", folder({"readme.txt": "x"}), "--domain", name)
    assert done.exit_code == 1
    assert "✗ There is no site in this folder." in done.stderr
    assert "index.html" in done.stderr.splitlines()[-1]
    assert not any("files" in request for request in fake.requests)


def test_a_failure_ends_in_its_card(fake, folder, name):
    root = folder({"index.html": "x"})
    run("site", root, "--domain", name)
    (root / "FAIL").write_text("")
    done = run("site", root, "--domain", name)

    assert (done.exit_code, done.stdout) == (1, "")
    for part in (f"{name} was not deployed", "did not answer within 30 s.", "Error: listen EADDRINUSE", "  bye\n",
                 "Try: Check that it listens on $PORT.", "Your site still runs release 1."):
        assert part in done.stderr
    assert "\x1b" not in done.stderr


def test_a_failure_for_programs_is_the_servers_error(fake, folder, name):
    done = run("site", folder({"index.html": "x", "FAIL": ""}), "--domain", name, "--json")
    assert done.exit_code == 1
    failure = json.loads(done.stdout)
    assert (failure["code"], failure["deployment"]["status"]) == ("never_healthy", "failed")


def test_another_servers_address_is_refused(folder):
    done = run("site", folder({"index.html": "x"}), "--domain", "blog.elsewhere.org")
    assert done.exit_code == 1
    assert "not an address of this server" in done.stderr


def test_a_quota_says_its_numbers_and_the_way_out(fake, folder, name):
    fake.limit = 0
    done = run("site", folder({"index.html": "x"}), "--domain", name)
    assert done.exit_code == 1
    assert "0 of 0 sites" in done.stderr
    assert "ask your admin" in done.stderr


def test_a_limit_that_is_near_is_said_in_time(fake, folder, name):
    fake.limit = 1
    done = run("site", folder({"index.html": "x"}), "--domain", name)
    assert done.exit_code == 0
    assert "You use 1 of 1 sites." in done.stderr


def test_another_accounts_site_is_told_as_taken_not_shown(transport, other, folder, name):
    other.post("/sites", {"name": name})
    try:
        done = run("site", folder({"index.html": "x"}), "--domain", name)
        assert done.exit_code == 1
        assert "taken" in done.stderr
    finally:
        other.delete(f"/sites/{name}")


def test_wrong_use_is_exit_code_two(folder):
    assert run("site", "/nowhere/at/all").exit_code == 2
    assert run("site", "--nonsense").exit_code == 2
    assert run("nonsense").exit_code == 2


def test_a_fault_of_ours_is_a_sentence_and_debugging_shows_it_all(folder, monkeypatch):
    monkeypatch.setattr("dialup_ext.cli.deploy_site.deploy_folder", lambda *_, **__: 1 / 0)
    root = folder({"index.html": "x"}, "some-site")
    done = run("site", root)
    assert done.exit_code == 1
    assert "DIALUP_DEBUG=1" in done.stderr
    assert "Traceback" not in done.output

    monkeypatch.setenv("DIALUP_DEBUG", "1")
    assert isinstance(run("site", root).exception, ZeroDivisionError)


def test_the_whole_program_from_a_shell(hub, transport, folder, name):
    root = folder({"index.html": "x"})
    code = "from dialup_ext.cli.deploy import main; main(prog_name='deploy')"

    def shell(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, cwd=root,
                              env=os.environ | {"PYTHONWARNINGS": "error"}, timeout=60, check=False)

    good, refused, wrong = shell("site", "--domain", name), shell("sites", "stop", "no-such-site"), shell("site", "--x")

    assert (good.returncode, refused.returncode, wrong.returncode) == (0, 1, 2), good.stderr
    assert "is live" in good.stdout
    assert "no-such-site" in refused.stderr
    assert "Traceback" not in good.stderr + refused.stderr + wrong.stderr


def test_a_folder_is_found_by_its_name_from_inside_it_and_from_elsewhere_in_a_lab(
        tmp_path, monkeypatch):
    from dialup_ext.cli.deploy_site import _folder

    home = tmp_path / "home"
    (home / "robin").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    from pathlib import Path

    for place in (home, home / "robin", tmp_path):
        monkeypatch.chdir(place)
        assert _folder(Path("robin")).resolve() == (home / "robin").resolve()
