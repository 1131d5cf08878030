"""Say what an uploaded folder is, and why; or refuse it with one thing to do. Pure.

Called twice: with the paths alone, before a byte is sent, and again with the contents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dialup_ext.build.detection import Detection
from dialup_ext.build.dialup_toml import read_config
from dialup_ext.build.node_detect import node_site, started
from dialup_ext.build.package import PACKAGE, Read
from dialup_ext.build.python_detect import notebook_site, python_site
from dialup_ext.build.static_detect import roots, static_site
from dialup_ext.domain.manifest import Manifest
from dialup_ext.domain.site import Kind
from dialup_ext.domain.site_config import FILE, SiteConfig
from dialup_ext.errors import BadInput

_NODE = (Kind.NODEJS, Kind.ASTRO, Kind.NEXT)
_HINTS = {"astro.config.": Kind.ASTRO, "next.config.": Kind.NEXT}
"""Configurations at the top that tell a kind before package.json can be read."""


def detect(manifest: Manifest, read: Read | None) -> Detection:
    """The kind of site in a folder, or `BadInput` that says what was looked for.

    Without `read` only paths are known: the answer may still change, a refusal is final.
    Codes: `bad_dialup_toml`, those of `static_detect`, `node_detect` and `python_detect`.
    """
    if read is None:
        return _at_first_sight(manifest)
    config = read_config(manifest, read)
    return replace(_found(manifest, read, config), config=config.as_dict())


def _found(manifest: Manifest, read: Read, config: SiteConfig) -> Detection:
    """What dialup.toml says comes first; then package.json, a Python app, pages, a notebook."""
    said = config.as_dict()
    if config.kind == Kind.NOTEBOOK or (config.notebook and not config.kind):
        return notebook_site(manifest, said) or _lacking(config.kind, "a notebook, a file that ends in .ipynb")
    if config.kind == Kind.PYTHON or (config.app and not config.kind):
        return python_site(manifest, read, said) or _lacking(config.kind, "a Python app")
    if config.kind == Kind.STATIC and not config.build and not config.start:
        found = static_site(manifest, config.output)
        return found if config.output else replace(found, why=f"{found.why}, and dialup.toml says it is static")
    if PACKAGE in manifest or config.kind in _NODE or config.build:
        return node_site(manifest, read, config)
    return _without_package(manifest, read, config, said)


def _without_package(manifest: Manifest, read: Read | None, config: SiteConfig,
                     said: Mapping[str, Any]) -> Detection:
    """A Python app, else what dialup.toml starts, else pages, else a notebook."""
    if found := python_site(manifest, read, said):
        return found
    if config.start:
        return started(config.start)
    if not (roots(manifest) or config.output) and (found := notebook_site(manifest, said)):
        return found
    return static_site(manifest, config.output)


def _at_first_sight(manifest: Manifest) -> Detection:
    if FILE in manifest:
        return Detection(Kind.STATIC, "", f"its {FILE} says more when it has arrived")
    if PACKAGE not in manifest:
        return _without_package(manifest, None, SiteConfig(), {})
    for entry in manifest:
        for start, kind in _HINTS.items():
            if entry.path.startswith(start):
                return Detection(kind, "", f"it has a {entry.path}; package.json says more when it has arrived")
    return Detection(Kind.NODEJS, "", "it has a package.json; its scripts decide when it has arrived", runs=True)


def _lacking(kind: str, what: str) -> Detection:
    raise BadInput(f"dialup.toml says the site is {kind or 'one'}, and there is no such thing here: {what}.",
                   code="no_site_in_folder", hint="Look whether the file was sent, or mend dialup.toml.")
