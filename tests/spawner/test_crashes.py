"""The hub may die anywhere: what runs is found again, what did not begin leaves nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from dialup_ext.domain.instance import InstanceState
from dialup_ext.settings import Settings
from dialup_ext.spawner import proc
from dialup_ext.spawner.family import MARK
from dialup_ext.spawner.process import ProcessDriver

HELPER = Path(__file__).with_name("crash.py")

DIES = """
import os, signal, sys
from pathlib import Path
from dialup_ext.domain.instance import InstanceKind, InstanceSpec, Runtime
from dialup_ext.settings import Settings
from dialup_ext.spawner.process import ProcessDriver

home, directory = Path(sys.argv[1]), Path(sys.argv[2])
driver = ProcessDriver(Settings(home))
for key, step in (("site-long", ("sleep", "600")), ("site-short", ("sh", "-c", "read x < gate; exit 3"))):
    driver.start(InstanceSpec(key=key, kind=InstanceKind.SITE, account="ana", runtime=Runtime.LAB,
                              steps=(step,), directory=directory, deadline=float(sys.argv[3])))
while not all(driver._journal.begun(one.key) for one in driver.list()):
    pass
os.kill(os.getpid(), signal.SIGKILL)
"""


def marked() -> dict[int, str]:
    """pid → key of every living process that carries an instance's mark."""
    found = {one.pid: proc.variable(one.pid, MARK) for one in proc.processes() if not one.dead}
    return {pid: mark for pid, mark in found.items() if mark}


def keys_running(driver: ProcessDriver) -> set[str]:
    return {one.key for one in driver.list() if one.state is InstanceState.RUNNING}


def test_a_starter_killed_at_any_line_leaves_no_orphan(tmp_path, spec, until):
    done = subprocess.run([sys.executable, str(HELPER), str(tmp_path), "7"],
                          check=True, capture_output=True, text=True, timeout=150)
    lines = int(done.stdout)
    came_through = 0
    for home in sorted(tmp_path.iterdir()):
        driver = ProcessDriver(Settings(home))
        mark = driver._families.mark("site-1")
        until(lambda mark=mark, driver=driver: mark not in marked().values() or keys_running(driver))
        came_through += len(keys_running(driver))
        assert driver.start(spec("site-1", ("sleep", "600"))).state is InstanceState.RUNNING
        until(lambda mark=mark: list(marked().values()).count(mark) == 1)
        driver.stop("site-1", grace=0)
        driver.close()
        assert mark not in marked().values()
        assert driver._journal.known() == []
    assert lines > 60, "the helper did not follow the start"
    assert 0 < came_through < lines // 6, "some starts were early enough to leave nothing, some were not"


def test_after_a_crash_of_the_hub_its_instances_are_adopted(settings, driver, tmp_path, until):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    done = subprocess.run([sys.executable, "-c", DIES, str(settings.home), str(tmp_path), "600"],
                          check=False, timeout=60)
    assert done.returncode == -9
    assert keys_running(driver) == {"site-long", "site-short"}

    gate.write_text("go\n")
    over = driver.wait("site-short", 20)
    assert over.state is InstanceState.EXITED
    assert over.exit_code is None, "nobody of us was its parent"
    driver.stop("site-long", grace=5)
    assert driver.inspect("site-long") is None
    assert not [mark for mark in marked().values() if mark == driver._families.mark("site-long")]


def test_an_adopted_instance_still_has_its_deadline(settings, driver, tmp_path, until):
    os.mkfifo(tmp_path / "gate")
    subprocess.run([sys.executable, "-c", DIES, str(settings.home), str(tmp_path), "0.5"], check=False, timeout=60)
    assert driver.list()
    until(lambda: not keys_running(driver))
    assert {one.reason for one in driver.list()} == {"deadline"}


def test_an_exit_nobody_saw_is_an_exit(settings, driver, tmp_path, until):
    os.mkfifo(tmp_path / "gate")
    subprocess.run([sys.executable, "-c", DIES, str(settings.home), str(tmp_path), "600"], check=False, timeout=60)
    driver.close()
    (tmp_path / "gate").write_text("go\n")
    heir = ProcessDriver(settings)
    until(lambda: "site-short" not in keys_running(heir))
    heir.close()
    over = heir.inspect("site-short")
    assert over is not None
    assert over.exit_code is None
