"""What pip has to install before a Python or notebook site runs, and the key of "the same again". Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from dialup_ext.build.package import Read
from dialup_ext.build.plan import local_platform
from dialup_ext.build.python_requirements import Requirements, normal, read_requirements
from dialup_ext.domain.manifest import Manifest

SERVERS = {
    "uvicorn": ("uvicorn>=0.34,<1", "websockets>=13"),
    "gunicorn": ("gunicorn>=23,<26",),
}
"""What serves an app, for sites that do not bring it themselves."""


@dataclass(frozen=True, slots=True)
class PythonPlan:
    """`layer_key` names the sealed packages; releases with the same key share them.

    `added` are the server's lines; with `from_source` packages without a wheel are built, which runs
    their code.
    """

    requirements: Requirements
    added: tuple[str, ...]
    from_source: bool
    layer_key: str

    @property
    def needs_dependencies(self) -> bool:
        """False when there is nothing to install."""
        return bool(self.requirements.lines or self.added)


def python_plan(manifest: Manifest, read: Read, start: tuple[str, ...], *, python: str, from_source: bool = False,
                platform_name: str | None = None) -> PythonPlan:
    """The plan for a folder that `start` runs under that `python`, such as `3.11`. Raises `BadInput`."""
    requirements = read_requirements(manifest, read)
    wanted = requirements.names()
    server = server_of(start)
    added = () if server in wanted else tuple(
        line for line in SERVERS.get(server, ()) if normal(line.partition(">")[0]) not in wanted)
    parts = ["python layer 1", platform_name or local_platform(), python, str(from_source), "lines",
             *requirements.lines, "constraints", *requirements.constraints, "added", *added]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return PythonPlan(requirements, added, from_source, key)


def server_of(start: tuple[str, ...]) -> str:
    """The server a command of ours runs (`python -m uvicorn …`), or “” for one somebody wrote."""
    return start[2] if start[:2] == ("python", "-m") and len(start) > 2 else ""
