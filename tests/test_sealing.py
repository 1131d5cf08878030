"""The key of what the database keeps for people: made once, never replaced, good for its own purpose only."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from dialup_ext.errors import Unavailable
from dialup_ext.sealing import Seal


@pytest.fixture
def seal(tmp_path: Path) -> Seal:
    return Seal(tmp_path / "secrets.key", lambda: False)


def test_what_is_sealed_can_be_opened_for_the_same_purpose_alone(seal: Seal) -> None:
    sealed = seal.close("a secret", "site/A")
    assert "a secret" not in sealed
    assert seal.open(sealed, "site/A") == "a secret"
    for about in ("site/B", "other/A", ""):
        with pytest.raises(Unavailable):
            seal.open(sealed, about)
    assert seal.close("a secret", "site/A") != sealed, "the same value looks different each time"


@pytest.mark.parametrize("damage", [lambda text: text[:-8], lambda text: "1:" + text[6:], lambda _: "", lambda _: "1:?",
                                    lambda text: text[:-5] + ("A" if text[-5] != "A" else "B") + text[-4:]])
def test_a_damaged_row_is_said(seal: Seal, damage: object) -> None:
    assert callable(damage)
    with pytest.raises(Unavailable) as refusal:
        seal.open(damage(seal.close("a secret that is long enough", "x")), "x")
    assert refusal.value.code == "secrets_key_wrong"


def test_many_first_needs_at_once_make_one_key(tmp_path: Path) -> None:
    path = tmp_path / "secrets.key"
    sealed: list[str] = []
    begin = threading.Barrier(8)

    def need() -> None:
        begin.wait()
        sealed.append(Seal(path, lambda: False).close("mine", "x"))

    threads = [threading.Thread(target=need) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [Seal(path, lambda: True).open(one, "x") for one in sealed] == ["mine"] * 8
    assert [one.name for one in tmp_path.iterdir()] == ["secrets.key"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"short", b"A" * 43 + b"=", b"\xff\xfe", b"?" * 44])
def test_a_file_that_holds_no_key_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secrets.key"
    path.write_bytes(content)
    seal = Seal(path, lambda: False)
    if content == b"A" * 43 + b"=":
        assert seal.open(seal.close("x", "y"), "y") == "x"
    else:
        with pytest.raises(Unavailable, match="holds no key"):
            seal.close("x", "y")
    assert path.read_bytes() == content


def test_a_key_that_is_gone_is_not_replaced_while_something_is_sealed_with_it(tmp_path: Path) -> None:
    path = tmp_path / "secrets.key"
    with pytest.raises(Unavailable) as refusal:
        Seal(path, lambda: True).close("x", "y")
    assert refusal.value.code == "secrets_key_missing"
    assert not path.exists()


def test_the_key_is_durable_before_anything_is_sealed_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    steps: list[str] = []
    real = os.fsync

    def note(descriptor: int) -> None:
        steps.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    Seal(tmp_path / "secrets.key", lambda: False).close("x", "y")
    assert ".secrets.key." in steps[0]
    assert steps[-1] == str(tmp_path)
