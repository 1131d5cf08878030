"""Fixtures for everything that talks to a hub: a small one in memory, or a real one.

For a real one set DIALUP_TEST_HUB (its portal's origin), DIALUP_TEST_KEY and, for a second account,
DIALUP_TEST_OTHER_KEY; tests that need the small one's switches are skipped then.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest

from dialup_ext.client.transport import Transport
from dialup_ext.errors import NotFound


def load(name: str) -> ModuleType:
    """A module beside this file: test folders are no packages."""
    full = f"dialup_test_{name}"
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[full] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[full]


@dataclass
class HubUnderTest:
    """Where it is, and keys of two accounts on it."""

    url: str
    key: str
    other_key: str


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes a person's files, nor believes the environment it was started in."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "DIALUP_KEY", "DIALUP_SERVER", "DIALUP_HUB_SOCKET",
                 "DIALUP_PORTAL", "DIALUP_DEBUG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def fake() -> Iterator[Any]:
    """The small hub itself, with its switches."""
    if os.environ.get("DIALUP_TEST_HUB"):
        pytest.skip("needs the small hub's switches")
    hub = load("hub_server").FakeHub()
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture
def hub(request: pytest.FixtureRequest) -> HubUnderTest:
    real = os.environ.get("DIALUP_TEST_HUB")
    if real:
        return HubUnderTest(real, os.environ["DIALUP_TEST_KEY"], os.environ.get("DIALUP_TEST_OTHER_KEY", ""))
    small = request.getfixturevalue("fake")
    return HubUnderTest(f"http://admin.{small.domain}:{small.port}", "dlp_ana", "dlp_ben")


@pytest.fixture
def transport(hub: HubUnderTest) -> Iterator[Transport]:
    with Transport(hub.url, key=hub.key) as one:
        yield one


@pytest.fixture
def other(hub: HubUnderTest) -> Iterator[Transport]:
    """The same hub, as another account."""
    if not hub.other_key:
        pytest.skip("needs a second account: DIALUP_TEST_OTHER_KEY")
    with Transport(hub.url, key=hub.other_key) as one:
        yield one


@pytest.fixture
def name(transport: Transport) -> Iterator[str]:
    """A name for a site, free; the site is removed afterwards if the test made it."""
    chosen = f"t{uuid.uuid4().hex[:10]}"
    yield chosen
    with suppress(NotFound):
        transport.delete(f"/sites/{chosen}")


@pytest.fixture
def relay(hub: HubUnderTest) -> Iterator[Any]:
    """The way to the hub, counted."""
    parts = urlsplit(hub.url)
    one = load("relay").Relay("127.0.0.1", parts.port or 80)
    yield one
    one.close()


@pytest.fixture
def counted(hub: HubUnderTest, relay: Any) -> Iterator[Transport]:
    """A transport through the relay."""
    with Transport(f"http://{urlsplit(hub.url).hostname}:{relay.port}", key=hub.key) as one:
        yield one


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder of files: `folder({"index.html": "hi"})`."""

    def make(files: dict[str, str | bytes], name: str = "blog") -> Path:
        root = tmp_path / name
        for path, content in files.items():
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)
        return root

    return make
