"""Reads a site's `dialup.toml`, and says which line is wrong and what belongs there. Pure."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from dialup_ext.build.package import Read
from dialup_ext.domain.manifest import Manifest
from dialup_ext.domain.site import Kind
from dialup_ext.domain.site_config import FILE, SiteConfig
from dialup_ext.errors import BadInput

MAX_BYTES = 16 << 10
_MOST_WORDS, _MOST_PACKAGES, _LONGEST = 64, 64, 500
_SHELL = re.compile(r"""[|&;<>()$`\\"'*?\[\]#~\n]""")
"""What only a shell would understand, and there is none."""

_PACKAGE = re.compile(r"(?:@[a-z0-9~][\w.~-]*/)?[a-z0-9~][\w.~-]*")
_SHAPES = {one.name: str(one.metadata["shape"]) for one in fields(SiteConfig)}


def read_config(manifest: Manifest, read: Read) -> SiteConfig:
    """What the folder's `dialup.toml` says; an empty one when there is none.

    Raises `BadInput` (`bad_dialup_toml`) naming the line and the field.
    """
    entry = manifest.get(FILE)
    if entry is None:
        return SiteConfig()
    if entry.size > MAX_BYTES:
        raise _bad(f"it is larger than {MAX_BYTES >> 10} KiB", "It needs a few lines only.")
    try:
        text = read(FILE).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _bad("it is not text in UTF-8", "Save it as UTF-8.") from None
    return parse_config(text)


def parse_config(text: str) -> SiteConfig:
    """The checked content of a `dialup.toml`. Raises like `read_config`."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _bad(_at(str(error)), 'A line looks like this: kind = "static". Texts are in quotes.') from None
    except ValueError:
        raise _bad("it has a number that is far too long", "It needs a few plain lines only.") from None
    except RecursionError:
        raise _bad("it is nested too deep", "It needs a few plain lines only.") from None
    for name in found:
        if name not in _SHAPES:
            raise _unknown(name, text)
    return SiteConfig(**{name: _CHECKS[_SHAPES[name]](name, value, text) for name, value in found.items()})


def _kind(name: str, value: object, text: str) -> str:
    if value not in list(Kind):
        raise _wrong(name, text, "is no kind of site", f"There are: {', '.join(Kind)}.")
    return str(value)


def _words(name: str, value: object, text: str) -> tuple[str, ...]:
    """A list of words as it is; a plain text is split at its spaces, and must not need a shell."""
    if isinstance(value, str) and _SHELL.search(value):
        raise _wrong(name, text, "has signs that only a shell would understand",
                     f'No shell runs it. Write its words as a list: {name} = ["node", "server.js"].')
    words = value.split() if isinstance(value, str) else value
    if not isinstance(words, list) or not words or not all(isinstance(one, str) and one for one in words):
        raise _wrong(name, text, "is no command", f'Write {name} = "node server.js", or a list of its words.')
    if len(words) > _MOST_WORDS or any(len(one) > _LONGEST or "\0" in one for one in words):
        raise _wrong(name, text, "is too long", "Put it into a script, and start that.")
    return tuple(words)


def _folder(name: str, value: object, text: str) -> str:
    folder = _inside(value)
    if not folder:
        raise _wrong(name, text, "is no folder of this site", f'Write it like {name} = "dist".')
    return folder


def _file(name: str, value: object, text: str) -> str:
    file = _inside(value)
    if not file:
        raise _wrong(name, text, "is no file of this site", f'Write it like {name} = "index.ipynb".')
    return file


def _inside(value: object) -> str:
    """A relative path below the folder, cleaned; “” for anything else."""
    if not isinstance(value, str) or value.startswith("/") or len(value) > _LONGEST or not value.isprintable():
        return ""
    parts = [part for part in value.split("/") if part not in ("", ".")]
    return "" if ".." in parts or "\\" in value else "/".join(parts)


def _path(name: str, value: object, text: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"/[!-~]{0,200}", value) or value.startswith("//"):
        raise _wrong(name, text, "is no path of a page", f'Write it like {name} = "/health".')
    return value


def _scripts(name: str, value: object, text: str) -> bool | tuple[str, ...]:
    if isinstance(value, bool):
        return value
    if not isinstance(value, list) or len(value) > _MOST_PACKAGES or not all(
            isinstance(one, str) and _PACKAGE.fullmatch(one) for one in value):
        raise _wrong(name, text, "is no list of packages",
                     f'Write {name} = ["esbuild", "sharp"], or {name} = true for all of them.')
    return tuple(sorted(set(value)))


def _text(name: str, value: object, text: str) -> str:
    if not isinstance(value, str) or not value.isprintable() or len(value) > _LONGEST:
        raise _wrong(name, text, "is no plain text", f'Write it like {name} = "main:app".')
    return value.strip()


_CHECKS: Mapping[str, Callable[[str, object, str], Any]] = {
    "kind": _kind, "words": _words, "folder": _folder, "file": _file, "path": _path, "scripts": _scripts, "text": _text}


def _unknown(name: str, text: str) -> BadInput:
    near = difflib.get_close_matches(name, _SHAPES, 1)
    meant = f"Did you mean {near[0]}? " if near else ""
    return _bad(f"{_line(name, text)}there is no “{name[:60]}”", f"{meant}There are: {', '.join(_SHAPES)}.")


def _wrong(name: str, text: str, why: str, hint: str) -> BadInput:
    return _bad(f"{_line(name, text)}the value of {name} {why}", hint)


def _line(name: str, text: str) -> str:
    """`line 3: ` for the line that names the field; “” when it is written in an unusual way."""
    sought = re.compile(rf"""\s*(?:\[+\s*)?["']?{re.escape(name)}["']?\s*[=.\]]""")
    number = next((number for number, line in enumerate(text.splitlines(), 1) if sought.match(line)), 0)
    return f"line {number}: " if number else ""


def _at(error: str) -> str:
    """`line 2, column 7: Invalid value` from what the parser says, which has the place behind it."""
    match = re.fullmatch(r"(?P<what>.*?) \(at (?P<where>[^)]*)\)", error, re.DOTALL)
    return f"{match['where'].replace('end of document', 'at the end')}: {match['what']}" if match else error


def _bad(why: str, hint: str) -> BadInput:
    return BadInput(f"{FILE}: {why}.", code="bad_dialup_toml", hint=hint)
