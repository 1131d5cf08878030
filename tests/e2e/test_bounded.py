"""Many deployments of one site leave as much on the disk as a few, once a day has passed.

The figures for two hundred are in `docs/operators/storage.md`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from dialup_ext.monitor.storage import tree_bytes
from dialup_ext.testing.installation import Installation, wait_until

DEPLOYS = 60
KEPT = 5
PICTURE = 256 * 1024
DAY = 86400.0


def figures(home: Path, person: str) -> dict[str, int]:
    """What there is of each kind."""
    return {
        "releases": len(list((home / "sites" / person / "page").glob("[!.]*"))),
        "contents": len(list((home / "store").glob("*/blobs/*/*"))),
        "manifests": len(list((home / "store").glob("*/manifests/*"))),
        "uploads": len(list((home / "store").glob("*/uploads/*"))),
        "logs": len(list((home / "logs" / "deployments").glob("*.log"))),
        "serving": len(list((home / "ingress" / "serving").glob("*"))),
        "bytes": tree_bytes(home / "store") + tree_bytes(home / "sites", shared=False) + tree_bytes(home / "ingress"),
    }


def age(home: Path, seconds: float) -> None:
    """Make all contents look as if nobody had touched them for so long."""
    for path in (home / "store").rglob("*"):
        if not path.is_symlink():
            os.utime(path, (time.time() - seconds,) * 2)


def test_the_disk_after_many_deployments_of_one_site_is_bounded(tmp_path: Path, static_site: Callable[[str], Path]) -> None:
    installation = Installation(tmp_path / "home", options={
        "drain_seconds": "0.1", "releases_kept": str(KEPT), "upload_lifetime": "1"})
    try:
        ana = installation.start().account("ana")
        for number in range(DEPLOYS):
            folder = static_site(f"release {number}")
            (folder / "picture.bin").write_bytes(os.urandom(PICTURE))
            ana.deploy("page", folder)
        wait_until(lambda: figures(installation.home, "ana")["releases"] <= KEPT + 1)  # live and kept
        busiest = figures(installation.home, "ana")
        installation.stop()
        age(installation.home, 2 * DAY)
        installation.start()  # its first round sweeps

        def few(there: dict[str, int]) -> bool:
            return (there["releases"] == KEPT and there["contents"] <= 2 * KEPT and there["manifests"] <= KEPT
                    and there["uploads"] == 0 and there["bytes"] < (KEPT + 2) * (PICTURE + 64 * 1024))

        wait_until(lambda: few(figures(installation.home, "ana")), 60, lambda: str(figures(installation.home, "ana")))
        assert busiest["logs"] <= KEPT + 2 and busiest["serving"] <= 10, busiest
        assert f"release {DEPLOYS - 1}" in installation.get("page").text
        assert len(ana.call("GET", "/sites/page/releases").json["releases"]) == KEPT
    finally:
        installation.stop()
