"""The whole configuration, as reviewed text, for the domains and schemes we promise."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dialup_ext.errors import BadInput
from dialup_ext.ingress.binary import find_caddy
from dialup_ext.ingress.caddyfile import render
from dialup_ext.ingress.pages import HUB_AWAY, NO_SITE, POLICY, STYLE
from dialup_ext.settings import Settings

GOLDEN = Path(__file__).parents[1] / "golden" / "ingress"
HOME = Path("/srv/dialup")
CASES: dict[str, dict[str, Any]] = {
    "trial": {"bind": "127.0.0.1 ::1"},
    "one-label": {"domain": "localhost", "port": 9000},
    "server": {"domain": "sites.example.org", "scheme": "https", "port": 443, "bind": ""},
    "local-https": {"domain": "d.test", "scheme": "https", "port": 8443, "bind": "127.0.0.1"},
}


@pytest.mark.parametrize("case", CASES)
def test_the_configuration_is_the_reviewed_one(case: str) -> None:
    """`DIALUP_GOLDEN=write pytest tests/ingress/test_caddyfile.py` rewrites; the diff is the review."""
    rendered, golden = render(Settings(HOME, **CASES[case])), GOLDEN / f"{case}.Caddyfile"
    if os.environ.get("DIALUP_GOLDEN") == "write":
        golden.write_text(rendered)

    assert rendered == golden.read_text()


@pytest.mark.parametrize("case", CASES)
def test_caddy_accepts_it_as_it_stands(case: str, tmp_path: Path) -> None:
    written = tmp_path / "Caddyfile"
    written.write_text(render(Settings(tmp_path, **CASES[case])))

    done = subprocess.run([find_caddy(), "validate", "--adapter", "caddyfile", "--config", written],
                          capture_output=True, text=True, timeout=60, check=False,
                          env={"HOME": str(tmp_path), "PATH": os.defpath})

    complaints = [line for line in done.stderr.splitlines() if '"level":"warn"' in line]
    assert done.returncode == 0, done.stderr
    assert complaints == []


def test_a_home_with_a_space_in_its_path_is_fine(tmp_path: Path) -> None:
    home = tmp_path / "my data"
    home.mkdir()
    (home / "Caddyfile").write_text(render(Settings(home)))

    adapted = subprocess.run([find_caddy(), "adapt", "--adapter", "caddyfile", "--config", home / "Caddyfile"],
                             capture_output=True, text=True, timeout=60, check=True,
                             env={"HOME": str(tmp_path), "PATH": os.defpath})

    assert str(home / "ingress" / "live") in json.dumps(json.loads(adapted.stdout))


@pytest.mark.parametrize("home", ["/srv/{$HOME}", "/srv/a*", "/srv/a\"b", "/srv/a`b", "/srv/[x]", "/srv/a\nb"])
def test_a_home_that_would_mean_something_to_caddy_is_refused(home: str) -> None:
    with pytest.raises(BadInput) as refusal:
        render(Settings(Path(home)))

    assert refusal.value.code == "bad_home" and refusal.value.hint


@pytest.mark.parametrize("domain", ["", "Example.org", "a b", "*.org", "a..b", "a.", "x{y}", "a/b", "ex:80", "-a.b"])
def test_a_domain_that_is_none_is_refused(domain: str) -> None:
    with pytest.raises(BadInput) as refusal:
        render(Settings(HOME, domain=domain))

    assert refusal.value.code == "bad_domain"


def test_secrets_among_the_settings_stay_out() -> None:
    rendered = render(Settings(HOME, database_url="postgresql://dialup:hunter2@db/dialup",
                               npm_registry="https://u:hunter2@npm.example"))

    assert "hunter2" not in rendered
    assert "{$" not in rendered and "{env." not in rendered


def test_every_host_begins_by_dropping_claimed_identities_and_the_rest_is_hung_up_on() -> None:
    rendered = render(Settings(HOME))

    assert rendered.count("import strip") == 3
    assert rendered.endswith("http://:8080 {\n\tbind 127.0.0.1\n\tabort\n}\n")


def test_the_pages_stand_alone_and_can_be_read_in_the_dark() -> None:
    for page in (HUB_AWAY, NO_SITE):
        html = page.html()
        assert "prefers-color-scheme:dark" in html and 'lang="en"' in html and "viewport" in html
        assert not re.search(r"src=|<script|<link|url\(|https?://", html)
        assert "`" not in html and STYLE in html
    assert "'unsafe-inline'" not in POLICY
    assert json.loads(HUB_AWAY.json())["code"] == "hub_away"
