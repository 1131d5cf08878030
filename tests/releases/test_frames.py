"""The body of an upload, in any cut, broken in every way."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dialup_ext.errors import BadInput
from dialup_ext.releases.frames import FrameReader


class Kept:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.done: dict[str, bytes] = {}
        self._digest, self._data = "", b""

    def begin(self, digest: str, size: int) -> None:
        self._digest, self._data = digest, b""

    def write(self, data: bytes | memoryview) -> None:
        self._data += bytes(data)

    def end(self) -> None:
        self.done[self._digest] = self._data


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def expected(contents: list[bytes]) -> dict[str, int]:
    return {digest(data): len(data) for data in contents}


def body(contents: list[bytes]) -> bytes:
    return b"".join(f"{digest(data)} {len(data)}\n".encode() + data for data in contents)


@given(some.lists(some.binary(max_size=300), unique=True, max_size=8), some.integers(1, 400))
def test_any_cut_gives_the_same_contents(contents, piece):
    kept, whole = Kept(), body(contents)
    reader = FrameReader(expected(contents), kept)
    for start in range(0, len(whole), piece):
        reader.feed(whole[start : start + piece])
    reader.close()
    assert kept.done == {digest(data): data for data in contents}
    assert reader.received == len(contents)


@given(some.lists(some.binary(min_size=1, max_size=60), unique=True, min_size=1, max_size=4), some.data())
def test_a_body_that_breaks_off_is_noticed_and_whole_files_are_kept(contents, data):
    whole = body(contents)
    ends = {len(body(contents[:count])) for count in range(len(contents) + 1)}
    cut = data.draw(some.integers(0, len(whole)).filter(lambda at: at not in ends))
    kept = Kept()
    reader = FrameReader(expected(contents), kept)
    reader.feed(whole[:cut])
    with pytest.raises(BadInput) as refusal:
        reader.close()
    assert refusal.value.code == "truncated_upload"
    assert len(kept.done) == sum(1 for end in ends if 0 < end <= cut)


@given(some.binary(max_size=200))
def test_noise_is_refused_or_read_but_never_kept(noise):
    kept = Kept()
    reader = FrameReader(expected([b"hello"]), kept)
    try:
        reader.feed(noise)
        reader.close()
    except BadInput as refusal:
        assert refusal.code in {"bad_frame", "truncated_upload"}
    assert kept.done == {}


@pytest.mark.parametrize("header", [
    b"\n", b"x" * 200, b"0" * 64 + b"\n", b"g" * 64 + b" 5\n", digest(b"hello").encode() + b" -5\n",
    digest(b"hello").encode() + b" 05\n", digest(b"hello").encode() + b" 5 \n", digest(b"hello").encode() + b"  5\n",
    digest(b"hello").encode() + b" 5\r\n", digest(b"hello").encode() + b" " + b"9" * 40 + b"\n",
    digest(b"hello").upper().encode() + b" 5\n", digest(b"hello").encode() + " ٥\n".encode()])
def test_a_malformed_header_is_refused(header):
    with pytest.raises(BadInput) as refusal:
        FrameReader(expected([b"hello"]), Kept()).feed(header)
    assert refusal.value.code == "bad_frame"


def test_a_header_without_an_end_is_refused_before_it_fills_the_memory():
    reader = FrameReader(expected([b"hello"]), Kept())
    with pytest.raises(BadInput):
        for _ in range(100):
            reader.feed(b"a")


def test_what_the_upload_did_not_ask_for_is_refused():
    with pytest.raises(BadInput) as refusal:
        FrameReader(expected([b"hello"]), Kept()).feed(body([b"intruder"]))
    assert refusal.value.code == "unexpected_file"


def test_a_size_other_than_announced_is_refused_before_its_bytes_arrive():
    with pytest.raises(BadInput) as refusal:
        FrameReader(expected([b"hello"]), Kept()).feed(digest(b"hello").encode() + b" 999999999999\n")
    assert refusal.value.code == "wrong_digest"


def test_the_same_content_twice_is_refused_so_a_body_never_exceeds_its_list():
    reader = FrameReader(expected([b"hello"]), Kept())
    reader.feed(body([b"hello"]))
    with pytest.raises(BadInput) as refusal:
        reader.feed(body([b"hello"]))
    assert refusal.value.code == "unexpected_file"


def test_after_an_error_it_stays_an_error():
    reader = FrameReader(expected([b"hello"]), Kept())
    for _ in range(2):
        with pytest.raises(BadInput):
            reader.feed(b"nonsense\n")
    with pytest.raises(BadInput):
        reader.close()


def test_what_is_there_already_is_read_past():
    kept = Kept()
    contents = [b"hello", b"world"]
    reader = FrameReader(expected(contents), kept, have={digest(b"hello")})
    reader.feed(body(contents))
    reader.close()
    assert kept.done == {digest(b"world"): b"world"}
