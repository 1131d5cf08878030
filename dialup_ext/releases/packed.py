"""Contents compressed beforehand, once per content, for Caddy's `precompressed br gzip`.

Kept in `store/<account_id>/packed` beside the blobs, so a deployment compresses only what
changed. An empty file means "tried, not worth it". Brotli is used when its module is there.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import secrets
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from dialup_ext.domain.manifest import FileEntry
from dialup_ext.durable import no_space, sync_all
from dialup_ext.releases.blobs import CHUNK, BlobStore
from dialup_ext.releases.incoming import stamp

COMPRESSIBLE = frozenset({
    "atom", "css", "csv", "eot", "geojson", "htm", "html", "ico", "ics", "js", "json", "jsonld", "map", "md",
    "mjs", "otf", "rss", "svg", "ttf", "txt", "vtt", "wasm", "webmanifest", "xhtml", "xml", "yaml", "yml"})
SMALLEST = 1024
"""Below this many bytes a packed file saves less than the look-up costs."""

WORTH = 0.9
"""A packed file larger than this part of the original is not kept."""

_SLOW = 1 << 20
"""From this size on, speed counts for more than the last per cent."""

Packer = Callable[[Iterable[bytes], int], Iterator[bytes]]


class Packed:
    """The packed forms of one account's contents."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._packers = available_packers()

    def prepare(self, entries: Iterable[FileEntry]) -> int:
        """Pack what is worth it and not packed yet, durably; return how many were packed now."""
        wanted = {entry.sha256: entry.size for entry in entries if is_compressible(entry)}
        made: dict[Path, Path] = {}
        try:
            with no_space():
                for digest, size in wanted.items():
                    self._pack_all(digest, size, made)
                self._place(made)
        finally:
            for half in made.values():
                half.unlink(missing_ok=True)
        return len(made)

    def siblings(self, entry: FileEntry) -> list[tuple[str, Path]]:
        """Suffix and file of each packed form to be put beside `entry`."""
        if not is_compressible(entry):
            return []
        found = ((suffix, self._path(entry.sha256, suffix)) for suffix in (".br", ".gz"))
        return [(suffix, path) for suffix, path in found if path.exists() and path.stat().st_size]

    def sweep(self, keep: Collection[str]) -> None:
        """Delete packed forms of contents that are gone and not in `keep`."""
        for path in (self._blobs.root / "packed").glob("*/*"):
            if path.stem not in keep and not self._blobs.path(path.stem).exists():
                path.unlink(missing_ok=True)

    def _pack_all(self, digest: str, size: int, made: dict[Path, Path]) -> None:
        for suffix, packer in self._packers.items():
            target = self._path(digest, suffix)
            if not target.exists():
                made[target] = half = self._blobs.root / "incoming" / f"{secrets.token_hex(16)}{suffix}"
                self._pack(digest, size, half, packer)

    def _pack(self, digest: str, size: int, half: Path, packer: Packer) -> None:
        half.parent.mkdir(mode=0o700, exist_ok=True)
        with self._blobs.open(digest) as source, half.open("xb") as out:
            for chunk in packer(_chunks(source), size):
                out.write(chunk)
            if out.tell() > size * WORTH:
                out.truncate(0)
        half.chmod(0o444)
        os.utime(half, ns=(time.time_ns(), stamp(digest)))

    def _place(self, made: dict[Path, Path]) -> None:
        if not made:
            return
        sync_all(made.values(), self._blobs.root)
        for target, half in made.items():
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            half.rename(target)
        sync_all({folder for target in made for folder in (target.parent, target.parent.parent)},
                 self._blobs.root)

    def _path(self, digest: str, suffix: str) -> Path:
        return self._blobs.root / "packed" / digest[:2] / f"{digest}{suffix}"


def is_compressible(entry: FileEntry) -> bool:
    """Text and other things that shrink, and are large enough to matter."""
    return entry.size >= SMALLEST and entry.path.rpartition(".")[2].lower() in COMPRESSIBLE


def available_packers() -> dict[str, Packer]:
    """Suffix to packer. gzip always, Brotli when it is installed."""
    packers: dict[str, Packer] = {".gz": _gzip}
    if importlib.util.find_spec("brotli") is not None:
        packers[".br"] = _brotli
    return packers


def _gzip(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    packer = zlib.compressobj(6 if size >= _SLOW else 9, zlib.DEFLATED, 31)
    for chunk in chunks:
        yield packer.compress(chunk)
    yield packer.flush()


def _brotli(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    brotli: Any = importlib.import_module("brotli")
    packer = brotli.Compressor(quality=5 if size >= _SLOW else 9)
    for chunk in chunks:
        yield packer.process(chunk)
    yield packer.finish()


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    while data := source.read(CHUNK):
        yield data
