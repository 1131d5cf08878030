"""Variables and secrets, from a person's fingers to a running program, on both drivers; and nowhere else."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dialup_ext.cli.deploy import main
from dialup_ext.client import Site
from dialup_ext.client.transport import Transport
from dialup_ext.testing.installation import Installation, Person, wait_until

SHOWS = """
import http from 'node:http'; import fs from 'node:fs';
const e = process.env, dir = e.SECRETS_DIR;
const tries = action => { try { action(); return 'done'; } catch (error) { return error.code; } };
console.log(`begun with ${e.GREETING}, ${(e.TOKEN ?? '').slice(0, +e.SHOW || 0)}.`);
http.createServer((q, a) => a.end(JSON.stringify({
  greeting: e.GREETING, token: e.TOKEN, dir, port: e.PORT, names: dir ? fs.readdirSync(dir).sort() : [],
  file: dir && fs.existsSync(dir + '/TOKEN') ? fs.readFileSync(dir + '/TOKEN', 'utf8') : null,
  mode: dir ? (fs.statSync(dir + '/.variables.json').mode & 0o777).toString(8) : null,
  mine: dir ? fs.statSync(dir + '/.variables.json').uid === process.getuid() : null,
  write: dir && q.url === '/write' ? tries(() => fs.writeFileSync(dir + '/new', 'x')) : null, command: process.argv.slice(1),
}))).listen(e.PORT);
"""
ODD = "c4nary \"quoted\" $HOME `x` \\ 'single'\nsecond line = ä\t€"


@pytest.fixture(params=["process", "docker"])
def hub(request: pytest.FixtureRequest) -> Installation:
    found: Installation = request.getfixturevalue("docked" if request.param == "docker" else "dialup")
    return found


@pytest.fixture
def eva(hub: Installation, name: str) -> Person:
    return hub.account(f"eva-{name}")


@pytest.fixture
def site(eva: Person, name: str) -> Iterator[Site]:
    """Eva's site, as her notebook has it."""
    assert eva.call("POST", "/sites", {"name": name}).status == 201
    with Transport(eva.portal, key=eva.key) as transport:
        yield Site(transport, transport.get(f"/sites/{name}"))


@pytest.fixture
def command(eva: Person, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`deploy sites env <site> …`"""
    monkeypatch.setenv("DIALUP_SERVER", eva.portal)
    monkeypatch.setenv("DIALUP_KEY", eva.key)
    return lambda *words, stdin=None: CliRunner().invoke(main, ["sites", "env", *words], input=stdin)


def told(hub: Installation, name: str) -> dict[str, Any]:
    return dict(hub.get(name).json)


def folders(hub: Installation, name: str) -> list[Path]:
    from dialup_ext.spawner.variable_files import VariableFiles

    return list(VariableFiles(hub.settings).root.glob(f"*{name}*"))


def test_a_program_is_told_what_its_owner_set_and_nobody_else(
        hub: Installation, eva: Person, name: str, site: Site, node_site: Callable[..., Path]) -> None:
    site.env["GREETING"] = "hello"
    site.env.secret("TOKEN", ODD)
    eva.deploy(name, node_site("", SHOWS))

    seen = told(hub, name)
    assert (seen["greeting"], seen["token"], seen["file"]) == ("hello", ODD, ODD)
    assert (seen["names"], seen["mode"], seen["mine"]) == ([".variables.json", "TOKEN"], "400", True)
    assert "c4nary" not in str(seen["command"])
    if hub.options["driver"] == "docker":
        assert seen["dir"] == "/run/secrets"
        assert hub.get(name, "/write").json["write"] == "EROFS"
    assert not site.env.needs_restart
    assert {key: repr(value) for key, value in site.env.items()} == {"GREETING": "'hello'", "TOKEN": "••••"}


def test_a_change_reaches_the_program_by_a_restart_and_the_files_go_with_it(
        hub: Installation, eva: Person, name: str, site: Site, node_site: Callable[..., Path]) -> None:
    eva.deploy(name, node_site("", SHOWS))
    assert (told(hub, name).get("dir"), folders(hub, name)) == (None, [])
    site.env["GREETING"] = "first"
    assert site.env.needs_restart
    assert told(hub, name).get("greeting") is None
    site.restart()
    wait_until(lambda: told(hub, name).get("greeting") == "first")
    assert not site.env.needs_restart
    del site.env["GREETING"]
    assert site.env.needs_restart
    site.stop()
    assert not site.env.needs_restart
    wait_until(lambda: folders(hub, name) == [])
    site.start()
    wait_until(lambda: hub.get(name).status == 200 and told(hub, name).get("dir") is None)


def test_a_killed_hub_and_a_lost_instance_change_nothing(
        hub: Installation, eva: Person, name: str, site: Site, node_site: Callable[..., Path]) -> None:
    site.env.secret("TOKEN", "kept")
    eva.deploy(name, node_site("", SHOWS))
    if hub.options["driver"] == "docker":
        found = subprocess.run(["docker", "ps", "-q", f"--filter=label=dialup.site={name}"], capture_output=True,
                               text=True, check=True).stdout.split()
        subprocess.run(["docker", "rm", "-f", *found], check=True, capture_output=True)
    for folder in folders(hub, name):  # as when the machine was started anew
        shutil.rmtree(folder)
    hub.kill()
    hub.start()
    wait_until(lambda: hub.get(name).status == 200, 60)
    assert told(hub, name)["token"] == "kept"


def test_a_secret_the_program_prints_is_hidden_in_its_log(
        hub: Installation, eva: Person, name: str, site: Site, node_site: Callable[..., Path]) -> None:
    site.env.secret("TOKEN", "c4nary-in-the-log")
    site.env["SHOW"] = "99"
    eva.deploy(name, node_site("", SHOWS))
    lines = wait_until(lambda: eva.call("GET", f"/sites/{name}/logs").json["lines"])
    assert lines[-1] == "begun with undefined, ••••."


def test_what_a_dying_program_prints_is_hidden_in_the_reason(
        hub: Installation, eva: Person, name: str, site: Site, node_site: Callable[..., Path]) -> None:
    site.env.secret("TOKEN", "c4nary-of-the-dying")
    with pytest.raises(Exception, match="ended with exit code"):
        eva.deploy(name, node_site("", "console.log('with', process.env.TOKEN);"
                                       "throw new Error('bad ' + process.env.TOKEN);"))
    failed = eva.call("GET", f"/sites/{name}/deployments").json["deployments"][0]["failure"]
    assert "Error: bad ••••" in failed["message"]
    assert "with ••••" in failed["log_tail"]
    assert "c4nary-of-the-dying" not in json.dumps(failed)


def test_the_preview_of_a_node_site_is_told_too(hub: Installation, eva: Person, name: str,
                                                node_site: Callable[..., Path]) -> None:
    from tests.e2e.test_labs import enter

    eva.call("POST", "/sites", {"name": name, "kind": "nodejs"})
    eva.call("PUT", f"/sites/{name}/env/TOKEN", {"value": "kept", "secret": True})
    workspace = hub.home / "homes" / eva.name / name
    workspace.mkdir(parents=True)
    for path in node_site("", SHOWS).iterdir():
        (workspace / path.name).write_bytes(path.read_bytes())
    eva.call("POST", f"/sites/{name}/preview")
    wait_until(lambda: eva.call("GET", f"/sites/{name}/preview").json["state"] in ("running", "failed"), 90)
    shown = eva.call("GET", f"/sites/{name}/preview").json
    assert shown["state"] == "running", shown
    inside = enter(eva, f"{name}-dev.{hub.settings.domain}")
    assert inside.ask().json["token"] == "kept"
    eva.call("DELETE", f"/sites/{name}/preview")
    wait_until(lambda: folders(hub, name) == [])


def test_the_command_sets_shows_and_forgets(hub: Installation, name: str, site: Site, tmp_path: Path,
                                            command: Callable[..., Result]) -> None:
    assert "has no variables" in command(name).stdout
    assert command(name, "set", "GREETING=a=b", "OTHER=").exit_code == 0
    assert command(name, "set", "--secret", "TOKEN", stdin="c4nary\n").exit_code == 0
    (tmp_path / ".env").write_text("# ours\nexport URL='http://x/#y'\nTEXT=\"two\\nlines\" # more\nPLAIN=a b # c\n")
    assert command(name, "import", str(tmp_path / ".env")).exit_code == 0
    found = json.loads(command(name, "--json").stdout)
    assert {one["name"]: one["value"] for one in found["variables"]} == {
        "GREETING": "a=b", "OTHER": "", "TOKEN": None, "URL": "http://x/#y", "TEXT": "two\nlines", "PLAIN": "a b"}
    shown = command(name, "list").stdout
    assert "••••" in shown
    assert "c4nary" not in shown
    assert command(name, "set", "TOKEN=new").exit_code == 0, "what was secret stays secret"
    assert json.loads(command(name, "--json").stdout)["variables"][4]["secret"] is True
    for _ in range(2):
        assert command(name, "unset", "GREETING").exit_code == 0


@pytest.mark.parametrize("words", [("set", "--secret", "TOKEN=c4nary"), ("set", "TOKEN"), ("set",), ("unset",),
                                   ("import", "nowhere"), ("set", "PORT=1"), ("list", "more")])
def test_the_command_refuses_in_words(name: str, site: Site, command: Callable[..., Result],
                                      words: tuple[str, ...]) -> None:
    done = command(name, *words)
    assert done.exit_code != 0
    assert "Traceback" not in done.output
    assert site.env.facts()["variables"] == []


def test_a_key_that_may_only_look_sees_names_alone(hub: Installation, eva: Person, name: str, site: Site) -> None:
    site.env["GREETING"] = "hello"
    account = hub.identity.account(eva.name)
    reader = Person(hub, eva.name, eva.id, hub.identity.create_key(account, "r", ["sites:read"])[1])
    elsewhere = Person(hub, eva.name, eva.id, hub.identity.create_key(
        account, "e", ["sites:read", "sites:write"], sites=["other"])[1])
    found = reader.call("GET", f"/sites/{name}/env").json["variables"]
    assert [(one["name"], one["value"], one["secret"]) for one in found] == [("GREETING", None, False)]
    assert reader.call("PUT", f"/sites/{name}/env/A", {"value": "x"}).status == 403
    for verb, path in (("GET", "env"), ("PUT", "env/A"), ("DELETE", "env/GREETING")):
        assert elsewhere.call(verb, f"/sites/{name}/{path}", {"value": "x"} if verb == "PUT" else None).status == 404
