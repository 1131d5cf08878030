"""The hub's threads: what waits in one of them keeps nobody else from working."""

from __future__ import annotations

import threading

from dialup_ext.build.turns import Turns
from dialup_ext.settings import Settings
from dialup_ext.workers import Workers


def test_a_rollback_goes_past_all_builds_that_wait(tmp_path):
    workers, turns, over, rolled_back = Workers(), Turns(1), threading.Event(), threading.Event()

    def build() -> None:
        with turns.taken("ana", lambda _: None, over.is_set):
            over.wait()

    try:
        for _ in range(Settings(tmp_path).deploys_waiting - 1):
            workers.background("deploy", build)
        workers.background("deploy", rolled_back.set)
        assert rolled_back.wait(20)
    finally:
        over.set()
        workers.close()
