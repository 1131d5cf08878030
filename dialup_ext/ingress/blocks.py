"""Write nested blocks the way `caddy fmt` would."""

from __future__ import annotations

Lines = list[str]


def block(head: str, *body: str | Lines) -> Lines:
    """`head { … }` with `body` one tab deeper; lines and blocks may be mixed."""
    inside = [line for part in body for line in ([part] if isinstance(part, str) else part)]
    return [f"{head} {{".lstrip(), *("\t" + line for line in inside), "}"]


def text(lines: Lines) -> str:
    """`lines` as they stand in a file."""
    return "\n".join(lines) + "\n"
