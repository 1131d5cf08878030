"""Runs the build of a dependency layer: plan, stage, install in a throw-away instance, seal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from dialup_ext.build.attempt import run_to_end
from dialup_ext.build.contents import Contents
from dialup_ext.build.failure import explain_failure
from dialup_ext.build.layer import (
    discard,
    is_sealed,
    layer_path,
    layer_spec,
    scripts_spec,
    stage,
    sweep_layers,
    trim_cache,
)
from dialup_ext.build.plan import BuildPlan, plan
from dialup_ext.build.python_layers import PythonLayers
from dialup_ext.build.room import Room
from dialup_ext.build.sealing import seal
from dialup_ext.build.turns import Turns
from dialup_ext.domain.deployment import Deployment, Failure, StepFailed
from dialup_ext.domain.ports import Driver
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Kind, Site
from dialup_ext.settings import Settings


class Layers:
    """Builds layers; who waits for a turn is up to `turns`."""

    def __init__(self, settings: Settings, driver: Driver, contents: Contents, turns: Turns) -> None:
        self._settings = settings
        self._driver = driver
        self._contents = contents
        self._turns = turns
        self._python = PythonLayers(settings, driver, contents, turns)

    def build(self, site: Site, release: Release, deployment: Deployment, say: Callable[[str], None],
              cancelled: Callable[[], bool]) -> str | None:
        """The key of the release's sealed layer, built if it is not there; None when it needs none.

        A release that is built gets its tools too, and runs with the same layer if it runs: that is one
        for both. One whose build made files needs nothing more.
        Idempotent: the instance is named by the deployment, a sealed layer is adopted. Raises
        `StepFailed` with npm's cause in words, `StepCancelled`.
        """
        if not (release.is_program or release.is_to_be_built):
            return release.layer
        if release.kind in (Kind.PYTHON, Kind.NOTEBOOK):
            return self._python.build(site, release, deployment, say, cancelled)
        manifest = self._contents.manifest(site.owner_id, release.digest)
        wanted = plan(manifest, self._contents.reader(site.owner_id, manifest), tools=bool(release.builder),
                      scripts=_allowed(release))
        if not wanted.needs_dependencies:
            return None
        if is_sealed(layer_path(self._settings, site.owner_id, wanted.layer_key)):
            say("dependencies are installed already")
            return wanted.layer_key
        with self._turns.taken(site.owner_id, say, cancelled):
            self._install(site, deployment, wanted, say, cancelled)
        return wanted.layer_key

    def sweep(self, keep: Mapping[str, Collection[str]]) -> int:
        """Delete layers no release uses and nobody used for a day; `keep`: account id to layer keys."""
        return sweep_layers(self._settings, keep)

    def _install(self, site: Site, deployment: Deployment, wanted: BuildPlan, say: Callable[[str], None],
                 cancelled: Callable[[], bool]) -> None:
        final = layer_path(self._settings, site.owner_id, wanted.layer_key)
        if is_sealed(final):  # somebody else was quicker while we waited
            return
        self._driver.stop(f"build-{deployment.id}")  # what an earlier attempt left; its folder is made anew
        staging = stage(self._settings, site.owner_id, deployment.id, wanted)
        spec = layer_spec(wanted, staging, account=site.owner, account_id=site.owner_id,
                          deployment_id=deployment.id, settings=self._settings, site=site.name)
        say("installing dependencies: " + " ".join(spec.steps[-1]))
        try:
            ended = run_to_end(self._driver, spec, say, cancelled)
            if not ended.well:
                raise StepFailed(explain_failure(ended.lines, ended.exit_code, ended.reason))
            if wanted.scripts:
                self._run_scripts(site, deployment, wanted, staging, say, cancelled)
            seal(staging, final)
            say("dependencies are installed")
        finally:
            discard(staging)
            trim_cache(self._settings, site.owner_id)

    def _run_scripts(self, site: Site, deployment: Deployment, wanted: BuildPlan, staging: Path,
                     say: Callable[[str], None], cancelled: Callable[[], bool]) -> None:
        """What dialup.toml allows, once all packages are there. Raises `StepFailed` (`scripts_failed`)."""
        whose = "all packages" if wanted.scripts is True else " and ".join(wanted.scripts or ())
        say(f"running the install scripts of {whose}, as dialup.toml allows")
        spec = scripts_spec(wanted, staging, account=site.owner, deployment_id=deployment.id, settings=self._settings,
                            site=site.name)
        ended = run_to_end(self._driver, spec, say, cancelled, Room(self._settings, staging).check)
        if not ended.well:
            found = explain_failure(ended.lines, ended.exit_code, ended.reason)
            if found.code == "build_failed":
                found = Failure("scripts_failed", f"The install scripts of {whose} failed.", "The last lines of the log "
                                "usually say why. They run with Node alone: no compiler, no Python.", "build", found.log_tail)
            raise StepFailed(found)


def _allowed(release: Release) -> bool | tuple[str, ...]:
    """The packages whose scripts may run, as the checked dialup.toml of the release says."""
    said = release.config.get("scripts") or ()
    return said is True or tuple(said)
