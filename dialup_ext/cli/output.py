"""How commands speak: tables and sentences for people, one JSON document for programs.

Results go to standard output, progress and refusals to standard error. Colours appear on
terminals only. Text from the server is stripped of terminal commands before it is shown.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any, TextIO

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from dialup_ext.client.words import plain
from dialup_ext.domain.wording import Said
from dialup_ext.errors import DialupError

TONES = {"good": "green", "busy": "yellow", "bad": "red", "quiet": "dim"}
BAR_WIDTH = 24
NEARLY_FULL = 0.8


class Output:
    """Where one command's words go. `as_json` may be set until the first word is said."""

    def __init__(self) -> None:
        self.as_json = False
        self.out = _console(sys.stdout)
        self.err = _console(sys.stderr)

    @property
    def live(self) -> bool:
        """True when progress may be redrawn in place: a person at a terminal."""
        return self.err.is_terminal and not self.as_json and not self.err.is_dumb_terminal

    def say(self, text: str, style: str = "") -> None:
        """A sentence for a person; programs do not see it."""
        if not self.as_json:
            self.out.print(Text(plain(text), style=style))

    def note(self, text: str, style: str = "") -> None:
        """Something on the way, beside the result."""
        self.err.print(Text(plain(text), style=style))

    def show(self, what: RenderableType) -> None:
        if not self.as_json:
            self.out.print(what)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[RenderableType]], *,
              spare: Sequence[str] = ()) -> None:
        """Columns for a person. On a narrow terminal those in `spare` are left out, one after another."""
        whole = table(columns, rows)
        needed = self.out.measure(whole, options=self.out.options.update(width=1000)).maximum
        if spare and self.out.is_terminal and needed > self.out.width:
            place = columns.index(spare[0])
            self.table([*columns[:place], *columns[place + 1 :]],
                       [[*row[:place], *row[place + 1 :]] for row in rows], spare=spare[1:])
        elif not self.as_json:
            self.out.print(whole)

    def data(self, value: object) -> None:
        """The result for a program; people do not see it."""
        if self.as_json:
            json.dump(value, sys.stdout, indent=2, ensure_ascii=False, default=str)
            sys.stdout.write("\n")

    def error(self, error: DialupError) -> None:
        """A refusal: what happened, and the hint under it."""
        if self.as_json:
            self.data(error.as_dict())
            return
        self.err.print(Text.assemble(("✗ ", "bold red"), plain(error.message)))
        if error.hint:
            self.err.print(Text(f"  {plain(error.hint)}", style="dim"))


def _console(stream: TextIO) -> Console:
    """As wide as the terminal; a pipe or file has no width to respect."""
    return Console(file=stream, highlight=False, soft_wrap=True, width=None if stream.isatty() else 1000)


def table(columns: Sequence[str], rows: Sequence[Sequence[RenderableType]]) -> Table:
    """Columns without lines; each row stays one line and may be cut at the right."""
    grid = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    for column in columns:
        grid.add_column(column, no_wrap=True)
    for row in rows:
        grid.add_row(*(Text(plain(cell)) if isinstance(cell, str) else cell for cell in row))
    return grid


def address_link(address: str) -> Text:
    """An address without its scheme, to be clicked where the terminal can."""
    shown = plain(address.removeprefix("https://").removeprefix("http://").rstrip("/"))
    is_web = address.startswith(("https://", "http://")) and address.isprintable() and " " not in address
    return Text(shown, style=f"link {address}" if is_web else "")


def state(said: Said) -> Text:
    """A state as a coloured dot with its word."""
    return Text.assemble(("● ", TONES[said.tone]), plain(said.word))


def quota_table(quota: dict[str, Any]) -> Table:
    """Used and limit as bars and numbers."""
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    for name, title, unit in (("sites", "Sites", ""), ("memory_mb", "Memory", " MB"), ("storage_mb", "Storage", " MB")):
        used, limit = quota[name]["used"], quota[name]["limit"]
        grid.add_row(title, bar(used, limit), Text(f"{used:,.0f} of {limit:,.0f}{unit}"))
    return grid


def bar(used: float, limit: float) -> Text:
    share = min(used / limit, 1.0) if limit else 1.0
    full = round(share * BAR_WIDTH)
    colour = "red" if share >= 1 else "yellow" if share >= NEARLY_FULL else "green"
    return Text.assemble(("█" * full, colour), ("░" * (BAR_WIDTH - full), "dim"))


def warnings(quota: dict[str, Any]) -> list[str]:
    """A sentence for each limit that is near, with what to do."""
    advice = {"sites": "Remove one you do not need", "memory_mb": "Stop a site you do not use",
              "storage_mb": "Remove a site you do not need"}
    words = {"sites": ("sites", ""), "memory_mb": ("memory", " MB"), "storage_mb": ("storage", " MB")}
    found = []
    for name, (word, unit) in words.items():
        used, limit = quota[name]["used"], quota[name]["limit"]
        if limit and used / limit >= NEARLY_FULL:
            found.append(f"You use {used:,.0f} of {limit:,.0f}{unit} {'of ' if unit else ''}{word}. "
                         f"{advice[name]}, or ask your admin for more.")
    return found


def failure_card(title: str, error: DialupError, lines: Sequence[str], consolation: str, *,
                 boxed: bool) -> RenderableType:
    """Why a deployment failed: cause, last lines, what to try, and what still runs."""
    parts: list[RenderableType] = [Text(plain(error.message))]
    if lines:
        parts += [Text(), Text("Last lines", style="dim"), *(Text(f"  {plain(line)}") for line in lines)]
    if error.hint:
        parts += [Text(), Text(f"Try: {plain(error.hint)}", style="bold")]
    if consolation:
        parts += [Text(), Text(consolation, style="green")]
    if boxed:
        return Panel(Group(*parts), title=Text(title, style="bold red"), title_align="left", border_style="red")
    return Group(Text(f"✗ {title}"), *parts)
