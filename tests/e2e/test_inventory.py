"""The hub is not a Jupyter server for people: no contents, kernels, terminals, files; nothing but its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dialup_ext.testing.installation import Installation

FORBIDDEN = [
    "/api", "/api/contents", "/api/contents/x", "/api/kernels", "/api/kernelspecs", "/api/sessions", "/api/terminals",
    "/api/config/x", "/api/nbconvert", "/api/status", "/api/shutdown", "/api/events", "/api/spec.yaml", "/api/me",
    "/files/x", "/view/x", "/nbconvert/html/x", "/metrics", "/lab", "/tree", "/edit/x", "/notebooks/x", "/static/x",
    "/voila/render/x.ipynb", "/proxy/22/", "/terminals/websocket/1", "/lsp", "/robots.txt", "/custom/custom.js",
]


@pytest.mark.parametrize("path", FORBIDDEN)
@pytest.mark.parametrize("verb", ["GET", "POST", "PUT", "DELETE"])
def test_jupyters_own_routes_are_not_there(dialup: Installation, verb: str, path: str) -> None:
    origin = dialup.settings.origin(dialup.settings.portal_host)

    answer = dialup.request(verb, "admin", path, headers={"Origin": origin}, body=b"{}")

    if path == "/lab":  # the portal's own page of that name: a person's way to their lab
        assert answer.status in (303, 401, 405), answer.text
    else:
        assert answer.status == 404, f"{verb} {path}: {answer.status}"


def test_the_route_table_is_ours_alone(tmp_path: Path) -> None:
    """In a process of its own, because Jupyter's server is one per process."""
    program = (
        "from pathlib import Path\n"
        "from dialup_ext.server import make_server\n"
        "from dialup_ext.settings import Settings\n"
        f"server = make_server(Settings(Path({str(tmp_path / 'home')!r})))\n"
        "def walk(rules):\n"
        "    for rule in rules:\n"
        "        inner = getattr(rule.target, 'rules', None)\n"
        "        if inner is not None: yield from walk(inner)\n"
        "        else: yield rule.target\n"
        "for router in (server.web_app.default_router, server.web_app.wildcard_router):\n"
        "    for handler in walk(router.rules): print(handler.__module__ + '.' + handler.__name__)\n"
    )
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", program], text=True, capture_output=True,
                         check=True, env={**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path)})

    handlers = set(ran.stdout.split())
    foreign = {name for name in handlers if not name.startswith("dialup_ext.handlers.")}
    assert len(handlers) > 30
    assert foreign <= {"jupyter_server.base.handlers.Template404"}, foreign


def test_a_stock_jupyter_server_with_our_configuration_refuses_to_be_the_hub(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run(
        [sys.executable, "-m", "jupyter_server", "--config", str(root / "jupyter_config.py"), "--allow-root",
         "--no-browser", f"--ServerApp.root_dir={tmp_path}", "--ServerApp.port=0"],
        text=True, capture_output=True, timeout=60, check=False, cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path / "c"),
             "DIALUP_HOME": str(tmp_path / "home")})

    assert ran.returncode != 0
    assert "dialup serve" in ran.stderr + ran.stdout
    assert not (tmp_path / "home").exists()
