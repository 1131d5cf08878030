"""Who keeps a place: a kernel somebody holds, or one whose page is being made; not one in a loop without an end."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from dialup_ext.handlers.notebook_site import visitors
from dialup_ext.handlers.notebook_site.visitors import GRACE, LONGEST, Visitors


class Counted(Visitors):
    """Kernels by name only: what is decided about them needs no process, and no ten minutes."""

    def __init__(self, **states: str) -> None:
        super().__init__()
        self.states = states

    def list_kernel_ids(self) -> list[str]:
        return list(self.states)

    def get_kernel(self, kernel_id: str) -> Any:
        return SimpleNamespace(execution_state=self.states[kernel_id])

    async def shutdown_kernel(self, kernel_id: str, *_args: Any, **_kwargs: Any) -> None:  # type: ignore[override]
        del self.states[kernel_id]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Look at a time."""
    def look(kernels: Counted, seconds: float) -> list[str]:
        monkeypatch.setattr(visitors, "time", SimpleNamespace(monotonic=lambda: 1000.0 + seconds))
        asyncio.run(kernels.end_abandoned({"warm"}))
        return list(kernels.states)

    return look


def test_a_kernel_that_computes_for_nobody_gives_its_place_back_in_the_end(at: Any) -> None:
    kernels = Counted(warm="idle", idle="idle", loop="busy")
    assert at(kernels, 0) == ["warm", "idle", "loop"]
    assert at(kernels, GRACE + 1) == ["warm", "loop"]
    assert at(kernels, LONGEST - 1) == ["warm", "loop"]
    assert at(kernels, LONGEST + 1) == ["warm"]


def test_one_that_has_just_made_its_page_still_waits_for_its_visitor(at: Any) -> None:
    kernels = Counted(page="busy")
    at(kernels, 0)
    kernels.states["page"] = "idle"
    assert at(kernels, GRACE * 2) == ["page"]
    assert at(kernels, GRACE * 3 + 1) == []
