"""The hub's threads: what waits in one of them keeps nobody else from working."""

from __future__ import annotations

import threading

import pytest

from dialup_ext.build.turns import Turns
from dialup_ext.settings import Settings
from dialup_ext.workers import Workers


@pytest.mark.parametrize("waiting", [20, 40])
def test_a_rollback_goes_past_all_builds_that_wait(tmp_path, waiting):
    settings = Settings(tmp_path, deploys_waiting=waiting)
    workers, turns, over, rolled_back = (
        Workers(settings.deploys_waiting), Turns(1), threading.Event(), threading.Event())

    def build() -> None:
        with turns.taken("ana", lambda _: None, over.is_set):
            over.wait()

    try:
        for _ in range(settings.deploys_waiting - 1):
            workers.background("deploy", build)
        workers.background("deploy", rolled_back.set)
        assert rolled_back.wait(20)
    finally:
        over.set()
        workers.close()
