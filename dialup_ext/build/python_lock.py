"""Lock files and projects as lines for pip: exact versions, their hashes, their conditions. Pure.

`pylock.toml` is PEP 751; of `uv.lock` what the project itself needs is taken, without its groups for
developing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

from dialup_ext.errors import BadInput

MOST_STEPS, MOST_WAYS = 200_000, 64
"""Far more than real projects have; ways through a graph can be two to the power of its size."""

_Ways = list[frozenset[str]]
"""Of one package: each way that leads to it, as the conditions on it."""


def of_pylock(text: str) -> Iterator[str]:
    """Every package of a `pylock.toml`."""
    for package in _tables(_parse(text, "pylock.toml"), "packages"):
        if "directory" in package or "vcs" in package:
            if package.get("directory", {}).get("editable") or package.get("directory", {}).get("path") == ".":
                continue
            raise _odd("pylock.toml", package)
        files = [*_tables(package, "wheels"), *filter(None, [package.get("sdist"), package.get("archive")])]
        hashes = [f"{kind}:{value}" for file in files for kind, value in file.get("hashes", {}).items()]
        yield _line("pylock.toml", package, str(package.get("marker", "")), hashes)


def of_uv(text: str) -> Iterator[str]:
    """What the project of a `uv.lock` needs, and what that needs; each once, where any way to it leads.

    Raises `BadInput` (`bad_requirements`) when there are more ways than anybody's project has.
    """
    packages: dict[str, list[dict[str, Any]]] = {}
    for package in _tables(_parse(text, "uv.lock"), "package"):
        packages.setdefault(str(package.get("name")), []).append(package)
    roots = [one for found in packages.values() for one in found if _is_project(one)]
    waiting = [(edge, frozenset[str]()) for root in roots for edge in _tables(root, "dependencies")]
    wanted: dict[tuple[str, str], _Ways] = {}
    steps = 0
    while waiting:
        edge, around = waiting.pop()
        way = around | ({str(edge["marker"])} if edge.get("marker") else set())
        for package in _meant(packages, edge):
            steps += 1
            known = wanted.setdefault((str(package["name"]), str(package.get("version"))), [])
            fresh = not any(one <= way for one in known)  # a way with fewer conditions says it already
            if fresh:
                known[:] = [one for one in known if not way <= one] + [way]
            if steps > MOST_STEPS or len(known) > MOST_WAYS:
                raise _tangled()
            if fresh and not _is_project(package):
                waiting += [(inner, way) for inner in _inner(package, edge)]
    for (name, version), ways in sorted(wanted.items(), key=lambda one: one[0]):
        package = next(one for one in packages[name] if str(one.get("version")) == version)
        if not _is_project(package):
            yield _of_uv_package(package, _marker(ways))


def of_project(text: str) -> Iterator[str]:
    """The dependencies of a `pyproject.toml`; raises `BadInput` (`bad_requirements`) where a tool says them."""
    found = _parse(text, "pyproject.toml")
    project = found.get("project", {})
    if "dependencies" in project.get("dynamic", ()) or ("poetry" in found.get("tool", {}) and "dependencies" not in project):
        raise BadInput("pyproject.toml leaves its dependencies to another tool.", code="bad_requirements",
                       hint="Write them under [project] as “dependencies”, or add a requirements.txt.")
    dependencies = project.get("dependencies", [])
    if not isinstance(dependencies, list) or not all(isinstance(one, str) for one in dependencies):
        raise BadInput("The dependencies in pyproject.toml are not a list of texts.", code="bad_requirements",
                       hint='Write them as dependencies = ["flask", "httpx>=0.27"].')
    yield from (" ".join(one.split()) for one in dependencies)


def _of_uv_package(package: dict[str, Any], marker: str) -> str:
    if "registry" not in package.get("source", {}):
        raise _odd("uv.lock", package)
    files = [*_tables(package, "wheels"), *filter(None, [package.get("sdist")])]
    return _line("uv.lock", package, marker, [str(file["hash"]) for file in files if "hash" in file])


def _is_project(package: dict[str, Any]) -> bool:
    source = package.get("source", {})
    return any(source.get(kind) == "." for kind in ("virtual", "editable", "directory"))


def _meant(packages: dict[str, list[dict[str, Any]]], edge: dict[str, Any]) -> list[dict[str, Any]]:
    """Those an edge leads to: all versions of that name, unless it names one."""
    found = packages.get(str(edge.get("name")), [])
    return [one for one in found if "version" not in edge or one.get("version") == edge["version"]]


def _inner(package: dict[str, Any], edge: dict[str, Any]) -> list[dict[str, Any]]:
    """What a package needs, with the extras it is asked for by."""
    optional = package.get("optional-dependencies", {})
    extras = [inner for extra in edge.get("extra", ()) for inner in optional.get(extra, ())]
    return [*_tables(package, "dependencies"), *extras]


def _marker(ways: _Ways) -> str:
    """“” where a way has no conditions; else any way, each with all of its own."""
    if frozenset() in ways:
        return ""
    return " or ".join(sorted(f"({' and '.join(f'({one})' for one in sorted(way))})" for way in ways))


def _line(where: str, package: dict[str, Any], marker: str, hashes: list[str]) -> str:
    if not (package.get("name") and package.get("version")):
        raise _odd(where, package)
    condition = f" ; {marker}" if marker else ""
    return f"{package['name']}=={package['version']}{condition}" + "".join(f" --hash={one}" for one in hashes)


def _tables(found: dict[str, Any], name: str) -> list[dict[str, Any]]:
    tables = found.get(name, [])
    return [one for one in tables if isinstance(one, dict)] if isinstance(tables, list) else []


def _parse(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is no TOMLDecodeError
        raise BadInput(f"{where} is not valid TOML: {str(error)[:120]}.", code="bad_requirements",
                       hint="Mend the file, or make it anew with the tool that wrote it.") from error


def _tangled() -> BadInput:
    return BadInput("uv.lock has too many conditions on the way to one package.", code="bad_requirements",
                    hint="Write a requirements.txt from it: `uv export --no-dev > requirements.txt`, and leave uv.lock "
                         "out with .dialupignore.")


def _odd(where: str, package: dict[str, Any]) -> BadInput:
    return BadInput(f"{where} takes “{str(package.get('name', '?'))[:60]}” from a folder or a repository.",
                    code="local_dependency",
                    hint="Builds fetch published packages only: use a published version, or copy its files into "
                         "your site.")
