"""An empty home, and folders given as `{path: bytes}`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from dialup_ext.domain.manifest import FileEntry, Manifest
from dialup_ext.releases.trees import ReleaseTrees
from dialup_ext.releases.uploads import Received, Upload, Uploads
from dialup_ext.settings import Settings

Files = Mapping[str, bytes]


class Account:
    """One account that uploads and materialises."""

    def __init__(self, settings: Settings, account_id: str) -> None:
        self.id = account_id
        self.settings = settings
        self.uploads = Uploads(settings)
        self.trees = ReleaseTrees(settings)
        self.store = settings.home / "store" / account_id

    @staticmethod
    def digest(data: bytes) -> str:
        return hashlib.sha256(data).hexdigest()

    @classmethod
    def manifest(cls, files: Files, executable: frozenset[str] = frozenset()) -> Manifest:
        return Manifest(FileEntry(path, len(data), cls.digest(data), path in executable)
                        for path, data in files.items())

    @classmethod
    def frames(cls, files: Files, digests: list[str] | None = None) -> bytes:
        """The body of an upload: all of `files`, or those with these digests."""
        contents = {cls.digest(data): data for data in files.values()}
        wanted = contents if digests is None else digests
        return b"".join(f"{digest} {len(contents[digest])}\n".encode() + contents[digest]
                        for digest in wanted)

    def begin(self, files: Files) -> Upload:
        return self.uploads.begin(self.id, "site", self.manifest(files))

    def send(self, upload: Upload, body: bytes, piece: int = 65536) -> Received:
        writer = self.uploads.receive(upload.id, self.id)
        for start in range(0, len(body), piece):
            writer.feed(body[start : start + piece])
        return writer.finish()

    def upload(self, files: Files) -> Manifest:
        """All the way: begin, send what is missing, finish."""
        upload = self.begin(files)
        if upload.missing:
            self.send(upload, self.frames(files, upload.missing))
        return self.uploads.finish(upload.id, self.id).manifest


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "home")


@pytest.fixture
def alice(settings: Settings) -> Account:
    return Account(settings, "alice-id")


@pytest.fixture
def bob(settings: Settings) -> Account:
    return Account(settings, "bob-id")
