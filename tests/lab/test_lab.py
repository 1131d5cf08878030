"""The lab process: who gets in, what is open, what its children inherit."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

from dialup_ext.lab import settle


def test_nobody_gets_in_without_the_edge(lab):
    for headers in ({}, {"X-Dialup-User": "ada"}, {"X-Dialup-User": "ada", "X-Dialup-Lab": "wrong"},
                    {"X-Dialup-Lab": "a-secret-of-this-lab-only"}, {"Authorization": "token "}):
        for path in ("/api/contents", "/dialup/api/v1/me", "/dialup/lab/v1/workspaces", "/api/me"):
            assert lab.request("GET", path, headers=headers)[0] == 403, (headers, path)
        assert lab.request("GET", "/dialup/preview/blog/", headers=headers)[0] == 403
        assert lab.request("GET", "/voila/static/voila.js", headers=headers)[0] in (302, 403)


def test_the_edge_names_the_person(lab):
    status, me = lab.json("GET", "/api/me")
    assert (status, me["identity"]["username"]) == (200, "ada")


def test_changes_need_the_xsrf_token_and_the_own_origin(lab, edge):
    body = {"site": "blog", "template": "static"}
    assert lab.request("POST", "/dialup/lab/v1/workspaces", body, xsrf=False)[0] == 403
    assert lab.request("POST", "/dialup/api/v1/sites", body, xsrf=False)[0] == 403
    foreign = {**edge, "Origin": "http://evil.dialup.localhost:8080"}
    assert lab.request("POST", "/dialup/lab/v1/workspaces", body, headers=foreign)[0] == 404
    assert not (lab.home / "blog").exists()


def test_routes_that_reach_too_far_are_not_there(lab):
    for path in ("/proxy/22/x", "/voila/render/x.ipynb", "/lsp/status", "/server-proxy/servers-info"):
        assert lab.request("GET", path)[0] == 404, path
    assert lab.request("GET", "/api/terminals")[0] == 200


def test_terminals_and_kernels_inherit_the_hub_and_not_the_secret(lab, hub, wait_until):
    code = ("import os, json; print(json.dumps([os.environ.get(n) for n in "
            "('DIALUP_LAB_SECRET', 'DIALUP_HUB_SOCKET', 'HOME')]))")
    (lab.home / "probe.py").write_text(code)
    status, terminal = lab.json("POST", "/api/terminals", {"cwd": str(lab.home)})
    assert status == 200
    kernel = lab.json("POST", "/api/kernels", {"name": "python3"})[1]["id"]
    [pid] = wait_until(lambda: [p for p in _processes() if kernel in _read(p, "cmdline")])
    inherited = dict(pair.split("=", 1) for pair in _read(pid, "environ").split("\0") if "=" in pair)
    assert "DIALUP_LAB_SECRET" not in inherited
    assert inherited["DIALUP_HUB_SOCKET"] == str(hub.path)
    assert inherited["HOME"] == str(lab.home)
    shells = [p for p in _processes() if _parent(p) == lab.process.pid]
    assert all("DIALUP_LAB_SECRET=" not in _read(p, "environ") for p in shells)
    lab.request("DELETE", f"/api/kernels/{kernel}")
    lab.request("DELETE", f"/api/terminals/{terminal['name']}")


def test_dialup_in_a_notebook_needs_no_login(hub, lab):
    hub.answers["GET", "/me"] = {"account": {"name": "ada", "role": "user"}}
    environment = {**os.environ, "DIALUP_HUB_SOCKET": str(hub.path)}
    code = "from dialup_ext import Dialup; print(Dialup().me['account']['name'])"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "ada"


def test_a_lab_without_its_secret_does_not_start(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != "DIALUP_LAB_SECRET"}
    done = subprocess.run([sys.executable, "-m", "dialup_ext.lab", "--port", "1", "--root", str(tmp_path)],
                          env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "started by the hub" in done.stderr


def test_everything_a_lab_writes_stays_in_its_home(tmp_path):
    environment = {"HOME": "/root", "JUPYTER_CONFIG_DIR": "/etc/jupyter"}
    settle(tmp_path, environment)
    places = [value for name, value in environment.items() if name.endswith(("_DIR", "_HOME", "HOME", "DIR"))]
    assert len(places) >= 8
    assert all(place.startswith(str(tmp_path)) for place in places)
    assert stat.S_IMODE(Path(environment["JUPYTER_RUNTIME_DIR"]).stat().st_mode) == 0o700


def test_slow_imports_wait_for_their_first_use():
    code = """
import sys
from dialup_ext.deferred import defer_slow_imports
defer_slow_imports(); defer_slow_imports()
import jsonschema, jupyter_events
assert not any(name.startswith("rfc3987_syntax.") for name in sys.modules)
check = jsonschema.FormatChecker()
assert check.conforms("https://example.com/ä", "iri") and not check.conforms("no iri at all", "iri")
assert check.conforms("https://example.com/ä", "iri")
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)


def test_lab_opens_with_the_file_browser_and_no_complaint(page, lab, hub):
    hub.answers[("GET", "/me")] = {"account": {"name": "ada", "role": "user"}}
    failed = []

    def look(answer):
        if answer.status >= 500:
            failed.append(answer.url)

    page.on("response", look)
    page.goto("/lab")
    page.locator("#filebrowser").wait_for()
    assert page.locator(".jp-Dialog").count() == 0
    assert json.loads(page.locator("#jupyter-config-data").inner_text() or "{}").get("token", "") == ""
    assert failed == []


def _processes():
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _read(pid, name):
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return ""


def _parent(pid):
    text = _read(pid, "stat")
    return int(text.rsplit(")", 1)[1].split()[1]) if text else 0
