"""The key of a layer: the same when npm would be shown the same, different otherwise."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from dialup_ext.build.plan import plan
from dialup_ext.domain.manifest import FileEntry, Manifest
from dialup_ext.errors import BadInput

PACKAGE = {"name": "blog", "scripts": {"start": "node ."}, "dependencies": {"ws": "^8.18.0"}}


def planned(package: dict[str, Any], lock: bytes | None = None, **more):
    files = {"package.json": json.dumps(package).encode(), "server.js": b"secret()"}
    if lock is not None:
        files["package-lock.json"] = lock
    manifest = Manifest(FileEntry(path, len(data), hashlib.sha256(data).hexdigest())
                        for path, data in files.items())
    return plan(manifest, files.__getitem__, **more)


def test_without_dependencies_nothing_is_installed():
    packages: list[dict[str, Any]] = [
        {}, {"dependencies": {}}, {"devDependencies": {"vite": "^8"}}, {"dependencies": "nonsense"}]
    assert not any(planned(package).needs_dependencies for package in packages)


@pytest.mark.parametrize("field", ["dependencies", "optionalDependencies"])
def test_with_dependencies_something_is(field):
    assert planned({field: {"ws": "^8"}}).needs_dependencies


def test_the_lock_file_is_used_when_there_is_one():
    assert planned(PACKAGE).lock is None
    found = planned(PACKAGE, b"{}")
    assert (found.lock, found.lock_file) == ("package-lock.json", b"{}")


def test_npm_is_shown_neither_scripts_nor_anything_else_of_the_site():
    assert json.loads(planned(PACKAGE | {"config": {"x": 1}, "bin": "x"}).package) == {
        "name": "blog", "dependencies": {"ws": "^8.18.0"}}


def test_releases_that_install_the_same_share_a_layer():
    again = planned(PACKAGE | {"scripts": {"start": "node other.js"}, "description": "new", "name": "other"})
    assert again.layer_key == planned(PACKAGE).layer_key
    assert planned(PACKAGE, b"{}").layer_key == planned(PACKAGE | {"scripts": {}}, b"{}").layer_key


def test_two_sites_of_one_template_share_their_packages_and_a_changed_one_does_not():
    def lock(name, **packages):
        return json.dumps({"name": name, "lockfileVersion": 3, "packages": {"": {"name": name}, **packages}}).encode()

    one = planned(PACKAGE | {"name": "one", "version": "1.0.0"}, lock("one", a={"version": "1"}))
    assert planned(PACKAGE | {"name": "two"}, lock("two", a={"version": "1"})).layer_key == one.layer_key
    assert planned(PACKAGE | {"name": "one"}, lock("one", a={"version": "2"})).layer_key != one.layer_key


def test_whatever_could_change_the_result_changes_the_key():
    keys = {one.layer_key for one in [
        planned(PACKAGE), planned(PACKAGE, b"{}"), planned(PACKAGE, b"{ }"),
        planned(PACKAGE | {"dependencies": {"ws": "^8.18.1"}}), planned(PACKAGE | {"overrides": {"ws": "8"}}),
        planned(PACKAGE, platform_name="linux-x86_64-musl"), planned(PACKAGE, node_major=24)]}
    assert len(keys) == 7
    assert all(len(key) == 64 for key in keys)


@pytest.mark.parametrize("version", ["file:../x", "link:x", "workspace:*", "./x", "../x", "/x", "~/x"])
def test_a_dependency_in_a_folder_is_refused_by_name(version):
    with pytest.raises(BadInput) as refusal:
        planned({"dependencies": {"mine": version}})
    assert refusal.value.code == "local_dependency"
    assert "mine" in refusal.value.message


def test_a_tilde_version_is_no_folder():
    assert planned({"dependencies": {"ws": "~8.18.0"}}).needs_dependencies


def test_workspaces_are_refused():
    with pytest.raises(BadInput) as refusal:
        planned(PACKAGE | {"workspaces": ["packages/*"]})
    assert refusal.value.code == "workspaces"
