"""Draws a deployment: five steps redrawn in place at a terminal, plain lines anywhere else."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click
from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from dialup_ext.cli.output import Output, failure_card
from dialup_ext.client import events
from dialup_ext.client.deploy import DeployFailed
from dialup_ext.client.progress import Lines, found, recognised, skipped
from dialup_ext.client.words import megabytes, plain
from dialup_ext.domain.deployment import STEPS

CARD_LINES = 40


@contextmanager
def drawing(output: Output, site: str, *, verbose: bool = False,
            steps: Sequence[str] = STEPS, verb: str = "Deploying") -> Iterator[events.OnEvent]:
    """Draw what is told inside the `with`; a failed deployment ends as its card and exit code 1."""
    try:
        if output.live:
            with _on_terminal(output.err, Board(output.err, steps, verbose=verbose)) as tell:
                yield tell
        elif output.as_json:
            yield events.ignore
        else:
            yield Lines(f"{verb} {site}", output.err.file).tell
    except DeployFailed as error:
        _fail(output, site, error)
    except KeyboardInterrupt:
        output.note("Stopped watching. What the server has begun goes on there; see: deploy status")
        raise click.exceptions.Exit(1) from None


class Board:
    """The steps of one deployment, each with a mark and a few words."""

    def __init__(self, console: Console, steps: Sequence[str], *, verbose: bool = False) -> None:
        self._console = console
        self._steps = list(steps)
        self._verbose = verbose
        self._now = 0
        self._finished = False
        self._failed = False
        self._words: dict[str, str] = {}
        self._missing = ""
        self._sent: tuple[int, int] | None = None
        self._last: deque[str] = deque(maxlen=1)
        self._spinner = Spinner("dots", style="cyan")

    def tell(self, event: events.Event) -> None:
        if isinstance(event, events.Reading):
            self._words["upload"] = f"reading {event.done:,} of {event.total:,} files"
        elif isinstance(event, events.Found):
            self._words["upload"] = found(event)
            self._say(*skipped(event))
        elif isinstance(event, events.Created):
            self._say(f"New site: {event.site.get('address', '')}")
        elif isinstance(event, events.Recognised):
            self._say(recognised(event))
            self._missing = f"{event.missing_files:,} new, {megabytes(event.missing_bytes)}" if event.missing_files else ""
        elif isinstance(event, events.Sent):
            self._sent = (event.sent, event.total)
        elif isinstance(event, events.Released):
            self._words["upload"] += f" · sent {self._missing}" if self._missing else " · nothing new to send"
            self._words["live"] = f"release {event.release['number']}"
        elif isinstance(event, events.Line):
            self._line(event.text)
        elif isinstance(event, events.Moved):
            self._moved(str(event.deployment.get("step", "")), str(event.deployment.get("status", "")))

    @property
    def begun(self) -> bool:
        """True once the server works on it."""
        return self._now > 0 or self._finished or self._failed

    def __rich__(self) -> RenderableType:
        grid = Table.grid(padding=(0, 2, 0, 0))
        for place, step in enumerate(self._steps):
            grid.add_row(self._mark(place), Text(step.capitalize()), self._detail(place, step))
        return grid

    def _moved(self, step: str, status: str) -> None:
        self._now = self._steps.index(step) if step in self._steps else self._now
        self._failed = status in ("failed", "cancelled")
        if self._failed:
            self._words.pop("live", None)
        self._finished = status in ("live", "superseded")

    def _line(self, text: str) -> None:
        if self._verbose:
            self._console.print(Text(f"  {plain(text)}", style="dim"))
        self._last.append(plain(text))

    def _say(self, *lines: str) -> None:
        for line in lines:
            self._console.print(Text(plain(line)))

    def _mark(self, place: int) -> RenderableType:
        if self._finished or place < self._now:
            return Text("✓", style="green")
        if place > self._now:
            return Text("○", style="dim")
        return Text("✗", style="red") if self._failed else self._spinner

    def _detail(self, place: int, step: str) -> RenderableType:
        if step == "upload" and place == self._now and self._sent is not None and self._sent[1]:
            sent, total = self._sent
            row = Table.grid(padding=(0, 1, 0, 0))
            row.add_row(ProgressBar(total=total, completed=sent, width=32), f"{megabytes(sent)} of {megabytes(total)}")
            return row
        if place == self._now and not self._finished and not self._failed and self._last:
            return Text(self._last[0], style="dim", no_wrap=True, overflow="ellipsis")
        return Text(self._words.get(step, ""), style="dim")


@contextmanager
def _on_terminal(console: Console, board: Board) -> Iterator[events.OnEvent]:
    """The board stays on the screen, unless it was refused before anything had happened."""
    live = Live(board, console=console, refresh_per_second=12, transient=True, redirect_stdout=False,
                redirect_stderr=False)
    try:
        with live:
            yield board.tell
    finally:
        if board.begun:
            console.print(board)


def _fail(output: Output, site: str, error: DeployFailed) -> None:
    if output.as_json:
        output.data(error.as_dict() | {"deployment": error.deployment})
    else:
        card = failure_card(f"{site} was not deployed", error, error.log_tail[-CARD_LINES:], error.consolation,
                            boxed=output.live)
        output.err.print(card)
    raise click.exceptions.Exit(1) from error
