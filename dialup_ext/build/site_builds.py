"""Builds a site from its source, in a throw-away instance, into files that can be served or a program that can run.

    copy the source · link the sealed packages · run the build · take what it made · keep that

What is kept is content like any upload, under a manifest of its own, and the release names it: so
a rollback or a restart never builds again. Until then nothing of a build counts: a crash leaves a
folder that the next attempt makes anew.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from dialup_ext.build.attempt import run_to_end
from dialup_ext.build.command import build_command, build_spec, surroundings
from dialup_ext.build.contents import Contents
from dialup_ext.build.failure import explain_build, without_places
from dialup_ext.build.layer import discard, layer_path, staging_path
from dialup_ext.build.network import way_out
from dialup_ext.build.output import find_output
from dialup_ext.build.package import read_package
from dialup_ext.build.program import take_program
from dialup_ext.build.room import Room
from dialup_ext.build.sealing import MODULES, delete
from dialup_ext.build.source import link_packages, stage_source
from dialup_ext.build.tools import Tool, find_tool
from dialup_ext.build.turns import Turns
from dialup_ext.domain.deployment import Deployment, Failure, StepFailed
from dialup_ext.domain.instance import InstanceSpec
from dialup_ext.domain.manifest import Manifest
from dialup_ext.domain.ports import Driver
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Site
from dialup_ext.errors import BadInput, TooLarge
from dialup_ext.settings import Settings


class Keep(Protocol):
    """Stores every regular file below a folder as contents of an account; durable on return.

    `public`: it will be served, so what must not be is left out.
    """

    def __call__(self, account_id: str, top: Path, /, *, public: bool) -> Manifest: ...


class SiteBuilds:
    """Builds releases that name a builder; who waits for a turn is up to `turns`."""

    def __init__(self, settings: Settings, driver: Driver, contents: Contents, turns: Turns, keep: Keep) -> None:
        self._settings = settings
        self._driver = driver
        self._contents = contents
        self._turns = turns
        self._keep = keep

    def build(self, site: Site, release: Release, layer: str | None, deployment: Deployment,
              say: Callable[[str], None], cancelled: Callable[[], bool]) -> str:
        """The SHA-256 of the manifest of what the build made; its files are kept, durably.

        May be called again after any crash: nothing is known of an attempt before its end. Raises
        `StepFailed` with the cause in words, `StepCancelled`, `NoSpace`; nothing is left then.
        """
        with self._turns.taken(site.owner_id, say, cancelled):
            key = f"build-{deployment.id}"
            self._driver.stop(key)  # what an earlier attempt left; its folder is made anew
            staging = staging_path(self._settings, site.owner_id, deployment.id)
            finished = staging.with_name(f"{staging.name}.done")
            try:
                tool, manifest = find_tool(release.builder), self._contents.manifest(site.owner_id, release.digest)
                spec = self._prepare(site, release, layer, deployment, tool, manifest, staging)
                self._run(spec, tool, say, cancelled)
                top = _moved(staging, finished)
                made = self._keep_made(site, release, layer, top, tool, manifest)
            finally:
                discard(staging)
                discard(finished)
        files = len(made)
        say(f"the site is built: {files:,} file{'' if files == 1 else 's'}, {math.ceil(made.total_bytes / 1000):,} kB")
        return made.digest

    def _prepare(self, site: Site, release: Release, layer: str | None, deployment: Deployment, tool: Tool,
                 manifest: Manifest, staging: Path) -> InstanceSpec:
        stage_source(self._settings, staging, site.owner_id, manifest, self._contents, release.root)
        modules = self._modules(site, layer)
        installed: set[str] = set()
        if modules is not None:
            link_packages(staging, modules)
            installed = {path.name for path in (modules / ".bin").glob("*")}
        package = read_package(manifest, self._contents.reader(site.owner_id, manifest))
        command = build_command(package, tool, installed, tuple(release.config.get("build", ())))
        return build_spec((command,), staging, modules, account=site.owner, deployment_id=deployment.id, site=site.name,
                          settings=self._settings, environment={
                              **way_out(os.environ, secrets=False, ca_bundle=self._settings.ca_bundle),
                              **surroundings(tool, staging.parents[1])})

    def _run(self, spec: InstanceSpec, tool: Tool, say: Callable[[str], None],
             cancelled: Callable[[], bool]) -> None:
        say("building: " + " ".join(spec.steps[-1]).removeprefix("node_modules/.bin/"))
        ended = run_to_end(self._driver, spec, lambda text: say(without_places(text, spec.directory)), cancelled,
                           Room(self._settings, spec.directory).check)
        if not ended.well:
            raise StepFailed(explain_build(ended.lines, ended.exit_code, ended.reason, tool.package,
                                           spec.directory, self._settings.build_timeout))

    def _keep_made(self, site: Site, release: Release, layer: str | None, top: Path, tool: Tool,
                   source: Manifest) -> Manifest:
        """Keep what is the site, or the program, of what lies in `top`."""
        if release.is_program:
            found = take_program(top, release.root, tool, release.start, self._modules(site, layer))
        else:
            delete(top / MODULES)
            found = top / find_output(top, release.root, tool, [entry.path for entry in source])
        try:
            return self._keep(site.owner_id, found, public=not release.is_program)
        except (BadInput, TooLarge) as error:
            raise StepFailed(Failure(error.code, f"What the build made cannot be kept: {error.message}",
                                     "Look at what it writes; large media are better kept elsewhere.",
                                     "build")) from error

    def _modules(self, site: Site, layer: str | None) -> Path | None:
        return layer_path(self._settings, site.owner_id, layer) / MODULES if layer else None


def _moved(staging: Path, finished: Path) -> Path:
    """Move the folder to where only the hub can go; what it is can be looked at then.

    Raises `StepFailed` (`folder_gone`) when the build moved or replaced its own folder.
    """
    discard(finished)
    finished.mkdir(mode=0o700)
    top = finished / "site"
    with contextlib.suppress(FileNotFoundError):
        staging.rename(top)
    if top.is_symlink() or not top.is_dir():
        raise StepFailed(Failure("folder_gone", "The build moved, replaced or deleted the folder it ran in.",
                                 "Let it work inside its folder, and write the site to a folder below it.", "build"))
    return top
