"""What a site's program is told by its owner: variables, some of them secret; and which may not be set."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dialup_ext.errors import BadInput, TooLarge, TooMany

MOST_VARIABLES = 100
LONGEST_NAME = 128
LONGEST_VALUE = 32 << 10
"""Bytes of UTF-8. Linux takes 128 KiB for one variable."""

MOST_BYTES = 1 << 20
"""Bytes of all names and values of a site. Linux starts no program whose arguments and variables exceed 2 MiB."""

SHORTEST_MASKED = 6
"""Characters. Hiding shorter values would hide ordinary words and numbers with them."""

HIDDEN = "••••"

RESERVED: Mapping[str, str] = {
    "PORT": "dialup chooses where the program listens",
    "HOST": "dialup chooses where the program listens",
    "HOSTNAME": "it is the container's own, and frameworks take it for the address to listen on",
    "PATH": "it names the programs of the runtime",
    "HOME": "it names the only folder a program can write its own files to",
    "TMPDIR": "it names the only folder a program can write temporary files to",
    "PYTHONPATH": "it names the packages that were installed for the site",
    "DATA_DIR": "it names the site's folder for data",
    "SECRETS_DIR": "it names the folder of the site's secrets",
}
"""Names only dialup sets, and why. `NODE_OPTIONS` and `NODE_ENV` are the owner's: they change that program alone."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OURS = "DIALUP_"


@dataclass(frozen=True, slots=True)
class Variable:
    """One of a site's variables. Its value never shows in a traceback or a log line of ours."""

    name: str
    value: str = field(repr=False)
    secret: bool
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Given:
    """What one instance was given: values by name, and the names of the secret ones."""

    values: Mapping[str, str] = field(repr=False)
    secret: frozenset[str]

    @property
    def secrets(self) -> list[str]:
        return [value for name, value in self.values.items() if name in self.secret]


def check_variable_name(name: str) -> str:
    """`name` if a variable may be called so. Raises `BadInput` (`bad_variable_name`, `reserved_variable`)."""
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise BadInput(f"“{name[:60]}” cannot be the name of a variable.", code="bad_variable_name",
                       hint=f"Use 1 to {LONGEST_NAME} letters, digits and underscores, no digit first.")
    why = "names that begin so are dialup's own" if name.startswith(_OURS) else RESERVED.get(name)
    if why:
        raise BadInput(f"“{name}” cannot be set: {why}.", code="reserved_variable", hint="Choose another name.")
    return name


def check_variable_value(name: str, value: str) -> str:
    """`value` if a program can be given it. Raises `BadInput` (`bad_variable_value`), `TooLarge`."""
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        size = -1
    if size < 0 or "\0" in value:
        raise BadInput(f"The value of “{name}” is not text: it holds a NUL or half a character.",
                       code="bad_variable_value", hint="Encode binary data as Base64 first.")
    if size > LONGEST_VALUE:
        raise TooLarge(f"The value of “{name}” has {size:,} bytes of at most {LONGEST_VALUE:,}.",
                       code="variable_too_large", hint="Put long data into a file of the site.")
    return value


def check_room(present: Iterable[Variable], name: str, value: str) -> None:
    """Raise `TooMany` or `TooLarge` when a site with `present` cannot have `name` too."""
    others = [one for one in present if one.name != name]
    if len(others) >= MOST_VARIABLES:
        raise TooMany(f"The site has {len(others)} of {MOST_VARIABLES} variables.", code="too_many_variables",
                      hint="Remove one it does not use.")
    size = sum(len(one.name) + len(one.value.encode()) for one in others) + len(name) + len(value.encode())
    if size > MOST_BYTES:
        raise TooLarge(f"All variables of the site would have {size:,} bytes of at most {MOST_BYTES:,}.",
                       code="variables_too_large", hint="Put long data into a file of the site.")


def mask(text: str, values: Iterable[str]) -> str:
    """`text` with every one of `values` hidden; of a value with several lines, each of them."""
    lines = {line.strip() for value in values for line in value.splitlines()}
    for line in sorted((line for line in lines if len(line) >= SHORTEST_MASKED), key=len, reverse=True):
        text = text.replace(line, HIDDEN)
    return text
