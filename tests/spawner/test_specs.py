"""Specifications are pure data: the same question, the same answer, down to the last word."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dialup_ext.domain.account import Account, Role
from dialup_ext.domain.deployment import Deployment
from dialup_ext.domain.instance import InstanceSpec
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Kind, Site, SiteStatus
from dialup_ext.settings import Settings
from dialup_ext.spawner import specs
from dialup_ext.spawner.commands import command_of, served, start_command
from dialup_ext.spawner.journal import check_key
from dialup_ext.spawner.specs import Specifications

HOME = Path("/srv/dialup")
SETTINGS = Settings(HOME, domain="example.org", npm_registry="https://npm.example.org")
GOLDEN = Path(__file__).with_name("golden")
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def made(name: str) -> InstanceSpec:
    return {
        "site": lambda: specs.site_spec("blog", "ana", "d1", HOME / "app", SETTINGS, {"GREETING": "hello"}),
        "static_dev": lambda: specs.static_dev_spec("blog", "ana", "preview-blog-1", HOME / "blog", SETTINGS),
        "nodejs_dev": lambda: specs.nodejs_dev_spec("blog", "ana", "preview-blog-1", HOME / "blog", SETTINGS),
        "lab": lambda: specs.lab_spec("ana", "lab-ana-1", HOME / "homes/ana", SETTINGS, "s3cret",
                                      HOME / "run/labs/ana/hub.sock"),
    }[name]()


def shown(spec: InstanceSpec) -> str:
    text = json.dumps(asdict(spec), indent=2, default=str)
    for script in ("install.js", "develop.js"):
        text = text.replace(json.dumps(specs._script(script)), json.dumps(f"<{script}>"))
    return text + "\n"


@pytest.mark.parametrize("name", ["site", "static_dev", "nodejs_dev", "lab"])
def test_a_specification_is_the_golden_one(name):
    assert shown(made(name)) == (GOLDEN / f"{name}.json").read_text()


@pytest.mark.parametrize("name", ["site", "static_dev", "nodejs_dev", "lab"])
def test_no_step_holds_a_secret_and_every_key_is_one(name):
    spec = made(name)
    assert "s3cret" not in str(spec.steps)
    assert check_key(spec.key) == spec.key
    assert spec.listens


def site(kind: Kind) -> Site:
    return Site("1", "blog", "2", "ana", kind, SiteStatus.NEW, WHEN)


def release(kind: Kind, start: tuple[str, ...] = ()) -> Release:
    return Release("r1", "1", 1, kind, "0" * 64, 1, 1, WHEN, "ana", runs=True, start=start)


def test_the_kind_of_a_site_decides_its_preview():
    make = Specifications(SETTINGS)
    assert make.preview(site(Kind.STATIC), "preview-blog-1", HOME / "blog") == made("static_dev")
    assert make.preview(site(Kind.NODEJS), "preview-blog-1", HOME / "blog") == made("nodejs_dev")
    for kind in (Kind.ASTRO, Kind.NEXT):
        assert make.preview(site(kind), "preview-blog-1", HOME / "blog") == made("nodejs_dev")


def test_files_that_have_to_be_built_are_shown_by_their_builder():
    preview = Specifications(SETTINGS).preview(site(Kind.STATIC), "preview-blog-1", HOME / "blog", "vite")
    assert preview == made("nodejs_dev")


def test_a_preview_trusts_whom_the_machine_trusts():
    preview = Specifications(SETTINGS, "/etc/ssl/extra.pem").preview(site(Kind.ASTRO), "preview-blog-1", HOME / "blog")
    assert preview.environment["NODE_EXTRA_CA_CERTS"] == "/etc/ssl/extra.pem"
    assert [mount.path for mount in preview.mounts if not mount.writable] == [Path("/etc/ssl/extra.pem")]


def test_a_lab_and_a_site_come_from_their_records():
    account = Account("2", "ana", None, Role.USER, WHEN)
    socket = SETTINGS.run / "labs" / "ana" / "hub.sock"
    make = Specifications(SETTINGS)
    assert make.lab(account, "lab-ana-1", "s3cret", HOME / "homes/ana") == specs.lab_spec(
        "ana", "lab-ana-1", HOME / "homes/ana", SETTINGS, "s3cret", socket)
    deployment = Deployment.__new__(Deployment)
    object.__setattr__(deployment, "id", "d1")
    assert make.site(site(Kind.NODEJS), deployment, release(Kind.NODEJS), HOME / "app", {"GREETING": "hello"}) == made("site")


@pytest.mark.parametrize(("kind", "memory", "cpu"), [
    (Kind.NODEJS, 256, 0.25), (Kind.ASTRO, 128, 0.15), (Kind.NEXT, 300, 0.25)])
def test_a_site_has_the_memory_and_the_cpu_of_its_kind(kind, memory, cpu):
    deployment = Deployment.__new__(Deployment)
    object.__setattr__(deployment, "id", "d1")
    spec = Specifications(SETTINGS.with_values(next_memory_mb=300)).site(
        site(kind), deployment, release(kind, ("node", "server.js")), HOME / "app")
    assert (spec.memory_mb, spec.cpu, spec.steps) == (memory, cpu, (("node", "server.js"),))


def test_next_is_told_where_to_listen_by_the_name_it_reads():
    spec = specs.site_spec("blog", "ana", "d1", HOME, SETTINGS, {}, kind=Kind.NEXT, start=("node", "server.js"))
    assert spec.environment["HOSTNAME"] == "{host}"


@pytest.mark.parametrize(("start", "command"), [
    ("node server.js --port {port}", ("node", "server.js", "--port", "{port}")),
    ("npx serve", ("node_modules/.bin/serve",)),
    ("astro preview", ("node_modules/.bin/astro", "preview", "--host", "{host}", "--port", "{port}", "--ignore-lock",
                       "--allowed-hosts", ".example.org")),
    ("vite preview --port 80", ("vite", "preview", "--port", "80")),
    ("./run.sh", ("./run.sh",)),
])
def test_what_dialup_toml_starts_is_told_where_to_listen(tmp_path, start, command):
    (tmp_path / "node_modules/.bin").mkdir(parents=True)
    for name in ("astro", "serve"):
        (tmp_path / "node_modules/.bin" / name).touch()
    assert served(tuple(start.split()), tmp_path, "example.org") == command


def test_the_owner_cannot_make_a_site_believe_it_is_developed():
    spec = specs.site_spec("blog", "ana", "d1", HOME, SETTINGS, {"NODE_ENV": "development"})
    assert spec.environment["NODE_ENV"] == "production"


@pytest.mark.parametrize(("start", "command"), [
    ("node server.js", ("node", "server.js")),
    ("node --enable-source-maps dist/server.mjs --port=80", ("node", "--enable-source-maps", "dist/server.mjs",
                                                             "--port=80")),
    ("next start", ("node_modules/.bin/next", "start")),
    ("astro preview", ("npm", "start")),  # not installed
    ("node", ("npm", "start")),
    ("node a.js && node b.js", ("npm", "start")),
    ("node $FILE", ("npm", "start")),
    ("NODE_ENV=x node a.js", ("npm", "start")),
    ("node 'a b.js'", ("npm", "start")),
    ("node a.js > log", ("npm", "start")),
    ("node a.js\nrm b", ("npm", "start")),
    ("", ("npm", "start")),
])
def test_a_plain_start_script_is_run_without_npm(start, command):
    assert command_of({"scripts": {"start": start}}, {"next"}) == command


def test_hooks_around_start_need_npm():
    assert command_of({"scripts": {"start": "node a.js", "prestart": "x"}}) == ("npm", "start")


@pytest.mark.parametrize(("package", "files", "command"), [
    ({}, {"server.js"}, ("node", "server.js")),
    ({"main": "./app.mjs"}, {"app.mjs", "index.js"}, ("node", "./app.mjs")),
    ({"main": "gone.js"}, {"index.js"}, ("node", "index.js")),
    ({"scripts": []}, set(), ("npm", "start")),
    ({"main": 3, "scripts": {"start": 4}}, set(), ("npm", "start")),
])
def test_without_a_start_script_the_usual_file_is_run(package, files, command):
    assert command_of(package, (), files) == command


@pytest.mark.parametrize("text", ["", "{", "[]", '{"scripts": null}'])
def test_a_broken_package_json_leaves_it_to_npm_to_say_so(tmp_path, text):
    (tmp_path / "package.json").write_text(text)
    assert start_command(tmp_path) == ("npm", "start")
    assert start_command(tmp_path / "gone") == ("npm", "start")
