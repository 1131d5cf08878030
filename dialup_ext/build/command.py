"""How a project is built: what its build script says, without npm in between where possible. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from pathlib import Path

from dialup_ext.build.network import trusted
from dialup_ext.build.package import Package
from dialup_ext.build.tools import Tool
from dialup_ext.domain.instance import InstanceKind, InstanceSpec, Mount, Runtime
from dialup_ext.settings import Settings

NPM = ("npm", "run", "build")
_PLAIN = re.compile(r"[\w@./:=+,-]+( +[\w@./:=+,-]+)*")
"""Words without quotes, variables or anything else a shell would have to understand."""

QUIET = {
    "ASTRO_TELEMETRY_DISABLED": "1", "NEXT_TELEMETRY_DISABLED": "1", "NUXT_TELEMETRY_DISABLED": "1",
    "GATSBY_TELEMETRY_DISABLED": "1", "NG_CLI_ANALYTICS": "false", "DO_NOT_TRACK": "1",
    "npm_config_update_notifier": "false", "npm_config_loglevel": "error", "npm_config_logs_max": "0",
    "NO_COLOR": "1", "FORCE_COLOR": "0", "CI": "1", "NODE_ENV": "production", "NODE_OPTIONS": "",
}
"""Nothing is told to anybody, and nothing is drawn for a terminal."""


def surroundings(tool: Tool, store: Path) -> dict[str, str]:
    """What a tool has to be told by its environment; `store` holds both the project and its packages.

    Next reads both names where its configuration says nothing (next/dist/server/config-shared.js and
    config.js, 16.4): to write a tree that runs by itself, and that links lead to its packages.
    """
    if tool.package != "next":
        return {}
    return {"NEXT_PRIVATE_STANDALONE": "true", "NEXT_PRIVATE_OUTPUT_TRACE_ROOT": str(store)}


def build_command(package: Package, tool: Tool, installed: Container[str],
                  said: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What builds the site; `installed` are the programs of its packages, `said` is dialup.toml's word.

    Wrapping a program in npm costs 40 MiB and a second, so a plain script is run directly.
    """
    if said:
        return _direct(said) if said[0] in installed else said
    script, scripts = package.script("build"), package.table("scripts")
    if script:
        words = tuple(script.split())
        plain = _PLAIN.fullmatch(script) and not {"prebuild", "postbuild"} & scripts.keys()
        return _direct(words) if plain and words[0] in installed else NPM
    return _direct(tool.words)


def build_spec(steps: tuple[tuple[str, ...], ...], staging: Path, modules: Path | None, *, account: str,
               deployment_id: str, site: str, settings: Settings, environment: Mapping[str, str]) -> InstanceSpec:
    """The build as data. `environment` is all it is told of the hub's own, see `network.way_out`. Pure."""
    mounts = (Mount(staging, writable=True), *((Mount(modules),) if modules else ()), *trusted(environment))
    return InstanceSpec(
        key=f"build-{deployment_id}", kind=InstanceKind.BUILD, account=account, site=site, runtime=Runtime.NODE,
        steps=steps, directory=staging, environment={**environment, **QUIET}, mounts=mounts, listens=False,
        memory_mb=settings.build_memory_mb, cpu=1.0, deadline=settings.build_timeout)


def _direct(words: tuple[str, ...]) -> tuple[str, ...]:
    return (f"node_modules/.bin/{words[0]}", *words[1:])
