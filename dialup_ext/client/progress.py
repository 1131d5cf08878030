"""Shows a deploy where the code runs: a live widget in a notebook, plain lines in a script."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Protocol

from dialup_ext.client import events
from dialup_ext.client.words import megabytes, plain, plural
from dialup_ext.domain.wording import deployment_said
from dialup_ext.errors import DialupError

KINDS = {"static": "A static site", "nodejs": "A Node site", "astro": "An Astro site", "next": "A Next site",
         "python": "A Python site", "notebook": "A notebook"}


class Progress(Protocol):
    """Is told what happens, and shows it somehow."""

    def tell(self, event: events.Event) -> None: ...

    def failed(self, error: DialupError) -> None: ...


def progress(title: str, *, quiet: bool = False) -> Progress:
    """What fits here. Never raises: without widgets there are lines."""
    if quiet:
        return Silent()
    from dialup_ext.client.widgets import DeployWidget, widgets_work_here

    return DeployWidget(title) if widgets_work_here() else Lines(title)


@contextmanager
def showing(title: str, *, quiet: bool = False) -> Iterator[events.OnEvent]:
    """Show what is told inside the `with`, and the refusal that ends it."""
    shown = progress(title, quiet=quiet)
    try:
        yield shown.tell
    except DialupError as error:
        shown.failed(error)
        raise


class Silent:
    """Shows nothing."""

    def tell(self, event: events.Event) -> None:
        """Not shown."""

    def failed(self, error: DialupError) -> None:
        """Not shown: the exception says it."""


class Lines:
    """One line for each thing that happens, to standard error: scripts keep their output."""

    def __init__(self, title: str, to: IO[str] | None = None) -> None:
        self._to = to or sys.stderr
        self._status = ""
        self._title = title

    def tell(self, event: events.Event) -> None:
        if self._title:
            self._say(self._title)
            self._title = ""
        lines = self._moved(event) if isinstance(event, events.Moved) else lines_of(event)
        for line in lines:
            self._say(line)

    def failed(self, error: DialupError) -> None:
        """The exception says it."""

    def _moved(self, event: events.Moved) -> list[str]:
        status = str(event.deployment.get("status", ""))
        if status in (self._status, "failed"):
            return []
        self._status = status
        return [deployment_said(status).word]

    def _say(self, line: str) -> None:
        print(line, file=self._to, flush=True)


def lines_of(event: events.Event) -> list[str]:
    """What there is to say about `event`; nothing for the many small ones."""
    if isinstance(event, events.Found):
        return [found(event), *skipped(event)]
    if isinstance(event, events.Created):
        return [f"New site: {plain(str(event.site.get('address', '')))}"]
    if isinstance(event, events.Recognised):
        return [recognised(event), sending(event)]
    if isinstance(event, events.Released):
        return [f"Release {event.release['number']}"]
    if isinstance(event, events.Line):
        return [f"  {plain(event.text)}"]
    return []


def found(event: events.Found) -> str:
    return f"{plural(event.files, 'file')}, {megabytes(event.total_bytes)}"


def skipped(event: events.Found) -> list[str]:
    """What stays behind, by name as long as it is few."""
    if not event.skipped:
        return []
    names = ", ".join(f"{plain(item.path)} ({item.why})" for item in event.skipped[:3])
    more = len(event.skipped) - 3
    return [f"Left out: {names}" + (f" and {more} more" if more > 0 else "")]


def recognised(event: events.Recognised) -> str:
    kind = KINDS.get(event.kind, f"A {event.kind} site")
    return plain(f"{kind}: {event.why}" if event.why else kind)


def sending(event: events.Recognised) -> str:
    if not event.missing_files:
        return "The server has every file already"
    return f"Sending {plural(event.missing_files, 'file')}, {megabytes(event.missing_bytes)}"
