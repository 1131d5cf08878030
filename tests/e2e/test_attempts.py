"""A deployment that ends the hub is not tried for ever; a hub that is asked to stop has not failed at it."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from dialup_ext.actions.deploy import ATTEMPTS
from dialup_ext.client.deploy import begin_deploy
from dialup_ext.client.transport import Transport
from dialup_ext.crashpoint import VARIABLE
from dialup_ext.errors import DialupError
from dialup_ext.testing.installation import Installation, Person, wait_until
from dialup_ext.testing.invariants import violations


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path / "home", options={"drain_seconds": "0.5", "health_timeout": "120"})
    yield installation.start()
    installation.stop()


def newest(installation: Installation) -> tuple[str, int]:
    """Status and attempt of the newest deployment, from the database."""
    with closing(sqlite3.connect(installation.settings.data / "database.sqlite")) as connection:
        row = connection.execute("SELECT deploy_status, attempt FROM deployments ORDER BY created_at DESC").fetchone()
    return str(row[0]), int(row[1])


def begin(person: Person, site: str, folder: Path) -> None:
    with Transport(person.portal, key=person.key) as transport, suppress(DialupError):
        begin_deploy(transport, site, folder)


def test_what_ends_the_hub_three_times_is_given_up(patient: Installation,
                                                   static_site: Callable[[str], Path]) -> None:
    ana = patient.account("ana")
    ana.deploy("fatal", static_site("good"))
    patient.kill()
    patient.with_environment(**{VARIABLE: "C4"}).start()

    begin(ana, "fatal", static_site("deadly"))
    for attempt in range(1, ATTEMPTS + 1):
        assert patient.process is not None and patient.process.wait(60) == -signal.SIGKILL
        assert newest(patient) == ("building", attempt)
        assert "good" in patient.get("fatal").text
        patient.process = patient.run("up", "--no-browser", "--no-sample")

    wait_until(lambda: newest(patient) == ("failed", ATTEMPTS), 60, lambda: str(newest(patient)))
    wait_until(lambda: "is up" in patient.printed())
    card = ana.call("GET", "/sites/fatal").json["deployment"]
    assert card["failure"]["code"] == "interrupted" and card["still_live"] == 1
    assert f"ended {ATTEMPTS} times while it worked on this deployment" in card["failure"]["message"]
    assert "good" in patient.get("fatal").text
    wait_until(lambda: violations(patient) == [], 60, lambda: "; ".join(violations(patient)))
    patient.environment.clear()


def test_stopping_politely_counts_for_nothing(patient: Installation, node_site: Callable[..., Path],
                                              tmp_path: Path) -> None:
    go = tmp_path / "go"
    server = ("import http from 'node:http';\nimport fs from 'node:fs';\n"
              f"const timer = setInterval(() => {{ if (!fs.existsSync({str(go)!r})) return; clearInterval(timer);\n"
              "http.createServer((q, a) => a.end('at last')).listen(process.env.PORT) }, 50);")
    ana = patient.account("ana")
    assert ana.call("POST", "/sites", {"name": "slow"}).status == 201
    begin(ana, "slow", node_site("", server=server))

    for _ in range(ATTEMPTS + 1):
        wait_until(lambda: newest(patient) == ("checking", 1), 60, lambda: str(newest(patient)))
        patient.stop()
        patient.start()
    go.touch()

    wait_until(lambda: newest(patient) == ("live", 1), 60, lambda: str(newest(patient)))
    assert patient.get("slow").text == "at last"
