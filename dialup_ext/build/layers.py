"""Runs the build of a dependency layer: plan, stage, install in a throw-away instance, seal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from typing import BinaryIO

from dialup_ext.build.failure import explain_failure
from dialup_ext.build.layer import discard, is_sealed, layer_path, layer_spec, stage, sweep_layers, trim_cache
from dialup_ext.build.plan import BuildPlan, plan
from dialup_ext.build.sealing import seal
from dialup_ext.domain.deployment import Deployment, StepCancelled, StepFailed
from dialup_ext.domain.instance import Instance, InstanceState
from dialup_ext.domain.manifest import Manifest
from dialup_ext.domain.ports import Driver
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Site
from dialup_ext.settings import Settings

LOOK = 0.5
"""Seconds between two looks at a running build's log."""


class Layers:
    """Builds layers, `builds_at_once` at a time; the rest waits its turn."""

    def __init__(self, settings: Settings, driver: Driver, *, manifest: Callable[[str, str], Manifest],
                 content: Callable[[str, str], BinaryIO]) -> None:
        self._settings = settings
        self._driver = driver
        self._manifest = manifest
        self._content = content
        self._turns = threading.Semaphore(settings.builds_at_once)

    def build(self, site: Site, release: Release, deployment: Deployment, say: Callable[[str], None],
              cancelled: Callable[[], bool]) -> str | None:
        """The key of the release's sealed layer, built if it is not there; None when it needs none.

        Idempotent: the instance is named by the deployment, a sealed layer is adopted. Raises
        `StepFailed` with npm's cause in words, `StepCancelled`.
        """
        if not release.kind.runs:
            return None
        wanted = self._plan(site, release)
        if not wanted.needs_dependencies:
            return None
        final = layer_path(self._settings, site.owner_id, wanted.layer_key)
        if is_sealed(final):
            say("dependencies are installed already")
            return wanted.layer_key
        self._wait_for_turn(say, cancelled)
        try:
            self._install(site, deployment, wanted, say, cancelled)
        finally:
            self._turns.release()
        return wanted.layer_key

    def sweep(self, keep: Mapping[str, Collection[str]]) -> int:
        """Delete layers no release uses and nobody used for a day; `keep`: account id to layer keys."""
        return sweep_layers(self._settings, keep)

    def _plan(self, site: Site, release: Release) -> BuildPlan:
        manifest = self._manifest(site.owner_id, release.digest)

        def read(path: str) -> bytes:
            entry = manifest.get(path)
            if entry is None:
                raise FileNotFoundError(path)
            with self._content(site.owner_id, entry.sha256) as file:
                return file.read()

        return plan(manifest, read)

    def _wait_for_turn(self, say: Callable[[str], None], cancelled: Callable[[], bool]) -> None:
        if self._turns.acquire(blocking=False):
            return
        say("waiting for another build to finish")
        while not self._turns.acquire(timeout=LOOK):
            if cancelled():
                raise StepCancelled

    def _install(self, site: Site, deployment: Deployment, wanted: BuildPlan, say: Callable[[str], None],
                 cancelled: Callable[[], bool]) -> None:
        key = f"build-{deployment.id}"
        self._driver.stop(key)  # what an earlier attempt left; its folder is made anew
        staging = stage(self._settings, site.owner_id, deployment.id, wanted)
        spec = layer_spec(wanted, staging, account=site.owner, account_id=site.owner_id,
                          deployment_id=deployment.id, settings=self._settings, site=site.name)
        say("installing dependencies: " + " ".join(spec.steps[-1]))
        try:
            self._driver.start(spec)
            ended, lines = self._follow(key, say, cancelled)
            if ended.exit_code != 0 or ended.reason:
                raise StepFailed(explain_failure(lines, ended.exit_code, ended.reason))
            seal(staging, layer_path(self._settings, site.owner_id, wanted.layer_key))
            say("dependencies are installed")
        finally:
            self._driver.stop(key, grace=1.0)
            discard(staging)
            trim_cache(self._settings, site.owner_id)

    def _follow(self, key: str, say: Callable[[str], None], cancelled: Callable[[], bool]
                ) -> tuple[Instance, list[str]]:
        """Pass its output on until it ends; the lines too, for the failure card."""
        offset, rest, lines = 0, b"", [""]
        while True:
            now = self._driver.wait(key, LOOK)
            chunk = self._driver.log(key, offset)
            offset = chunk.next_offset
            *whole, rest = (rest + chunk.data).split(b"\n")
            rest = rest[-8192:]
            if whole:
                text = [line.decode("utf-8", "replace") for line in whole]
                lines = (lines + text)[-400:]
                say("\n".join(text))
            if now.state is InstanceState.EXITED and not chunk.data:
                return now, lines
            if cancelled():
                raise StepCancelled
