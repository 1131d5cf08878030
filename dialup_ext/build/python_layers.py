"""Runs the build of a layer of Python packages: plan, stage, pip in a throw-away instance, seal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dialup_ext.build.attempt import run_to_end
from dialup_ext.build.contents import Contents
from dialup_ext.build.layer import discard, is_sealed, layer_path, staging_path
from dialup_ext.build.python_failure import explain_pip
from dialup_ext.build.python_layer import PACKAGES, pip_cache, python_layer_spec, stage_python
from dialup_ext.build.python_plan import PythonPlan, python_plan
from dialup_ext.build.room import Room, written
from dialup_ext.build.sealing import delete, seal
from dialup_ext.build.turns import Turns
from dialup_ext.domain.deployment import Deployment, Failure, StepFailed
from dialup_ext.domain.ports import Driver
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Site
from dialup_ext.errors import BadInput, TooLarge
from dialup_ext.settings import Settings


class PythonLayers:
    """Builds layers with pip; who waits for a turn is up to `turns`."""

    def __init__(self, settings: Settings, driver: Driver, contents: Contents, turns: Turns) -> None:
        self._settings = settings
        self._driver = driver
        self._contents = contents
        self._turns = turns

    def build(self, site: Site, release: Release, deployment: Deployment, say: Callable[[str], None],
              cancelled: Callable[[], bool]) -> str | None:
        """The key of the release's sealed layer, built if it is not there; None when it needs none.

        Idempotent: the instance is named by the deployment, a sealed layer is adopted. Raises
        `StepFailed` with pip's cause in words, `StepCancelled`.
        """
        wanted = self._plan(site, release)
        if not wanted.needs_dependencies:
            return None
        if is_sealed(layer_path(self._settings, site.owner_id, wanted.layer_key)):
            say("packages are installed already")
            return wanted.layer_key
        with self._turns.taken(site.owner_id, say, cancelled):
            self._install(site, release, deployment, wanted, say, cancelled)
        return wanted.layer_key

    def _plan(self, site: Site, release: Release) -> PythonPlan:
        manifest = self._contents.manifest(site.owner_id, release.digest)
        try:
            return python_plan(manifest, self._contents.reader(site.owner_id, manifest), release.start,
                               python=self._driver.python(release.runtime),
                               from_source=release.config.get("scripts") is True)
        except BadInput as error:
            raise StepFailed(Failure(error.code, error.message, error.hint, "build")) from error

    def _install(self, site: Site, release: Release, deployment: Deployment, wanted: PythonPlan,
                 say: Callable[[str], None], cancelled: Callable[[], bool]) -> None:
        final = layer_path(self._settings, site.owner_id, wanted.layer_key)
        if is_sealed(final):  # somebody else was quicker while we waited
            return
        self._driver.stop(f"build-{deployment.id}")  # what an earlier attempt left; its folder is made anew
        staging = stage_python(self._settings, site.owner_id, deployment.id, wanted)
        spec = python_layer_spec(wanted, staging, release.runtime, account=site.owner,
                                 account_id=site.owner_id, deployment_id=deployment.id, settings=self._settings,
                                 site=site.name)
        say(f"installing packages: {wanted.requirements.source or 'its server'}")
        try:
            ended = run_to_end(self._driver, spec, say, cancelled, Room(self._settings, staging).check)
            if not ended.well:
                raise StepFailed(explain_pip(ended.lines, ended.exit_code, ended.reason, wanted.requirements.source))
            _seal(staging, final)
            say("packages are installed")
        finally:
            discard(staging)
            trim_pip_cache(self._settings, site.owner_id)


def trim_pip_cache(settings: Settings, account_id: str) -> None:
    """Delete an account's pip cache once it is over `cache_max_mb`; the next build fills it again.

    Does nothing while a build of the account has a folder.
    """
    cache = pip_cache(settings, account_id)
    if not cache.is_dir() or any(staging_path(settings, account_id, "any").parent.glob("*")):
        return
    if written(cache) > settings.cache_max_mb << 20:
        delete(cache)


def _seal(staging: Path, final: Path) -> None:
    try:
        seal(staging, final, PACKAGES)
    except TooLarge as error:
        raise StepFailed(Failure(error.code, error.message, "Remove packages the site does not need from its "
                                 "requirements; a smaller one may do the same.", "build")) from error
