"""Say what a folder with a package.json is: a program, pages a tool makes, or a program a tool makes. Pure."""

from __future__ import annotations

import re

from dialup_ext.build.detection import Detection
from dialup_ext.build.package import Package, Read, read_package
from dialup_ext.build.static_detect import SERVERS, roots, static_site
from dialup_ext.build.tools import Tool, find_tool, makes_files, output_of, program_of, tool_of
from dialup_ext.domain.manifest import Manifest
from dialup_ext.domain.site import Kind
from dialup_ext.domain.site_config import SiteConfig
from dialup_ext.errors import BadInput

BUILT = ("dist", "build", "_site", "out")
"""Folders tools write a finished site to."""

_DEVELOPING = re.compile(
    r"(?:npx\s+)?(?:vite|parcel|astro (?:dev|preview)|react-scripts start|next dev|nuxt dev|gatsby develop|"
    r"ng serve|vitepress (?:dev|preview|serve)|docusaurus start|webpack serve|webpack-dev-server|"
    r"(?:@11ty/)?eleventy)\b|astro$")

_BUILT_PROGRAM = re.compile(r"(?:npx\s+)?next start\b|node (?:\./)?\.next/standalone/|astro preview\b")
"""Start scripts of what the tool's own build made: they are no reason not to build it."""

_KINDS = {"astro": Kind.ASTRO, "next": Kind.NEXT}


def node_site(manifest: Manifest, read: Read, config: SiteConfig) -> Detection:
    """The site of a package.json, as dialup.toml bends it.

    Raises `BadInput`: `no_start_script`, `needs_server`, `needs_build`, `several_sites_in_folder`,
    `bad_package_json`, `no_site_in_folder`.
    """
    package = read_package(manifest, read)
    tool = _tool(package, config)
    start = package.script("start")
    if config.kind == Kind.NODEJS or (config.start and tool is None):
        return _program(manifest, package, config, start)
    if tool is not None and (found := _by_tool(manifest, read, package, tool, config)):
        return found
    if start and not _DEVELOPING.match(start) and config.kind != Kind.STATIC:
        return Detection(Kind.NODEJS, "", f"package.json has a start script: {start[:80]}", runs=True)
    because = (f"the start script in package.json ({start[:80]}) is for developing" if start
               else "package.json has no start script")
    return (_with_tool(manifest, read, package, tool, config, because) if tool is not None
            else _without_tool(manifest, package, because))


def started(start: tuple[str, ...]) -> Detection:
    """What dialup.toml starts, of a folder that nothing has to be built in."""
    return Detection(Kind.NODEJS, "", f"dialup.toml says what starts it: {' '.join(start)[:80]}", runs=True, start=start)


def _tool(package: Package, config: SiteConfig) -> Tool | None:
    """The tool that builds it: the one the kind names, the one in package.json, or whatever `build` says."""
    if config.kind in _KINDS:
        return find_tool(config.kind)
    found = tool_of(package)
    return found or (Tool(config.build[0], config.output) if config.build else None)


def _program(manifest: Manifest, package: Package, config: SiteConfig, start: str) -> Detection:
    """A Node program that is not built, or is by `build` in dialup.toml."""
    if not (config.start or start):
        raise _no_start(manifest, package, "package.json has no start script")
    if config.build:
        return Detection(Kind.NODEJS, config.output, f"dialup.toml says what builds it, `{' '.join(config.build)}`, and "
                         "that it runs", config.build[0], runs=True, start=config.start)
    return started(config.start) if config.start else Detection(
        Kind.NODEJS, "", f"package.json has a start script: {start[:80]}", runs=True)


def _by_tool(manifest: Manifest, read: Read, package: Package, tool: Tool, config: SiteConfig) -> Detection | None:
    """What dialup.toml asks of a tool, or the program its build makes; None where a start script counts more."""
    if config.build or config.start or config.kind in _KINDS:
        return _asked(manifest, read, package, tool, config)
    return _built_program(manifest, read, package, tool)


def _asked(manifest: Manifest, read: Read, package: Package, tool: Tool, config: SiteConfig) -> Detection:
    """A project dialup.toml says something about: how it is built, what runs it, or which tool it is for."""
    kind = _KINDS.get(tool.package, Kind.NODEJS if config.start else Kind.STATIC)
    output = config.output or output_of(tool, manifest, read, package)
    command = " ".join(config.build) or _building(package, tool)
    if not command:
        raise _needs_build(tool.package, [], "package.json has no build script")
    why = f"dialup.toml says more than package.json; it is built with `{command}`"
    if config.start:
        return Detection(kind, output, f"{why} and started with `{' '.join(config.start)[:80]}`", tool.package,
                         runs=True, start=config.start)
    if not config.output and (found := _built_program(manifest, read, package, tool)):
        return found
    return Detection(kind, output, f"{why} into {output}/" if output else why, tool.package)


def _built_program(manifest: Manifest, read: Read, package: Package, tool: Tool) -> Detection | None:
    """The program that the build makes, started by package.json's own script if that is what it is for."""
    program, start = program_of(tool, manifest, read, package), package.script("start")
    command = _building(package, tool)
    if program is None or not command or makes_files(tool, manifest, read, package):
        return None
    own = bool(start) and not _DEVELOPING.match(start) and not _BUILT_PROGRAM.match(start)
    runs = start if own else " ".join(program.start)
    return Detection(_KINDS.get(tool.package, Kind.NODEJS), "" if own else program.root,
                     f"{tool.package} is in package.json; it is built with `{command}` into a program, which is started "
                     f"with `{runs[:80]}`", tool.package, runs=True, start=() if own else program.start)


def _building(package: Package, tool: Tool) -> str:
    """What builds it, in words; “” when nothing does."""
    return "npm run build" if package.script("build") else " ".join(tool.words)


def _with_tool(manifest: Manifest, read: Read, package: Package, tool: Tool, config: SiteConfig,
               because: str) -> Detection:
    """A project to be built; without a way to build it, the site somebody built into it before."""
    script = bool(package.script("build"))
    if makes_files(tool, manifest, read, package):
        if script or (tool.words and not _finished(manifest)):
            return _built(tool, config.output or output_of(tool, manifest, read, package), by_script=script)
    elif not _finished(manifest):
        raise _needs_server(tool, because)
    built = _finished(manifest)
    if len(built) == 1:
        return Detection(Kind.STATIC, built[0], f"{tool.package} has built a site into {built[0]}/")
    raise _needs_build(tool.package, built, because)


def _finished(manifest: Manifest) -> list[str]:
    return [folder for folder in BUILT if f"{folder}/index.html" in manifest]


def _built(tool: Tool, output: str, *, by_script: bool) -> Detection:
    command = "npm run build" if by_script else " ".join(tool.words)
    where = f" into {output}/" if output else ""
    return Detection(_KINDS.get(tool.package, Kind.STATIC), output,
                     f"{tool.package} is in package.json; it is built with `{command}`{where}", tool.package)


def _without_tool(manifest: Manifest, package: Package, because: str) -> Detection:
    """A package.json that starts nothing: a finished site beside it, or a refusal."""
    if roots(manifest):
        found = static_site(manifest)
        return Detection(found.kind, found.root, f"{found.why}, and {because}")
    raise _no_start(manifest, package, because)


def _needs_build(tool: str, built: list[str], because: str) -> BadInput:
    if built:
        return BadInput(f"This is a {tool} project with several finished sites: {', '.join(built)}.",
                        code="several_sites_in_folder", hint=f"Deploy one of them: deploy {built[0]}.")
    return BadInput(f"This is a {tool} project that has not been built: {because}, "
                    "it has no build script, and there is no finished site beside it.", code="needs_build",
                    hint='Add to package.json: "scripts": {"build": "…"}; it is then built here.')


def _needs_server(tool: Tool, because: str) -> BadInput:
    return BadInput(f"This {tool.package} project makes a program that has to run, not files to serve, "
                    f"and {because}.", code="needs_server",
                    hint="Build it to files (“static” or “export” in its configuration), or build it yourself "
                         "and add a start script that runs the result.")


def _no_start(manifest: Manifest, package: Package, because: str) -> BadInput:
    server = package.main if package.main in manifest else next(
        (name for name in SERVERS if name in manifest), "server.js")
    return BadInput(f"There is no telling how to start this site: {because}, and there is no index.html "
                    "to serve.", code="no_start_script",
                    hint=f'Add to package.json: "scripts": {{"start": "node {server}"}}')
