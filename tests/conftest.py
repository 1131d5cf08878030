"""What holds for every test: nothing is left out silently, and on CI nothing is left out."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Generator

import pytest

ON_CI = os.environ.get("CI", "") not in ("", "false", "0")
ROOT = os.geteuid() == 0


def pytest_configure() -> None:
    """Whoever ends a run from outside gets the fixtures' ends too: no server stays behind."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where Chromium is: `CHROMIUM`, or what is installed."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip("Chromium is not here: NOT tried in a browser")
    return found


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("needs_root") and not ROOT:
        pytest.skip("only root can do this: NOT tried")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """On CI a skipped test failed, unless root alone could run it."""
    report = yield
    if not item.get_closest_marker("needs_root"):
        _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole file that skips itself."""
    report = yield
    _refuse_skip(report)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if ON_CI and report.skipped and not hasattr(report, "wasxfail"):
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"On CI nothing is skipped. {why}"
