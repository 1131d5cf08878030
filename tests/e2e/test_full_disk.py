"""A home on a disk that fills up: uploads and builds are refused first, and the sites go on to the last byte."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dialup_ext.errors import NoSpace
from dialup_ext.spawner.loop_disk import LoopDisk
from dialup_ext.testing.installation import Installation, wait_until

MIB = 1 << 20


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 160 MiB."""
    disk = LoopDisk(tmp_path / "small.img", tmp_path / "small")
    disk.make(160)
    disk.mount()
    yield disk.place
    wait_until(disk.unmount)


def fill(place: Path, leave: int) -> None:
    """Until so many bytes are left."""
    with suppress(OSError), (place / "somebody-elses").open("ab", buffering=0) as file:
        while os.statvfs(place).f_bavail * os.statvfs(place).f_frsize > leave:
            file.write(os.urandom(MIB // 4))


def health(installation: Installation) -> str:
    return str(installation.get("admin", "/health").json["checks"]["storage"])


def test_a_disk_that_fills_refuses_what_is_new_and_keeps_what_is_there(
        small: Path, static_site: Callable[[str], Path], node_site: Callable[..., Path]) -> None:
    installation = Installation(small / "home", options={"min_free_mb": "20", "drain_seconds": "0.2"})
    try:
        ana = installation.start().account("ana")
        ana.deploy("page", static_site("page one"))
        ana.deploy("program", node_site("program one"))
        first = ana.call("GET", "/sites/page/releases").json["releases"][0]["number"]
        ana.deploy("page", static_site("page two"))
        assert health(installation) == "ok"

        fill(small, leave=30 * MIB)
        assert re.search(r"Only \d+ MiB of disk are left; uploads and builds stop below 20 MiB", health(installation))
        ana.deploy("page", static_site("page three"))  # warned, not yet refused

        fill(small, leave=10 * MIB)
        with pytest.raises(NoSpace) as refusal:
            ana.deploy("page", static_site("page four"))
        assert refusal.value.hint
        assert "page three" in installation.get("page").text
        assert installation.get("program").text == "program one"
        back = ana.call("POST", "/sites/page/rollback", {"release": first})
        assert back.status == 202, back.text  # going back needs no room to speak of
        wait_until(lambda: "page one" in installation.get("page").text)

        fill(small, leave=0)
        assert "page one" in installation.get("page").text
        assert installation.get("program").text == "program one"

        (small / "somebody-elses").unlink()
        wait_until(lambda: health(installation) == "ok")
        ana.deploy("page", static_site("page five"))
        assert "page five" in installation.get("page").text
    finally:
        (small / "somebody-elses").unlink(missing_ok=True)
        installation.stop()
