"""What is taken of a build that made a program: all it needs, nothing of its packages, no link followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialup_ext.build import program
from dialup_ext.build.program import take_program
from dialup_ext.build.tools import find_tool
from dialup_ext.domain.deployment import StepFailed

NEXT, ASTRO = find_tool("next"), find_tool("astro")
ROOT, SERVER = ".next/standalone", ("node", "server.js")


def laid(top: Path, *paths: str) -> Path:
    for path in paths:
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(path)
    return top


def paths(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() or path.is_symlink()}


@pytest.mark.parametrize("depth", ["", "staging/d1/"])
def test_of_next_its_own_tree_is_taken_with_what_its_pages_load(tmp_path, depth):
    top = laid(tmp_path, f"{ROOT}/{depth}server.js", f"{ROOT}/{depth}.next/BUILD_ID", f"{ROOT}/{depth}node_modules/next/index.js",
               f"{ROOT}/node_modules/react/server.js", ".next/static/a.css", ".next/cache/big", "public/robots.txt",
               "app/page.js", "node_modules/next/index.js")
    assert paths(take_program(top, ROOT, NEXT, SERVER, None)) == {
        "server.js", ".next/BUILD_ID", ".next/static/a.css", "public/robots.txt"}


def test_a_package_that_next_left_outside_comes_from_the_sealed_layer(tmp_path):
    modules = laid(tmp_path / "layer", "sharp/index.js", "@scope/db/index.js").resolve()
    top = laid(tmp_path / "site", f"{ROOT}/server.js", f"{ROOT}/.next/BUILD_ID", f"{ROOT}/.next/node_modules/@scope/x")
    left = top / ROOT / ".next/node_modules"
    (left / "sharp-6d23").symlink_to("../../../../../layers/k/node_modules/sharp")
    (left / "@scope/db-77aa").symlink_to("../../../../../../layers/k/node_modules/@scope/db")
    found = take_program(top, ROOT, NEXT, SERVER, modules) / ".next/node_modules"
    assert (found / "sharp-6d23/index.js").read_text() == "sharp/index.js"
    assert (found / "@scope/db-77aa/index.js").is_file()
    assert not any(path.is_symlink() for path in found.rglob("*"))


def test_a_thousand_links_to_one_large_package_fill_no_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(program, "MAX_BYTES", 200_000)
    modules = laid(tmp_path / "layer", "sharp/index.js")
    (modules / "sharp/large.node").write_bytes(b"x" * 60_000)
    top = laid(tmp_path / "site", f"{ROOT}/server.js", f"{ROOT}/.next/node_modules/x/y.js")
    for number in range(1000):
        (top / ROOT / f".next/node_modules/sharp-{number}").symlink_to("../../../x/node_modules/sharp")
    with pytest.raises(StepFailed) as failed:
        take_program(top, ROOT, NEXT, SERVER, modules)
    assert failed.value.failure.code == "build_too_large"
    assert len(list((top / ROOT).rglob("large.node"))) <= 3


@pytest.mark.parametrize("target", ["/etc", "../../../../../../../etc", "../../x/node_modules/..", "../../x/node_modules/../../etc",
                                    "../../x/node_modules/nowhere"])
def test_a_link_that_says_anything_else_brings_nothing(tmp_path, target):
    modules = laid(tmp_path / "layer", "sharp/index.js")
    top = laid(tmp_path / "site", f"{ROOT}/server.js", f"{ROOT}/.next/node_modules/x/y.js")
    (top / ROOT / ".next/node_modules/evil").symlink_to(target)
    assert paths(take_program(top, ROOT, NEXT, SERVER, modules)) == {"server.js", ".next/node_modules/x/y.js"}


@pytest.mark.parametrize("link", [".next", ROOT, f"{ROOT}/.next", f"{ROOT}/server.js"])
def test_a_tree_made_of_links_is_no_program(tmp_path, link):
    real = laid(tmp_path / "real", "standalone/server.js", "standalone/.next/BUILD_ID", "server.js", ".next/BUILD_ID")
    top = laid(tmp_path / "site", f"{ROOT}/server.js", f"{ROOT}/.next/BUILD_ID")
    path = top / link
    path.rename(tmp_path / "away")
    path.symlink_to(real)
    with pytest.raises(StepFailed) as failed:
        take_program(top, ROOT, NEXT, SERVER, None)
    assert failed.value.failure.code == "no_output"
    assert paths(real) == {"standalone/server.js", "standalone/.next/BUILD_ID", "server.js", ".next/BUILD_ID"}


def test_public_files_behind_a_link_stay_where_they_are(tmp_path):
    secret = laid(tmp_path / "secret", "shadow")
    top = laid(tmp_path / "site", f"{ROOT}/server.js", f"{ROOT}/.next/BUILD_ID")
    (top / "public").symlink_to(secret)
    assert "public/shadow" not in paths(take_program(top, ROOT, NEXT, SERVER, None))
    assert (secret / "shadow").is_file()


def test_of_everybody_else_the_whole_folder_is_the_program(tmp_path):
    top = laid(tmp_path, "dist/server/entry.mjs", "dist/client/a.css", "package.json", "lib/x.js", "node_modules/astro/a.js",
               ".astro/types.d.ts", ".env.example")
    assert paths(take_program(top, "dist", ASTRO, ("node", "./dist/server/entry.mjs"), None)) == {
        "dist/server/entry.mjs", "dist/client/a.css", "package.json", "lib/x.js", ".env.example"}


def test_a_build_that_did_not_make_what_is_started_says_so(tmp_path):
    with pytest.raises(StepFailed) as failed:
        take_program(laid(tmp_path, "dist/index.html"), "dist", ASTRO, ("node", "./dist/server/entry.mjs"), None)
    assert "dist/server/entry.mjs" in failed.value.failure.message
