"""Images nobody needs any more: earlier ones of the names `dialup images build` makes.

Only what carries our label, has no name left, is no part of one that has, and no container was made from. Not
younger than an hour either: it may be a build that is under way.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dialup_ext.errors import NotFound, Unavailable
from dialup_ext.spawner.docker_engine import Engine

LABEL = "dialup.image"
YOUNG = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Old:
    """One image without a name. `size` in bytes, what it shares with others counted in full."""

    id: str
    made: str
    size: int
    made_at: datetime


def superfluous(engine: Engine, which: Collection[str], younger: timedelta = YOUNG) -> list[Old]:
    """Those of the kinds in `which` (`base`, `node`, …) that would go now, the oldest first."""
    with engine.asking() as client:
        used = {found["ImageID"] for found in client.containers(all=True)}
        found = client.images(filters={"label": LABEL, "dangling": True})
    old = [_old(one) for one in found if one["Id"] not in used and one["Labels"].get(LABEL) in which]
    return sorted((one for one in old if one.made_at < datetime.now(UTC) - younger), key=lambda one: one.made_at)


def prune(engine: Engine, which: Collection[str], younger: timedelta = YOUNG) -> tuple[int, int]:
    """Remove them; how many went, and the bytes the engine has more now. Idempotent.

    What one of them stood on has no name either and goes in the next turn.
    """
    before, count = layers_bytes(engine), 0
    while gone := sum(_remove(engine, one.id) for one in superfluous(engine, which, younger)):
        count += gone
    return count, max(0, before - layers_bytes(engine))


def layers_bytes(engine: Engine) -> int:
    """What all images of the engine take, shared layers counted once."""
    with engine.asking() as client:
        return int(client.df()["LayersSize"])


def _remove(engine: Engine, identity: str) -> bool:
    with suppress(NotFound, Unavailable), engine.asking() as client:  # somebody uses it since
        client.remove_image(identity)
        return True
    return False


def _old(found: dict[str, Any]) -> Old:
    return Old(found["Id"], found["Labels"][LABEL], found["Size"], datetime.fromtimestamp(found["Created"], UTC))
