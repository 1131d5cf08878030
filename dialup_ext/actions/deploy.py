"""Put a release live on its site. Whatever fails, what was live stays live.

A deployment is one durable row that moves through the table of `domain.deployment`. `run` may
be killed anywhere and called again: every step looks at what is already there, and every side
effect is named by the deployment's id. Rolling back, starting a stopped site and restarting it
are deployments too, of a release that is there already.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from pathlib import Path

from dialup_ext.actions.admission import admitted
from dialup_ext.actions.alone import HOLD, make_way
from dialup_ext.actions.context import Context
from dialup_ext.actions.deployment_log import say
from dialup_ext.actions.diagnosis import tail
from dialup_ext.actions.health import patience, wait_until_healthy
from dialup_ext.actions.retire import retire_old_instances, site_key, target_of
from dialup_ext.actions.serve import lead_to_gate, serve_site
from dialup_ext.actions.variables import with_variables
from dialup_ext.actions.wake import wake_site
from dialup_ext.crashpoint import crashpoint
from dialup_ext.domain.deployment import (
    Deployment,
    Failure,
    Status,
    StepCancelled,
    StepFailed,
    step_of,
)
from dialup_ext.domain.instance import Instance, InstanceState
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Site
from dialup_ext.errors import DialupError, NotFound

log = logging.getLogger("dialup")

ATTEMPTS = 3
"""So many times a deployment is begun before it counts as what ended the hub each time."""

ORDER = (Status.QUEUED, Status.BUILDING, Status.STARTING, Status.CHECKING, Status.SWITCHING, Status.LIVE)


def request_deployment(context: Context, site: Site, release: Release, by: str,
                       action: str = "deploy") -> Deployment:
    """Queue it durably and start work on it; returns at once.

    Raises `Conflict` (`deployment_running`), `TooMany` (`queue_full`, `memory_full`, `cpu_full`), or
    `Unavailable` when nothing could be started or nobody would answer the public address.
    """
    context.prepare_ingress()
    if release.runs:
        context.driver.check()
    with admitted(context, site, release):
        deployment = context.deployments.open(release, action, by, context.clock.now(),
                                              most=context.settings.deploys_waiting)
    crashpoint("C2")
    say(context, deployment.id, f"{action} release {release.number} ({release.why or release.kind})")
    context.tell(site.owner_id, "deployment", deployment.id)
    context.tell(site.owner_id, "site", site.name)
    context.workers.background("deploy", run, context, deployment.id)
    return deployment


def run(context: Context, deployment_id: str) -> Deployment:
    """Take the deployment to its end from wherever it stands. Idempotent; blocks.

    While one thread works on it, another call returns at once.
    """
    with context.claim(f"deployment-{deployment_id}") as mine:
        deployment = context.deployments.load(deployment_id)
        if not mine:
            return deployment
        site = context.sites.get(deployment.site_id)
        with context.lock("site", site.name):
            deployment = context.deployments.load(deployment_id)
            if deployment.status.is_final:
                return deployment
            work = _Work(context, site, context.releases.load(deployment.release_id), deployment)
            if work.may_be_tried():
                work.to_the_end()
            else:
                work.fail(_given_up(deployment.status))
            return work.deployment


def cancel(context: Context, deployment: Deployment) -> Deployment:
    """Ask for its end. Raises `Conflict` (`too_late`) once it switches or is over."""
    context.deployments.want_cancel(deployment.id)
    return context.deployments.load(deployment.id)


@dataclass
class _Work:
    """One run over one deployment."""

    context: Context
    site: Site
    release: Release
    deployment: Deployment

    def may_be_tried(self) -> bool:
        """Count the attempt when an earlier hub was interrupted in the last one; False when it was one too many."""
        before, begun = self.deployment, self.context.begun
        if before.status is not Status.QUEUED and before.id not in begun:
            if before.attempt >= ATTEMPTS:
                return False
            self.deployment = self.context.deployments.take_up(before.id)
            self.say(f"the server was interrupted; attempt {self.deployment.attempt} of {ATTEMPTS}")
        begun.add(before.id)
        return True

    def to_the_end(self) -> None:
        """Live, failed or cancelled; an error after the switch undoes nothing."""
        try:
            if self.release.runs or self.release.is_to_be_built:
                self.context.driver.prepare(self.release.runtime, self.say)
            self.wake()
            public, app = self.build()
            instance = self.start(app)
            self.check(instance)
            self.switch(public, instance)
        except StepCancelled:
            self.cancel()
        except StepFailed as error:
            self.fail(error.failure)
        except DialupError as error:
            self.fail(Failure(error.code, error.message, error.hint, step_of(self.deployment.status)))
        except Exception as error:  # noqa: BLE001 - whatever it is, the person is told and the old stays
            self.fail(_unforeseen(error, self.deployment.id, self.deployment.status))
        else:
            self.retire()

    def wake(self) -> None:
        """A build may take minutes, and nobody else may touch the site meanwhile: its visitors get what was live."""
        if self.deployment.action != "deploy" or not self.site.asleep:
            return
        try:
            wake_site(self.context, self.site.id)
        except (StepFailed, DialupError) as error:  # all the more reason for a new one
            self.say(f"the release that was asleep could not be woken: {error}")

    def build(self) -> tuple[Path | None, Path | None]:
        """Dependencies first, then the site itself if it has to be made, then the tree of its files."""
        self.move(Status.BUILDING)
        began = self.context.clock.monotonic()
        layer = self.context.layers.build(self.site, self.release, self.deployment, self.say, self.cancelled)
        if layer and layer != self.release.layer:
            self.context.releases.set_layer(self.release.id, layer)
        if self.release.is_to_be_built:
            built = self.context.builds.build(self.site, self.release, layer, self.deployment, self.say,
                                              self.cancelled)
            self.context.releases.set_built(self.release.id, built)
            self.release = self.context.releases.load(self.release.id)
        digest, root = self.release.served
        manifest = self.context.trees.manifest(self.site.owner_id, digest)
        tree = self.context.trees.materialise(
            self.site.owner, self.site.owner_id, self.site.name, self.release.id, manifest,
            root, layer if self.release.is_program else None, runs=self.release.is_program)
        files = len(manifest)
        self.say("1 file is in place" if files == 1 else f"{files:,} files are in place")
        self.move(Status.STARTING, build_seconds=self.context.clock.monotonic() - began)
        return (None, tree.public) if self.release.in_nginx else (tree.public, tree.app)

    def start(self, app: Path | None) -> Instance | None:
        if not self.release.runs or app is None:
            self.move(Status.CHECKING)
            return None
        self.site = self.context.sites.get(self.site.id)  # the build took its time
        self.context.driver.prepare(self.release.runtime, self.say)  # other tools than the build's, perhaps
        if self.site.volume:
            self.say("visitors wait while the program that runs ends")
            make_way(self.context, self.site, site_key(self.site, self.deployment.id), self.cancelled)
        spec = self.context.specs.site(self.site, self.deployment, self.release, app)
        instance = self.context.driver.start(with_variables(self.context, self.site, spec))
        crashpoint("C7")
        self.say(f"started; it has {patience(self.context, self.release):g} seconds to answer")
        self.move(Status.CHECKING)
        return instance

    def check(self, instance: Instance | None) -> None:
        if instance is not None:
            host = self.site.host(self.context.settings.domain)
            wait_until_healthy(self.context, instance, host, path=self.release.health_path, cancelled=self.cancelled,
                               timeout=patience(self.context, self.release))
            self.say("it answers")
        if self.cancelled():
            raise StepCancelled
        crashpoint("C8")
        self.move(Status.SWITCHING)

    def switch(self, public: Path | None, instance: Instance | None) -> None:
        """One rename; nothing of the configuration of the ingress changes."""
        if instance is not None:
            now = self.context.driver.inspect(instance.key)
            if now is None or now.state is not InstanceState.RUNNING:
                raise StepFailed(Failure("exited", "The program ended just before it went live.",
                                         "The last lines of its log usually say why.", "check",
                                         tail(self.context, instance.key)))
        target = target_of(self.deployment, public, instance, once=self.site.volume)
        self.context.ingress.point(self.site.host(self.context.settings.domain), target)
        self.context.open_gate(self.site.id)
        crashpoint("C11")
        self.move(Status.LIVE)
        crashpoint("C12")

    def retire(self) -> None:
        """The old release finishes its requests, then its instance goes."""
        context = self.context
        context.setbacks.pop(self.site.id, None)
        self.say(f"live at {context.settings.origin(self.site.host(context.settings.domain))}/")
        context.workers.later(context.settings.drain_seconds + 0.1, "driver", retire_old_instances, context,
                              self.site.id)

    def fail(self, failure: Failure) -> None:
        self.say(failure.message)
        self._abandon(Status.FAILED, failure)

    def cancel(self) -> None:
        if self.context.workers.closed.is_set() and not self.context.deployments.is_cancel_wanted(
                self.deployment.id):
            self.context.deployments.put_down(self.deployment.id)
            return  # the hub stops: the queue survives, the next start goes on from here
        self.say("cancelled")
        self._abandon(Status.CANCELLED, None)

    def _abandon(self, status: Status, failure: Failure | None) -> None:
        """Give it up: the address first, if it leads here already, then what runs, then the row."""
        try:
            self.deployment = self.context.deployments.load(self.deployment.id)
        except NotFound:
            return  # the site was removed meanwhile
        if self.deployment.status.is_final:
            return  # it went live after all: only what follows failed
        self._lead_back()
        self.context.driver.stop(site_key(self.site, self.deployment.id), grace=2.0)
        self.context.driver.stop(f"build-{self.deployment.id}", grace=2.0)
        self.deployment = self.context.deployments.move(
            self.deployment.id, status, self.context.clock.now(), failure=failure)
        self._tell()

    def _lead_back(self) -> None:
        """To what was live; where only one program may run, that ends ours and starts the old one again."""
        target = self.context.ingress.target(self.site.host(self.context.settings.domain))
        if target is None or not target.name.startswith((self.deployment.id, HOLD)):
            return
        try:
            serve_site(self.context, self.site.id)
        except (StepFailed, DialupError) as error:  # the rounds try again
            log.warning("%s could not be led back: %s", self.site.name, error)
            lead_to_gate(self.context, self.site, "failed")

    def move(self, to: Status, build_seconds: float | None = None) -> None:
        """Advance, unless an earlier run of this deployment came that far already."""
        if ORDER.index(self.deployment.status) >= ORDER.index(to):
            return
        if to is not Status.LIVE and self.cancelled():
            raise StepCancelled
        self.deployment = self.context.deployments.move(
            self.deployment.id, to, self.context.clock.now(), build_seconds=build_seconds)
        self._tell()

    def cancelled(self) -> bool:
        return (self.context.workers.closed.is_set()
                or self.context.deployments.is_cancel_wanted(self.deployment.id))

    def say(self, line: str) -> None:
        say(self.context, self.deployment.id, line)

    def _tell(self) -> None:
        self.context.feed.publish(f"log:{self.deployment.id}", "status")
        self.context.tell(self.site.owner_id, "deployment", self.deployment.id)
        self.context.tell(self.site.owner_id, "site", self.site.name)


def _given_up(status: Status) -> Failure:
    return Failure("interrupted", f"The server ended {ATTEMPTS} times while it worked on this deployment, "
                                  "so it is not tried again.",
                   "Deploy again. If it happens again, tell your admin: the server's own log says why it ended.",
                   step_of(status))


def _unforeseen(error: Exception, deployment_id: str, status: Status) -> Failure:
    reference = secrets.token_hex(4)
    log.error("deployment %s failed unexpectedly [%s]", deployment_id, reference, exc_info=error)
    return Failure("internal", f"Something went wrong on the server (reference {reference}).",
                   "Try again; if it stays, give the reference to your admin.", step_of(status))
