"""Judge what visitors were answered while a site was switched. Pure: visits in, verdict out.

An error counter does not see an old release that goes on answering from a pooled connection, so
every answer names its release and these things are judged:

- *failed*: no answer, another status than the declared one, or a body that is not the right one.
- *stale*: begun after a switch, answered by a release from before it.
- *backwards*: begun after somebody had an answer of a newer release. Two visits under way at the
  same time have no order between them; two on one connection always have.
- *unseen*: releases or kinds of visitors without an answer. A load nobody noticed proves nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Visit:
    """One request. Times are seconds of one monotonic clock."""

    visitor: str
    begin: float
    end: float
    status: int = 200
    release: int | None = None
    """The release that answered; None where the answer cannot say (a declared refusal)."""
    error: str = ""
    """Why it failed; empty when the answer was as declared."""
    stood: str = ""
    """Where the host led just before it began."""


@dataclass(frozen=True, slots=True)
class Switch:
    """From the moment `at` on, `release` has to answer."""

    release: int
    at: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was wrong, in sentences; `requests` is what it was judged by."""

    requests: int
    failed: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    backwards: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()

    @property
    def faultless(self) -> bool:
        return not (self.failed or self.stale or self.backwards or self.unseen)

    def __str__(self) -> str:
        counts = {"failed": self.failed, "stale": self.stale, "backwards": self.backwards, "unseen": self.unseen}
        lines = [f"{self.requests:,} requests, " + ", ".join(f"{len(found)} {name}" for name, found in counts.items())]
        lines += [f"  {name}: {one}" for name, found in counts.items() for one in found[:5]]
        return "\n".join(lines)


def judge(visits: Sequence[Visit], switches: Sequence[Switch], visitors: Iterable[str]) -> Verdict:
    """Hold `visits` by the named `visitors` to the `switches`, in whatever order either comes."""
    telling = sorted((visit for visit in visits if not visit.error and visit.release is not None),
                     key=lambda visit: visit.begin)
    return Verdict(
        requests=len(visits),
        failed=tuple(f"{visit.visitor}: {visit.error}" for visit in visits if visit.error),
        stale=tuple(_stale(telling, switches)),
        backwards=tuple(_backwards(telling)),
        unseen=tuple(_unseen(visits, switches, visitors)),
    )


def moments(visits: Iterable[Visit], released: Mapping[str, int], reported: Sequence[Switch]) -> list[Switch]:
    """When each release had to answer: once reported live, or earlier, once a visit saw the host lead there.

    `released` gives the release of every target's name, or the beginning of it.
    """
    first: dict[str, float] = {}
    for visit in visits:
        first[visit.stood] = min(visit.begin, first.get(visit.stood, math.inf))
    seen = [Switch(release, at) for stood, at in first.items()
            for name, release in released.items() if stood.startswith(name)]
    return [*seen, *reported]


def _stale(telling: Sequence[Visit], switches: Sequence[Switch]) -> Iterable[str]:
    coming = sorted(switches, key=lambda switch: switch.at)
    newest, passed = -math.inf, 0
    for visit in telling:
        while passed < len(coming) and coming[passed].at <= visit.begin:
            newest = max(newest, coming[passed].release)
            passed += 1
        if visit.release is not None and visit.release < newest:
            yield f"{visit.visitor}: release {visit.release} at {visit.begin:.3f}, after {newest} was switched to"


def _backwards(telling: Sequence[Visit]) -> Iterable[str]:
    ended = sorted(telling, key=lambda visit: visit.end)
    newest, passed = -math.inf, 0
    for visit in telling:
        while passed < len(ended) and ended[passed].end <= visit.begin:
            newest = max(newest, ended[passed].release or 0)
            passed += 1
        if visit.release is not None and visit.release < newest:
            yield f"{visit.visitor}: release {visit.release} at {visit.begin:.3f}, after {newest} had answered"


def _unseen(visits: Sequence[Visit], switches: Sequence[Switch], visitors: Iterable[str]) -> Iterable[str]:
    answered = {visit.visitor for visit in visits if not visit.error}
    yield from (f"nobody answered {visitor}" for visitor in visitors if visitor not in answered)
    releases = {visit.release for visit in visits if not visit.error}
    wanted = {switch.release for switch in switches}
    yield from (f"nobody saw release {release}" for release in sorted(wanted - releases))
    if not wanted:
        yield "nothing was switched"
