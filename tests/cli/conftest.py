"""The fixtures of everything that talks to a hub."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_NAME = "dialup_test_hub_fixtures"
if _NAME not in sys.modules:
    _spec = importlib.util.spec_from_file_location(_NAME, Path(__file__).parents[1] / "client" / "hub_fixtures.py")
    assert _spec is not None
    assert _spec.loader is not None
    sys.modules[_NAME] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules[_NAME])

_fixtures = sys.modules[_NAME]
_own_home, fake, hub, transport, other, name, relay, counted, folder = (
    getattr(_fixtures, one)
    for one in ("_own_home", "fake", "hub", "transport", "other", "name", "relay", "counted", "folder"))
