"""Say where the pages of a folder are that is a site as it is; or what to do when there are none. Pure."""

from __future__ import annotations

from dialup_ext.build.detection import Detection
from dialup_ext.build.package import PACKAGE
from dialup_ext.domain.manifest import Manifest
from dialup_ext.domain.site import Kind
from dialup_ext.errors import BadInput

ROOTS = ("public", "dist", "build", "_site", "site", "docs", "out")
"""Folders looked into, besides the top, for an index.html."""

SERVERS = ("server.js", "server.mjs", "app.js", "index.js", "index.mjs")


def static_site(manifest: Manifest, output: str = "") -> Detection:
    """The pages of a folder; `output` is where dialup.toml says they are.

    Raises `BadInput`: `no_site_in_folder`, `several_sites_in_folder`.
    """
    if output:
        if f"{output}/index.html" not in manifest:
            raise BadInput(f"dialup.toml says the site is in {output}/, and there is no {output}/index.html.",
                           code="no_site_in_folder", hint="Check its spelling.")
        return Detection(Kind.STATIC, output, f"dialup.toml says the site is in {output}/")
    found = roots(manifest)
    if not found:
        raise _no_site(manifest)
    if len(found) > 1:
        shown = " and ".join(f"{root}/" for root in found)
        raise BadInput(f"There is an index.html in {shown}; it is not clear which is the site.",
                       code="several_sites_in_folder",
                       hint=f"Deploy one of them: deploy {found[0]}, or remove the others.")
    where = f"in {found[0]}/" if found[0] else "at the top"
    return Detection(Kind.STATIC, found[0], f"there is an index.html {where}")


def roots(manifest: Manifest) -> list[str]:
    """Where an index.html lies; the top wins over all folders."""
    if "index.html" in manifest:
        return [""]
    return [root for root in ROOTS if f"{root}/index.html" in manifest]


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
