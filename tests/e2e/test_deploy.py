"""Deploying for real: hub, Caddy and processes, by the client's own code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dialup_ext.testing.installation import Installation, Person, wait_until


def test_a_static_folder_is_live_after_one_deploy(dialup: Installation, ana: Person, name: str,
                                                  static_site: Callable[[str], Path]) -> None:
    deployment = ana.deploy(name, static_site("first"))

    assert deployment["status"] == "live"
    assert "first" in dialup.get(name).text


def test_a_node_folder_is_live_after_one_deploy(dialup: Installation, ana: Person, name: str,
                                                node_site: Callable[..., Path]) -> None:
    ana.deploy(name, node_site("from node"))

    assert dialup.get(name).text == "from node"
    assert ana.call("GET", f"/sites/{name}").json["kind"] == "nodejs"


def test_rolling_back_needs_no_upload(dialup: Installation, ana: Person, name: str,
                                      static_site: Callable[[str], Path]) -> None:
    ana.deploy(name, static_site("one"))
    ana.deploy(name, static_site("two"))

    answer = ana.call("POST", f"/sites/{name}/rollback", {})

    assert answer.status == 202
    wait_until(lambda: ana.call("GET", f"/sites/{name}").json["live_release"]["number"] == 1)
    assert "one" in dialup.get(name).text
    assert ana.call("GET", f"/sites/{name}").json["deployment"]["came_from"] == 2


def test_a_stopped_site_says_so_and_comes_back(dialup: Installation, ana: Person, name: str,
                                               node_site: Callable[..., Path]) -> None:
    ana.deploy(name, node_site("here"))

    assert ana.call("POST", f"/sites/{name}/stop").json["status"] == "stopped"
    stopped = dialup.get(name)
    assert stopped.status == 503 and "stopped" in stopped.text

    ana.call("POST", f"/sites/{name}/start")
    wait_until(lambda: dialup.get(name).text == "here")


def test_a_removed_site_is_gone_and_its_name_rests(dialup: Installation, ana: Person, ben: Person, name: str,
                                                   static_site: Callable[[str], Path]) -> None:
    ana.deploy(name, static_site("soon gone"))

    assert ana.call("DELETE", f"/sites/{name}").status == 204

    gone = dialup.get(name)
    assert gone.status == 410 and gone.headers["clear-site-data"]
    assert ben.call("POST", "/sites", {"name": name}).json["code"] == "name_taken"
    assert ana.call("POST", "/sites", {"name": name}).status == 201


def test_caddys_configuration_does_not_change_when_sites_come_and_go(
        dialup: Installation, ana: Person, name: str, static_site: Callable[[str], Path],
        node_site: Callable[..., Path]) -> None:
    from dialup_ext.ingress.caddy import Caddy

    caddy = Caddy(dialup.settings)
    before = caddy.loaded_config()

    ana.deploy(name, static_site("one"))
    ana.deploy(name, node_site("two"))
    ana.call("POST", f"/sites/{name}/rollback", {})
    wait_until(lambda: "one" in dialup.get(name).text)
    ana.call("DELETE", f"/sites/{name}")

    assert caddy.loaded_config() == before


def test_the_source_of_a_running_site_is_not_reachable(dialup: Installation, ana: Person, name: str,
                                                       node_site: Callable[..., Path]) -> None:
    folder = node_site("x", server="import h from 'node:http'; h.createServer((q, a) => "
                                   "{ a.statusCode = q.url === '/' ? 200 : 404; a.end('app') })"
                                   ".listen(process.env.PORT)")
    (folder / ".env").write_text("SECRET=canary")
    ana.deploy(name, folder)

    for path in ("/server.js", "/package.json", "/.env", "/..%2fserver.js", "/app/server.js", "/www/", "/up/"):
        answer = dialup.get(name, path)
        assert "createServer" not in answer.text and "canary" not in answer.text, path
        assert answer.status == 404, path
