"""What we read of a `package.json`: never more than a size, never more than plain fields. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dialup_ext.domain.manifest import Manifest
from dialup_ext.errors import BadInput

Read = Callable[[str], bytes]
"""Gives the bytes of a file of the manifest by its path."""

MAX_BYTES = 1 << 20
PACKAGE = "package.json"


@dataclass(frozen=True, slots=True)
class Package:
    """The fields of a `package.json`; what has the wrong type counts as absent."""

    fields: dict[str, Any] = field(default_factory=dict)

    def table(self, name: str) -> dict[str, str]:
        """A field that maps names to texts: `scripts`, `dependencies` …"""
        found = self.fields.get(name)
        if not isinstance(found, dict):
            return {}
        return {key: value for key, value in found.items() if isinstance(value, str)}

    def script(self, name: str) -> str:
        """A script's command, or “”."""
        return self.table("scripts").get(name, "").strip()

    @property
    def main(self) -> str:
        """The file `main` names, or “”."""
        found = self.fields.get("main")
        return found.removeprefix("./") if isinstance(found, str) else ""


def read_package(manifest: Manifest, read: Read) -> Package:
    """The `package.json` at the top, or `BadInput` (`bad_package_json`) in words."""
    entry = manifest.get(PACKAGE)
    if entry is None:
        raise _bad("it is not there")
    if entry.size > MAX_BYTES:
        raise _bad(f"it is larger than {MAX_BYTES >> 20} MiB")
    try:
        fields = json.loads(read(PACKAGE).decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise _bad(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except (ValueError, RecursionError):  # not UTF-8, or a number of thousands of digits
        raise _bad("it is not JSON text") from None
    if not isinstance(fields, dict):
        raise _bad("it holds no JSON object")
    return Package(fields)


def _bad(why: str) -> BadInput:
    return BadInput(f"package.json cannot be read: {why}.", code="bad_package_json",
                    hint="Mend package.json; `npm pkg get name` complains until it is right.")
