"""An immutable tree of files plus how to run it; named by its content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dialup_ext.domain.instance import Runtime
from dialup_ext.domain.site import Kind

NGINX = ("nginx",)
"""The command of a release of files that has a container of its own."""


@dataclass(frozen=True, slots=True)
class Release:
    """What one upload became. Never edited, only superseded.

    `number` counts from 1 per site and is what people see ("release 12"); uploading the very
    same content again gives the same release.
    """

    id: str
    site_id: str
    number: int
    kind: Kind
    digest: str
    """SHA-256 of the manifest."""
    file_count: int
    size_bytes: int
    created_at: datetime
    created_by: str
    root: str = ""
    """The public folder, for a static site: “” or e.g. “public”. Of one that is built, the folder the build
    is expected to write; “” when that is not known beforehand.
    """
    layer: str | None = None
    """Key of the sealed dependency layer, once it has been built."""
    why: str = ""
    """How the kind was found, in a sentence for the person."""
    builder: str = ""
    """The package that makes a site of these files, such as `astro`; “” when they are the site."""
    built: str | None = None
    """SHA-256 of the manifest of what the build made, once it has; a release is built once."""

    runs: bool = False
    """True when it needs an instance: a program, or an nginx of its own; False when Caddy serves its files alone."""
    start: tuple[str, ...] = ()
    """The command that runs it; () when its package.json says, or when it does not run."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """What the site's own `dialup.toml` says, checked; {} without one."""

    @property
    def served(self) -> tuple[str, str]:
        """The manifest a release is served or run from, and the public folder in it."""
        return (self.built, "") if self.built else (self.digest, self.root)

    @property
    def in_nginx(self) -> bool:
        """True when it is files all the same, served by an nginx of its own.

        What the site's own `dialup.toml` starts is a program, whatever it is called.
        """
        return self.runs and self.start == NGINX and not self.config.get("start")

    @property
    def is_program(self) -> bool:
        """True when code of its owner's runs; False for files, whoever serves them."""
        return self.runs and not self.in_nginx

    @property
    def limited_as(self) -> str:
        """The kind whose limits its instance has."""
        return "static" if self.in_nginx else self.kind.value

    @property
    def health_path(self) -> str | None:
        """The path of its health check, when its `dialup.toml` names one."""
        return str(self.config.get("health") or "") or None

    @property
    def runtime(self) -> Runtime:
        """The tools that its build and its instance need; while it is to be built, those of its build."""
        if self.in_nginx and not self.is_to_be_built:
            return Runtime.NGINX
        return {Kind.PYTHON: Runtime.PYTHON, Kind.NOTEBOOK: Runtime.LAB}.get(self.kind, Runtime.NODE)

    @property
    def is_to_be_built(self) -> bool:
        """True until the build that this release needs has been done."""
        return bool(self.builder) and not self.built
