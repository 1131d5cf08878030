"""What a build leaves behind is not believed: only plain files and links that stay inside get through."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dialup_ext.build import sealing
from dialup_ext.build.layer import cache_path, layer_path, stage, sweep_layers, trim_cache
from dialup_ext.build.plan import BuildPlan
from dialup_ext.build.sealing import delete, seal, stays_inside
from dialup_ext.errors import NoSpace, TooLarge
from dialup_ext.settings import Settings


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    modules = tmp_path / "staging" / "node_modules"
    (modules / ".bin").mkdir(parents=True)
    (modules / "ws" / "lib").mkdir(parents=True)
    (modules / "ws" / "index.js").write_text("module.exports = 1")
    (modules / "ws" / "cli.js").write_text("#!/usr/bin/env node")
    (modules / "ws" / "cli.js").chmod(0o4775)
    (modules / ".bin" / "ws").symlink_to("../ws/cli.js")
    return tmp_path / "staging"


@pytest.fixture
def final(tmp_path: Path) -> Path:
    return tmp_path / "layers" / "key"


def names(top: Path) -> set[str]:
    return {str(path.relative_to(top)) for path in top.rglob("*")}


def test_a_sealed_layer_holds_the_packages_read_only(staging, final):
    seal(staging, final)
    modules = final / "node_modules"
    assert names(modules) == {".bin", ".bin/ws", "ws", "ws/lib", "ws/index.js", "ws/cli.js"}
    assert (modules / ".bin/ws").read_text().startswith("#!")
    rights = {name: stat.S_IMODE((modules / name).stat().st_mode) for name in ("ws", "ws/index.js", "ws/cli.js")}
    assert rights == {"ws": 0o555, "ws/index.js": 0o444, "ws/cli.js": 0o555}


def test_a_layer_that_is_there_is_kept_as_it_is(staging, final):
    seal(staging, final)
    inode = (final / "node_modules/ws/index.js").stat().st_ino
    (staging / "node_modules").mkdir()
    seal(staging, final)
    assert (final / "node_modules/ws/index.js").stat().st_ino == inode


def test_no_packages_are_an_empty_layer(tmp_path, final):
    (tmp_path / "staging").mkdir()
    seal(tmp_path / "staging", final)
    assert list((final / "node_modules").iterdir()) == []


def test_everything_that_is_not_plain_is_dropped(staging, final, tmp_path):
    modules, secret = staging / "node_modules", tmp_path / "secret"
    secret.write_text("key")
    secret.chmod(0o600)
    (modules / "absolute").symlink_to("/etc")
    (modules / "outside").symlink_to("../../secret")
    (modules / "ws" / "climb").symlink_to("../../../secret")
    (modules / "sly").symlink_to("ws/../../../secret")
    os.link(secret, modules / "hard")
    os.mkfifo(modules / "pipe")
    seal(staging, final)
    assert names(final / "node_modules") == {".bin", ".bin/ws", "ws", "ws/lib", "ws/index.js", "ws/cli.js"}
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_links_to_folders_are_followed_by_nobody_while_sealing(staging, final, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("mine")
    (outside / "file").chmod(0o640)
    (staging / "node_modules" / "door").symlink_to(outside)
    (staging / "node_modules" / "inner").symlink_to("ws")
    seal(staging, final)
    assert stat.S_IMODE((outside / "file").stat().st_mode) == 0o640
    assert stat.S_IMODE(outside.stat().st_mode) != 0o555
    assert (final / "node_modules/inner").readlink() == Path("ws")


def test_a_link_in_place_of_node_modules_is_not_followed(tmp_path, final):
    (tmp_path / "staging").mkdir()
    (tmp_path / "staging/node_modules").symlink_to("/etc")
    seal(tmp_path / "staging", final)
    assert not (final / "node_modules").is_symlink()
    assert list((final / "node_modules").iterdir()) == []


@pytest.mark.parametrize(("cap", "value"), [("MAX_ENTRIES", 5), ("MAX_BYTES", 20)])
def test_over_a_cap_there_is_a_sentence_and_no_layer(staging, final, monkeypatch, cap, value):
    monkeypatch.setattr(sealing, cap, value)
    with pytest.raises(TooLarge) as refusal:
        seal(staging, final)
    assert refusal.value.code == "dependencies_too_large"
    assert list(final.parent.iterdir()) == []


def test_deleting_works_on_read_only_folders_and_twice_and_follows_no_link(staging, final, tmp_path):
    seal(staging, final)
    (tmp_path / "link").symlink_to(final)
    delete(tmp_path / "link")
    assert final.exists()
    for _ in range(2):
        delete(final)
    assert not final.exists()


@pytest.mark.parametrize(("link", "target", "answer"), [
    ("a/b", "../c", True), ("a/b", "c", True), ("a/b", "./c", True), ("a/b", "../../c", False), ("b", "../c", False),
    ("a/b", "/c", False), ("a/b", "", False), ("a/b", "c/../d", False), ("a/b", "..", True), ("a", "..", False),
    ("a/b/c", "../..", True), ("a/b", "..//c", True)])
def test_which_links_stay_inside(link, target, answer):
    assert stays_inside(PurePosixPath(link), target) is answer


STEPS = some.lists(some.sampled_from(["..", ".", "", "a", "b", "c"]), min_size=1, max_size=5).map("/".join)


@given(links=some.dictionaries(some.sampled_from(["a", "b", "c", "a/b", "a/c", "b/c", "a/b/c"]), STEPS, max_size=5))
def test_no_web_of_accepted_links_ever_leads_out(links, tmp_path_factory):
    """Links through links through links: what the kernel makes of them stays inside."""
    top = tmp_path_factory.mktemp("web") / "top"
    top.mkdir()
    for link, target in sorted(links.items()):
        path = top / link
        if stays_inside(PurePosixPath(link), target) and not any(p.is_symlink() for p in path.parents):
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.symlink_to(target)
    for path in top.rglob("*"):
        with contextlib.suppress(OSError):  # what leads nowhere leads out of nothing
            assert _as_the_kernel_sees_it(path).is_relative_to(top)


def _as_the_kernel_sees_it(path: Path) -> Path:
    descriptor = os.open(path, os.O_PATH)
    try:
        return Path(f"/proc/self/fd/{descriptor}").readlink()
    finally:
        os.close(descriptor)


def test_layers_nobody_uses_go_after_a_day_and_no_others(staging, tmp_path):
    settings = Settings(tmp_path / "home")
    for key in ("used", "unused"):
        seal(staging, layer_path(settings, "alice-id", key))
    later = time.time() + 25 * 3600
    assert sweep_layers(settings, {"alice-id": ["used"]}) == 0
    assert sweep_layers(settings, {"bob-id": []}, later) == 0
    assert sweep_layers(settings, {"alice-id": ["used"]}, later) == 1
    assert layer_path(settings, "alice-id", "used").exists()


def test_an_overgrown_cache_is_emptied_and_a_small_one_kept(tmp_path):
    settings = Settings(tmp_path / "home")
    cache = cache_path(settings, "alice-id")
    trim_cache(settings, "alice-id")
    (cache / "_cacache").mkdir(parents=True)
    (cache / "_cacache" / "content").write_bytes(bytes(100))
    trim_cache(settings, "alice-id")
    assert cache.exists()
    trim_cache(settings.with_values(cache_max_mb=0), "alice-id")
    assert not cache.exists()


def test_no_build_begins_on_a_nearly_full_disk(tmp_path):
    settings = Settings(tmp_path, min_free_mb=1 << 40)
    with pytest.raises(NoSpace):
        stage(settings, "alice-id", "d1", BuildPlan(needs_dependencies=True, lock=None, layer_key="k"))
