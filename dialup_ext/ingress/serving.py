"""Where every host leads, kept as links on disk that Caddy reads at each request.

    live/<host> -> ../serving/<host>/<name>~<digest>/
                                       www   -> the public files, or an empty folder
                                       up/   one empty file named like the address, or nothing;
                                             `<address>~once` when no connection to it is to be kept

A serving directory is complete before its name exists, never changes afterwards, and is named by
what it holds. One `rename(2)` of the link moves a host, files and running site together. See
`docs/decisions/0002-serving-directories.md`.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from dialup_ext.crashpoint import crashpoint
from dialup_ext.domain.ports import Target
from dialup_ext.durable import make_folder
from dialup_ext.ingress.addresses import check_folder, check_host, check_target
from dialup_ext.ingress.public_tree import check_public_tree

ONCE = "~once"
"""In the name of that file and not beside it: Caddy reads both in one look, so no switch comes in between."""

FRESH = ".fresh-"
"""What is being made starts so; a dot, so that it can be no host's and no target's name."""


class ServingDirectories:
    """The `Ingress` of this machine. Any number of objects and processes may share one `root`.

    `root` is `<home>/ingress`; it is created when missing. Public folders are looked through
    before a host leads to them (`check_public_tree`): what is not plain, or not ours, is refused
    with `BadInput`, and the host leads where it did.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._live = self._root / "live"
        self._serving = self._root / "serving"

    def point(self, host: str, target: Target) -> None:
        """Make `host` lead to `target`: at once, durably, failing no request.

        The same target twice changes nothing. A target of the same name that holds something else
        (its instance came back at another address) is another target.
        """
        check_host(host)
        check_target(target)
        if self.target(host) == target:
            return
        if target.public is not None:
            check_public_tree(check_folder(target.public))
        with self._alone():
            self._link(host, self._directory(host, target))

    def target(self, host: str) -> Target | None:
        """Where `host` leads, read from disk; None when nowhere, or when what is there is not whole."""
        directory = self._leads_to(check_host(host))
        if directory is None:
            return None
        # `os` and not `Path`: each round asks this of all hosts, and it takes a third of the time.
        try:
            upstreams = sorted(os.listdir(f"{directory}/up"))
            public = _link_or_folder(f"{directory}/www")
        except OSError:
            return None
        name = directory.name.rpartition("~")[0]
        upstream = upstreams[0] if upstreams else ""
        return Target(name, None if public is None else Path(public), upstream.removesuffix(ONCE) or None,
                      once=upstream.endswith(ONCE))

    def targets(self) -> Mapping[str, Target]:
        """All hosts that lead somewhere."""
        hosts = sorted(link.name for link in self._links())
        found = {host: self.target(host) for host in hosts}
        return {host: target for host, target in found.items() if target is not None}

    def remove(self, host: str) -> None:
        """Lead `host` nowhere. Idempotent. Its directories go with the next `sweep`."""
        with self._alone():
            (self._live / check_host(host)).unlink(missing_ok=True)
            _sync(self._live)

    def sweep(self) -> int:
        """Delete the serving directories no host leads to, and what a crash left half made.

        Returns how many. Public files themselves are never touched: they are only linked to.
        """
        with self._alone():
            for link in self._live.glob(FRESH + "*"):
                link.unlink()
            removed = 0
            for host in os.listdir(self._serving):
                kept = self._name_behind(host)
                names = os.listdir(f"{self._serving}/{host}")
                for name in names:
                    if name != kept:
                        shutil.rmtree(self._serving / host / name)
                        removed += 1
                if kept not in names:
                    (self._serving / host).rmdir()
            return removed

    # -- making and linking (with the lock held) --------------------------------------------------
    def _directory(self, host: str, target: Target) -> Path:
        """The serving directory of `target`, made if it is not there; complete and on the disk."""
        host_directory = self._serving / host
        final = host_directory / f"{target.name}~{_digest(target)}"
        if final.is_dir():
            return final
        host_directory.mkdir(exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=FRESH, dir=host_directory))
        fresh.chmod(0o755)
        _fill(fresh, target)
        fresh.rename(final)
        _sync(host_directory)
        _sync(self._serving)
        return final

    def _link(self, host: str, directory: Path) -> None:
        fresh = self._live / f"{FRESH}link"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(Path("..") / directory.relative_to(self._root))
        crashpoint("C9")
        fresh.rename(self._live / host)
        crashpoint("C10")
        _sync(self._live)

    # -- looking ----------------------------------------------------------------------------------
    def _links(self) -> list[Path]:
        if not self._live.is_dir():
            return []
        return [path for path in self._live.iterdir()
                if path.is_symlink() and not path.name.startswith(FRESH)]

    def _leads_to(self, host: str) -> Path | None:
        name = self._name_behind(host)
        return None if name is None else self._serving / host / name

    def _name_behind(self, host: str) -> str | None:
        """The name of the serving directory the host's link names; None without a link."""
        try:
            return os.readlink(f"{self._live}/{host}").rpartition("/")[2]
        except OSError:
            return None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One change at a time, across threads and processes; reading needs no lock."""
        self._root.parent.mkdir(parents=True, exist_ok=True)
        for directory in (self._root, self._live, self._serving):
            make_folder(directory, 0o755)
        with (self._root / "serving.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _fill(directory: Path, target: Target) -> None:
    up = directory / "up"
    up.mkdir()
    if target.upstream is not None:
        (up / (target.upstream + (ONCE if target.once else ""))).touch()
    if target.public is None:
        (directory / "www").mkdir()
    else:
        (directory / "www").symlink_to(target.public)
    _sync(up)
    _sync(directory)


def _link_or_folder(path: str) -> str | None:
    """Where a link leads; None for a folder. Raises `OSError` when nothing is there."""
    try:
        return os.readlink(path)
    except OSError as error:
        if error.errno != errno.EINVAL:  # "not a link"
            raise
        return None


def _digest(target: Target) -> str:
    parts = (target.public and str(target.public), target.upstream, *(["once"] if target.once else []))
    return sha256(repr(parts).encode()).hexdigest()[:12]


def _sync(directory: Path) -> None:
    """Names made in `directory` are on the disk when this returns (rule R39)."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
