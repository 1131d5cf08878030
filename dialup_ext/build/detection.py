"""What was found in a folder: the answer of every detection, whoever gives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dialup_ext.domain.site import Kind


@dataclass(frozen=True, slots=True)
class Detection:
    """What a folder is: its kind, its public folder (“” for the top), and why, in a sentence.

    With a `builder` it has to be built first, and `root` is where that will put the site.
    """

    kind: Kind
    root: str
    why: str
    builder: str = ""
    runs: bool = False
    """True when it needs an instance: of this folder, or of what its build makes."""
    start: tuple[str, ...] = ()
    """What runs it; () when its package.json says."""
    config: Mapping[str, Any] = field(default_factory=dict)
