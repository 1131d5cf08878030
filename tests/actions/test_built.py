"""A release that was built: once, for every rollback and restart; kept and collected with its release."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dialup_ext.actions.deploy import request_deployment, run
from dialup_ext.actions.prune import prune
from dialup_ext.actions.reconcile import reconcile
from dialup_ext.actions.sites import rollback
from dialup_ext.domain.account import Account
from dialup_ext.domain.deployment import Deployment, Failure, Status, StepFailed
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Kind, Site
from dialup_ext.releases.collect import collect
from dialup_ext.releases.manifests import ManifestStore
from dialup_ext.testing.hub import Bench
from dialup_ext.testing.installation import wait_until

LONG_AGO = 3 * 24 * 3600.0


class Builds:
    """Instead of a tool: makes one page of the words in `words.txt`; everything after that is real."""

    bench: Bench

    def __init__(self, folder: Path) -> None:
        self.folder, self.built = folder, 0
        self.failing = False

    def build(self, site: Site, release: Release, *_: object) -> str:
        if self.failing:
            raise StepFailed(Failure("syntax_error", "no", "mend it", "build"))
        self.built += 1
        manifest = self.bench.context.trees.manifest(site.owner_id, release.digest)
        words = manifest.get("words.txt")
        assert words is not None
        with self.bench.context.uploads.open(site.owner_id, words.sha256) as file:
            (self.folder / "index.html").write_text(f"<h1>{file.read().decode()}</h1>")
        return collect(self.bench.settings, lambda *_: None, site.owner_id, self.folder).digest


@pytest.fixture
def builds(tmp_path: Path) -> Builds:
    folder = tmp_path / "made"
    folder.mkdir()
    return Builds(folder)


@pytest.fixture
def bench(tmp_path: Path, builds: Builds) -> Iterator[Bench]:
    bench = Bench(tmp_path / "home", builds=builds, releases_kept=2)
    builds.bench = bench
    yield bench
    bench.close()


@pytest.fixture
def ana(bench: Bench) -> Account:
    return bench.account()


@pytest.fixture
def site(bench: Bench, ana: Account) -> Site:
    return bench.site(ana)


def source(bench: Bench, ana: Account, site: Site, words: str) -> Release:
    package = {"scripts": {"build": "astro build"}, "dependencies": {"astro": "^7"}}
    return bench.upload(ana, site, {"package.json": json.dumps(package), "words.txt": words})


def deploy(bench: Bench, site: Site, release: Release) -> Deployment:
    return ended(bench, request_deployment(bench.context, bench.context.sites.get(site.id), release, "ana"))


def ended(bench: Bench, deployment: Deployment) -> Deployment:
    wait_until(lambda: bench.context.deployments.load(deployment.id).status.is_final)
    return bench.context.deployments.load(deployment.id)


def page(bench: Bench, site: Site) -> str:
    target = bench.ingress.target(site.host(bench.settings.domain))
    assert target is not None and target.public is not None
    return (target.public / "index.html").read_text()


def test_what_is_served_is_what_was_built_and_only_that(bench: Bench, ana: Account, site: Site, builds: Builds) -> None:
    release = source(bench, ana, site, "hello")
    assert (release.kind, release.builder, release.root) == (Kind.ASTRO, "astro", "dist")
    assert deploy(bench, site, release).status is Status.LIVE
    assert page(bench, site) == "<h1>hello</h1>"
    target = bench.ingress.target(site.host(bench.settings.domain))
    assert target is not None and target.public is not None
    assert [path.name for path in target.public.iterdir()] == ["index.html"]
    assert bench.context.sites.get(site.id).kind is Kind.ASTRO


def test_going_back_and_starting_again_build_nothing(bench: Bench, ana: Account, site: Site, builds: Builds) -> None:
    for words in ("one", "two"):
        deploy(bench, site, source(bench, ana, site, words))
    assert builds.built == 2
    ended(bench, rollback(bench.context, bench.context.sites.get(site.id), "ana"))
    assert page(bench, site) == "<h1>one</h1>"
    bench.again()
    reconcile(bench.context)
    deploy(bench, site, source(bench, ana, site, "two"))  # the same content is the same release
    assert page(bench, site) == "<h1>two</h1>"
    assert builds.built == 2


def test_a_build_that_failed_is_tried_again(bench: Bench, ana: Account, site: Site, builds: Builds) -> None:
    release = source(bench, ana, site, "hello")
    builds.failing = True
    assert deploy(bench, site, release).status is Status.FAILED
    builds.failing = False
    assert deploy(bench, site, release).status is Status.LIVE
    assert page(bench, site) == "<h1>hello</h1>"


def test_a_deployment_taken_up_after_its_build_does_not_build_again(bench: Bench, ana: Account, site: Site,
                                                                    builds: Builds) -> None:
    release = source(bench, ana, site, "hello")
    bench.context.releases.set_built(release.id, builds.build(site, release))
    opened = bench.context.deployments.open(release, "deploy", "ana", bench.clock.now(), most=20)
    bench.again()
    assert run(bench.context, opened.id).status is Status.LIVE
    assert builds.built == 1


def test_what_was_built_stays_with_its_release_and_goes_with_it(bench: Bench, ana: Account, site: Site) -> None:
    for words in ("one", "two", "three"):
        deploy(bench, site, source(bench, ana, site, words))
    store = bench.settings.home / "store" / ana.id
    built = {release.number: str(release.built) for release in bench.context.releases.list(site.id)}
    then = time.time() - LONG_AGO
    for path in store.rglob("*"):
        os.utime(path, (then, then))

    prune(bench.context)

    assert [release.number for release in bench.context.releases.list(site.id)] == [3, 2]
    for number in (2, 3):
        assert ManifestStore(store).load(built[number]).get("index.html")
    assert not (store / "manifests" / f"{built[1]}.json").exists()
    assert len(list((store / "blobs").glob("*/*"))) == 5  # one package.json, two texts, two pages
    ended(bench, rollback(bench.context, bench.context.sites.get(site.id), "ana"))
    assert page(bench, site) == "<h1>two</h1>"


def test_the_bytes_of_what_was_built_are_counted(bench: Bench, ana: Account, site: Site) -> None:
    release = source(bench, ana, site, "hello")
    before = bench.context.uploads.stored.of_account(ana.id)
    deploy(bench, site, release)
    prune(bench.context)
    size = len("<h1>hello</h1>")
    assert bench.context.uploads.stored.of_account(ana.id) == before + size
    assert bench.context.sites.get(site.id).storage_bytes == release.size_bytes + size
