"""Everything an instance started ends with it, however it tries to slip away."""

from __future__ import annotations

import sys

import pytest

from dialup_ext.domain.instance import InstanceState

ESCAPE = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN) if 'deaf' in sys.argv else None
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    print('away', os.getpid(), flush=True)
    time.sleep(600)
os.wait()
if 'leave' in sys.argv:
    time.sleep(0.2)
    sys.exit(7)
time.sleep(600)
"""

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
BARE = "import os, time; print('bare', flush=True); " \
       "os.spawnve(os.P_NOWAIT, '/usr/bin/sleep', ['sleep', '600'], {}); time.sleep(600)"


def python(text: str, *more: str) -> tuple[str, ...]:
    return ("python", "-c", text, *more)


def members(driver, key):
    return driver._families.members(key, driver._journal.read(key))


def test_a_process_in_a_session_of_its_own_is_ended_too(driver, spec, until):
    driver.start(spec("site-1", python(ESCAPE)))
    until(lambda: b"away" in driver.log("site-1").data)
    away = int(driver.log("site-1").data.split()[1])
    assert away in {one.pid for one in members(driver, "site-1")}
    record = driver._journal.read("site-1")
    driver.stop("site-1", grace=5)
    assert driver._families.members("site-1", record) == []


def test_what_a_program_leaves_behind_is_ended_when_it_ends(driver, spec, until):
    driver.start(spec("site-1", python(ESCAPE, "leave")))
    until(lambda: driver.inspect("site-1").state is InstanceState.EXITED)
    assert driver.inspect("site-1").exit_code == 7
    until(lambda: members(driver, "site-1") == [])


def test_a_child_without_environment_is_ours_by_its_parents(driver, spec, until):
    driver.start(spec("site-1", python(BARE)))
    until(lambda: len(members(driver, "site-1")) == 2)
    record = driver._journal.read("site-1")
    driver.stop("site-1", grace=0)
    assert driver._families.members("site-1", record) == []


def test_who_does_not_hear_sigterm_is_killed_after_the_grace(driver, spec, until):
    driver.start(spec("site-1", python(DEAF)))
    until(lambda: b"deaf" in driver.log("site-1").data)
    driver.stop("site-1", grace=0.1)
    assert driver.inspect("site-1") is None


def test_who_hears_sigterm_may_finish(driver, spec, until, tmp_path):
    text = ("import signal, sys, time, pathlib\n"
            "def bye(*_):\n    pathlib.Path(sys.argv[1]).write_text('bye'); sys.exit()\n"
            "signal.signal(signal.SIGTERM, bye); print('ready', flush=True); time.sleep(600)")
    driver.start(spec("site-1", python(text, str(tmp_path / "note"))))
    until(lambda: b"ready" in driver.log("site-1").data)
    driver.stop("site-1", grace=20)
    assert (tmp_path / "note").read_text() == "bye"


def test_a_kill_from_outside_is_an_exit_with_its_signal(driver, spec):
    import os
    import signal

    driver.start(spec("site-1", ("sleep", "600")))
    os.kill(driver._journal.read("site-1").pid, signal.SIGKILL)
    assert driver.wait("site-1", 20).exit_code == 137


def test_two_servers_with_the_same_key_do_not_end_each_others(driver, spec, tmp_path, settings):
    from dialup_ext.settings import Settings
    from dialup_ext.spawner.process import ProcessDriver

    other = ProcessDriver(Settings(tmp_path / "other"))
    driver.start(spec("site-1", ("sleep", "600")))
    other.start(spec("site-1", ("sleep", "600")))
    other.stop("site-1", grace=0)
    other.close()
    assert driver.inspect("site-1").state is InstanceState.RUNNING


def test_memory_of_all_its_processes_counts(driver, spec, until):
    text = ("import os, time\nfor _ in range(3): os.fork()\n"
            "hold = bytearray(os.urandom(1 << 20) * 20); time.sleep(600)")
    driver.start(spec("site-1", python(text), memory_mb=100))
    assert driver.wait("site-1", 20).reason == "memory"


def test_a_folder_that_is_gone_is_said_before_anything_starts(driver, spec, tmp_path):
    from dialup_ext.errors import Unavailable

    with pytest.raises(Unavailable) as refusal:
        driver.start(spec("site-1", ("sleep", "600"), directory=tmp_path / "gone"))
    assert refusal.value.code == "directory_missing"
    assert driver.list() == []


def test_a_program_that_is_not_there_ends_with_127_and_says_so(driver, spec):
    driver.start(spec("site-1", ("no-such-program",)))
    assert driver.wait("site-1", 20).exit_code == 127
    assert "“no-such-program” was not found" in driver.log("site-1").data.decode()


def test_limits_and_manners_of_an_instance(driver, spec):
    from dialup_ext.domain.instance import InstanceKind

    text = ("import os, resource, sys; print(resource.getrlimit(resource.RLIMIT_CORE)[1], os.nice(0), "
            "os.getsid(0) == os.getpid(), len(os.listdir('/proc/self/fd')) - 1, sys.stdin.read() == '', "
            "open('/proc/self/oom_score_adj').read().strip(), sep=',')")
    driver.start(spec("build-1", python(text), kind=InstanceKind.BUILD))
    driver.wait("build-1", 20)
    assert driver.log("build-1").data.decode().strip() == "0,19,True,3,True,800"


def test_nothing_of_an_instance_stays_on_the_disk(driver, spec, settings):
    text = "import os, pathlib; d = pathlib.Path(os.environ['TMPDIR'], 'd'); d.mkdir(); (d / 'f').touch(); d.chmod(0o500)"
    driver.start(spec("site-1", python(text)))
    driver.wait("site-1", 20)
    driver.stop("site-1")
    assert [path.name for path in (settings.home / "instances").iterdir() if not path.name.startswith(".")] == []


def test_secrets_in_the_environment_are_not_written_down(driver, spec, settings):
    driver.start(spec("site-1", ("sleep", "600"), environment={"TOKEN": "a-very-secret-word"}))
    for path in (settings.home / "instances" / "site-1").rglob("*"):
        assert path.is_dir() or b"a-very-secret-word" not in path.read_bytes()


def test_python_is_the_one_dialup_runs_on(driver, spec):
    driver.start(spec("site-1", python("import sys, dialup_ext; print(sys.executable)")))
    assert driver.wait("site-1", 20).exit_code == 0, driver.log("site-1").data
    assert driver.log("site-1").data.decode().strip() == sys.executable


def test_a_program_whose_first_thread_ends_before_the_others_has_an_exit_code(driver, spec, until):
    """The kernel shows it as dead and does not give its code before the last thread is gone."""
    program = ("import ctypes, os, threading, time\n"
               "threading.Thread(target=lambda: (time.sleep(1), os._exit(7))).start()\n"
               "ctypes.CDLL(None).syscall(60, 0)\n")
    driver.start(spec("build-threads", ("python", "-c", program)))
    until(lambda: driver.inspect("build-threads").state is InstanceState.EXITED)
    assert driver.inspect("build-threads").exit_code == 7
