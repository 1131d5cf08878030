"""An ingress without a web server: remembers where hosts lead, and every change in order."""

from __future__ import annotations

from collections.abc import Mapping

from dialup_ext.domain.ports import Target
from dialup_ext.ingress.addresses import check_folder, check_host, check_target
from dialup_ext.ingress.public_tree import check_public_tree


class RecordingIngress:
    """Keeps the contract of `Ingress` in memory. `changes` holds what visitors have seen happen.

    `fail_next(error)` makes the next change raise `error` and leave everything as it was.
    """

    def __init__(self) -> None:
        self.changes: list[tuple[str, Target | None]] = []
        self._targets: dict[str, Target] = {}
        self._left: set[tuple[str, Target]] = set()
        self._failure: Exception | None = None

    def fail_next(self, error: Exception) -> None:
        """The next `point` or `remove` raises `error`."""
        self._failure = error

    def point(self, host: str, target: Target) -> None:
        check_host(host)
        check_target(target)
        self._fail_if_told()
        if self._targets.get(host) == target:
            return
        if target.public is not None:
            check_public_tree(check_folder(target.public))
        self._leave(host)
        self._targets[host] = target
        self._left.discard((host, target))
        self.changes.append((host, target))

    def target(self, host: str) -> Target | None:
        return self._targets.get(check_host(host))

    def targets(self) -> Mapping[str, Target]:
        return dict(sorted(self._targets.items()))

    def remove(self, host: str) -> None:
        check_host(host)
        self._fail_if_told()
        if host in self._targets:
            self._leave(host)
            del self._targets[host]
            self.changes.append((host, None))

    def sweep(self) -> int:
        swept = len(self._left)
        self._left.clear()
        return swept

    def _leave(self, host: str) -> None:
        if host in self._targets:
            self._left.add((host, self._targets[host]))

    def _fail_if_told(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
