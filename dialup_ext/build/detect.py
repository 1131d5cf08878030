"""Say what an uploaded folder is, and why; or refuse it with one thing to do. Pure.

Called twice: with the paths alone, before a byte is sent, and again with the contents.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dialup_ext.build.detection import Detection
from dialup_ext.build.package import PACKAGE, Package, Read, read_package
from dialup_ext.build.python_detect import notebook_site, python_site
from dialup_ext.build.tools import Tool, makes_files, output_of, tool_of
from dialup_ext.domain.manifest import Manifest
from dialup_ext.domain.site import Kind
from dialup_ext.errors import BadInput

BUILT = ("dist", "build", "_site", "out")
"""Folders tools write a finished site to."""

ROOTS = ("public", "dist", "build", "_site", "site", "docs", "out")
"""Folders looked into, besides the top, for an index.html."""

_DEVELOPING = re.compile(
    r"(?:npx\s+)?(?:vite|parcel|astro (?:dev|preview)|react-scripts start|next dev|nuxt dev|gatsby develop|"
    r"ng serve|vitepress (?:dev|preview|serve)|docusaurus start|webpack serve|webpack-dev-server|"
    r"(?:@11ty/)?eleventy)\b|astro$")

SERVERS = ("server.js", "server.mjs", "app.js", "index.js", "index.mjs")


def detect(manifest: Manifest, read: Read | None) -> Detection:
    """The kind of site in a folder, or `BadInput` that says what was looked for.

    Without `read` only paths are known: the answer may still change, a refusal is final.
    Codes: `no_site_in_folder`, `several_sites_in_folder`, `no_start_script`, `needs_server`,
    `needs_build`, `bad_package_json`, and those of `python_detect`.
    """
    if PACKAGE not in manifest:
        return _without_package(manifest, read, {})
    if read is None:
        return _at_first_sight(manifest)
    package = read_package(manifest, read)
    start = package.script("start")
    if start and not _DEVELOPING.match(start):
        return Detection(Kind.NODEJS, "", f"package.json has a start script: {start[:80]}", runs=True)
    because = (f"the start script in package.json ({start[:80]}) is for developing" if start
               else "package.json has no start script")
    tool = tool_of(package)
    if tool is not None:
        return _with_tool(manifest, read, package, tool, because)
    return _without_tool(manifest, package, because)


def _without_package(manifest: Manifest, read: Read | None, config: Mapping[str, Any]) -> Detection:
    """A Python app, else pages, else a notebook; what dialup.toml names comes first."""
    if config.get("notebook") and (found := notebook_site(manifest, config)):
        return found
    if found := python_site(manifest, read, config):
        return found
    if not _roots(manifest) and (found := notebook_site(manifest, config)):
        return found
    return _static(manifest)


def _at_first_sight(manifest: Manifest) -> Detection:
    if config := next((entry.path for entry in manifest if entry.path.startswith("astro.config.")), ""):
        return Detection(Kind.ASTRO, "", f"it has an {config}; package.json says more when it has arrived")
    return Detection(Kind.NODEJS, "", "it has a package.json; its scripts decide when it has arrived",
                     runs=True)


def _with_tool(manifest: Manifest, read: Read, package: Package, tool: Tool, because: str) -> Detection:
    """A project to be built; without a way to build it, the site somebody built into it before."""
    script = bool(package.script("build"))
    if makes_files(tool, manifest, read, package):
        if script or (tool.words and not _finished(manifest)):
            return _built(tool, output_of(tool, manifest, read, package), by_script=script)
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
    return Detection(Kind.ASTRO if tool.package == "astro" else Kind.STATIC, output,
                     f"{tool.package} is in package.json; it is built with `{command}`{where}", tool.package)


def _without_tool(manifest: Manifest, package: Package, because: str) -> Detection:
    """A package.json that starts nothing: a finished site beside it, or a refusal."""
    if _roots(manifest):
        found = _static(manifest)
        return Detection(found.kind, found.root, f"{found.why}, and {because}")
    raise _no_start(manifest, package, because)


def _static(manifest: Manifest) -> Detection:
    roots = _roots(manifest)
    if not roots:
        raise _no_site(manifest)
    if len(roots) > 1:
        shown = " and ".join(f"{root}/" for root in roots)
        raise BadInput(f"There is an index.html in {shown}; it is not clear which is the site.",
                       code="several_sites_in_folder",
                       hint=f"Deploy one of them: deploy {roots[0]}, or remove the others.")
    where = f"in {roots[0]}/" if roots[0] else "at the top"
    return Detection(Kind.STATIC, roots[0], f"there is an index.html {where}")


def _roots(manifest: Manifest) -> list[str]:
    """Where an index.html lies; the top wins over all folders."""
    if "index.html" in manifest:
        return [""]
    return [root for root in ROOTS if f"{root}/index.html" in manifest]


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


def _no_site(manifest: Manifest) -> BadInput:
    if not len(manifest):
        return BadInput("The folder is empty.", code="no_site_in_folder",
                        hint="Put an index.html into it, or start from a template.")
    looked = "index.html (at the top or in " + ", ".join(f"{root}/" for root in ROOTS) + ") and package.json"
    return BadInput(f"There is no site in this folder. Looked for: {looked}.", code="no_site_in_folder",
                    hint=_what_to_do(manifest))


def _what_to_do(manifest: Manifest) -> str:
    paths = [entry.path for entry in manifest]
    pages = [path for path in paths if path.lower().endswith((".html", ".htm"))]
    deeper = [path for path in pages if path.endswith("/index.html")]
    if len(deeper) == 1:
        return f"Deploy the folder the page is in: deploy {deeper[0].rpartition('/')[0]}"
    if len(pages) == 1:
        parent, _, name = pages[0].rpartition("/")
        return f"Rename {name} to index.html" + (f" and deploy {parent}." if parent else ".")
    if server := next((name for name in SERVERS if name in manifest), ""):
        return f'Add a package.json with "scripts": {{"start": "node {server}"}}.'
    if pages:
        return f"Rename the first page, perhaps {min(pages, key=len)}, to index.html."
    if packages := [path for path in paths if path.endswith(f"/{PACKAGE}")]:
        return f"Deploy the folder the package.json is in: deploy {min(packages, key=len).rpartition('/')[0]}"
    return "Add an index.html, or deploy another folder."
