"""A Node preview installs what is missing and starts the tool where it was told to."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest

from dialup_ext.domain.instance import InstanceState
from dialup_ext.spawner.specs import nodejs_dev_spec

SERVER = """#!/usr/bin/env node
console.log(process.argv.slice(2).join(' '));
require('http').createServer((q, a) => a.end(JSON.stringify(
  {argv: process.argv.slice(2), env: process.env.NODE_ENV, hosts: process.env.__VITE_ADDITIONAL_SERVER_ALLOWED_HOSTS})))
  .listen(process.env.PORT, process.env.HOST);
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A site whose tool is a package in a folder beside it: nothing comes over the network."""
    tool = tmp_path / "tool"
    tool.mkdir()
    names = ("vite", "astro", "next")
    (tool / "package.json").write_text(json.dumps(
        {"name": "tool", "version": "1.0.0", "bin": dict.fromkeys(names, "serve.js")}))
    (tool / "serve.js").write_text(SERVER)
    (tool / "serve.js").chmod(0o755)
    folder = tmp_path / "blog"
    folder.mkdir()
    return folder


def write(workspace: Path, **scripts: str) -> None:
    (workspace / "package.json").write_text(json.dumps(
        {"name": "blog", "private": True, "scripts": scripts, "dependencies": {"tool": "file:../tool"}}))


def start(driver, settings, workspace, until, key="preview-blog-1"):
    instance = driver.start(nodejs_dev_spec("blog", "ana", key, workspace, settings))
    until(lambda: driver.listening(key) == [instance.address]
          or driver.inspect(key).state is InstanceState.EXITED, 60)
    assert driver.listening(key), driver.log(key).data.decode()
    with urllib.request.urlopen(f"http://{instance.address}/", timeout=20) as answer:
        return json.load(answer), instance.address.rpartition(":")[2]


@pytest.mark.parametrize(("script", "words"), [
    ("vite", "--host 127.0.0.1 --port {}"),
    ("vite dev --open false", "dev --open false --host 127.0.0.1 --port {}"),
    ("npx astro dev", "dev --host 127.0.0.1 --port {} --ignore-lock"),
    ("next dev", "dev --hostname 127.0.0.1 --port {}"),
    ("node ../tool/serve.js", ""),
    ("echo one && vite", ""),
])
def test_the_tool_is_told_its_address_in_its_own_words(driver, settings, workspace, until, script, words):
    write(workspace, dev=script)
    (workspace / "node_modules" / ".bin").mkdir(parents=True)
    for name in ("vite", "astro", "next"):
        (workspace / "node_modules" / ".bin" / name).symlink_to(workspace.parent / "tool" / "serve.js")
    (workspace / "node_modules" / ".dialup-installed").touch()
    told, port = start(driver, settings, workspace, until)
    assert " ".join(told["argv"]) == words.format(port)
    assert told["env"] == "development"
    assert told["hosts"] == ".dialup.localhost"


def test_packages_are_installed_once_and_again_when_they_changed(driver, settings, workspace, until):
    write(workspace, dev="vite")
    start(driver, settings, workspace, until)
    assert (workspace / "node_modules" / ".bin" / "vite").exists()
    mark = (workspace / "node_modules" / ".dialup-installed").stat().st_mtime_ns
    driver.stop("preview-blog-1", grace=0)

    start(driver, settings, workspace, until, "preview-blog-2")
    assert b"installing" not in driver.log("preview-blog-2").data
    driver.stop("preview-blog-2", grace=0)

    write(workspace, dev="vite", lint="none")
    start(driver, settings, workspace, until, "preview-blog-3")
    assert (workspace / "node_modules" / ".dialup-installed").stat().st_mtime_ns > mark


def test_no_wrapper_stays_behind(driver, settings, workspace, until):
    write(workspace, dev="vite")
    start(driver, settings, workspace, until)
    assert driver.usage("preview-blog-1").processes == 1


@pytest.mark.parametrize(("package", "words"), [
    (None, "there is no package.json here"),
    ({"name": "x"}, "neither a “dev” nor a “start” script"),
])
def test_a_folder_that_cannot_be_developed_says_why(driver, settings, workspace, package, words):
    if package:
        (workspace / "package.json").write_text(json.dumps(package))
    driver.start(nodejs_dev_spec("blog", "ana", "preview-blog-1", workspace, settings))
    assert driver.wait("preview-blog-1", 60).exit_code == 1
    assert words in driver.log("preview-blog-1").data.decode()
