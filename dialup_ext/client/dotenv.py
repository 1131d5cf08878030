"""Read a file of `NAME=value` lines, as tools write and `docker --env-file` or a shell would read it."""

from __future__ import annotations

import re

from dialup_ext.errors import BadInput

_LINE = re.compile(r"(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(?P<rest>.*)", re.DOTALL)
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"[ \t]*(?:#.*)?', re.DOTALL)
_SINGLE = re.compile(r"'([^']*)'[ \t]*(?:#.*)?", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def parse(text: str) -> dict[str, str]:
    """The values by name; the last of a name counts. Quoted values may go over several lines.

    Nothing is expanded: `$HOME` stays as it is. Raises `BadInput` (`bad_env_file`) naming the line, never
    its text.
    """
    found: dict[str, str] = {}
    lines = text.removeprefix("\ufeff").splitlines()
    number = 0
    while number < len(lines):
        first, line = number + 1, lines[number].strip()
        number += 1
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise _bad(first)
        rest = match["rest"]
        if rest[:1] in ("'", '"'):
            pattern = _DOUBLE if rest[0] == '"' else _SINGLE
            while (quoted := pattern.fullmatch(rest)) is None:
                if number == len(lines):
                    raise _bad(first)
                rest = f"{rest}\n{lines[number]}"
                number += 1
            found[match["name"]] = _unescape(quoted[1]) if pattern is _DOUBLE else quoted[1]
        else:
            found[match["name"]] = re.split(r"(?:^|[ \t])#", rest, maxsplit=1)[0].rstrip()
    return found


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text, flags=re.DOTALL)


def _bad(number: int) -> BadInput:
    return BadInput(f"Line {number} of the file cannot be read.", code="bad_env_file",
                    hint="Write NAME=value, one a line; quotes around a value have to end.")
