"""A release's folder is complete or absent, shares what may be shared, and never lets code reach the store."""

from __future__ import annotations

import gzip
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import brotli
import pytest

from dialup_ext.domain.site import Kind
from dialup_ext.durable import sync_file_system
from dialup_ext.errors import BadInput, Conflict
from dialup_ext.releases import building, trees
from dialup_ext.releases.manifests import ManifestStore

PAGE = b"<p>" + b"hello, world. " * 200 + b"</p>"
SITE = {"index.html": PAGE, "style.css": b"body {}", "img/a/b/photo.jpg": b"\xff\xd8" + bytes(3000),
        "img/empty.txt": b""}
APP = {"package.json": b'{"scripts": {"start": "node server.js"}}', "server.js": b"console.log(1)",
       "bin/tool": b"#!/bin/sh\n"}


@pytest.fixture
def place(alice):
    """Upload and materialise; gives the tree."""

    def do(files, release="r1", *, kind=Kind.STATIC, root="", layer=None, executable=frozenset()):
        alice.upload(files)
        manifest = alice.manifest(files, executable)
        return alice.trees.materialise("alice", alice.id, "blog", release, manifest, root, layer, runs=kind is Kind.NODEJS)

    return do


@pytest.fixture
def site(settings) -> Path:
    return settings.home / "sites" / "alice" / "blog"


def content(top: Path) -> dict[str, bytes]:
    return {str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()}


def state(top: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.lstat().st_ino, path.lstat().st_mtime_ns) for path in top.rglob("*")}


def test_a_static_release_is_all_its_files_and_nothing_to_run(place, site):
    tree = place(SITE)
    assert tree.app is None
    assert tree.public == site / "r1" / "public"
    found = content(tree.public)
    assert gzip.decompress(found.pop("index.html.gz")) == PAGE
    assert brotli.decompress(found.pop("index.html.br")) == PAGE
    assert found == SITE


def test_public_files_share_their_bytes_with_the_store(place, alice):
    tree = place(SITE)
    for path, data in SITE.items():
        blob = alice.store / "blobs" / alice.digest(data)[:2] / alice.digest(data)
        assert (tree.public / path).samefile(blob)


def test_where_links_cannot_be_made_it_copies(place, monkeypatch):
    def refuse(*args, **more):
        raise OSError(18, "Invalid cross-device link")

    synced: list[Path] = []

    def sync(where: Path) -> None:
        synced.append(where)
        sync_file_system(where)

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(building, "sync_file_system", sync)
    tree = place(SITE)
    assert synced, "copies are not durable by themselves"
    assert {path: data for path, data in content(tree.public).items() if path in SITE} == SITE
    assert (tree.public / "index.html").stat().st_nlink == 1


def test_what_runs_gets_copies_and_never_a_link_into_the_store(place, alice):
    tree = place(APP, kind=Kind.NODEJS, executable=frozenset({"bin/tool"}))
    assert tree.public is None
    assert content(tree.app) == APP
    for path in APP:
        assert (tree.app / path).stat().st_nlink == 1
    assert stat.S_IMODE((tree.app / "bin/tool").stat().st_mode) == 0o555
    assert stat.S_IMODE((tree.app / "server.js").stat().st_mode) == 0o444
    (tree.app / "server.js").chmod(0o644)
    (tree.app / "server.js").write_bytes(b"altered")
    assert (alice.store / "blobs" / alice.digest(b"console.log(1)")[:2]
            / alice.digest(b"console.log(1)")).read_bytes() == b"console.log(1)"


@pytest.mark.parametrize("code", [22, 95, 38, 18])
def test_copies_work_on_kernels_that_cannot_share(place, monkeypatch, code):
    def refuse(*args):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "copy_file_range", refuse)
    assert content(place(APP, kind=Kind.NODEJS).app) == APP


def test_only_the_root_folder_of_a_static_site_is_public(place):
    tree = place({"dist/index.html": b"x", "secret.js": b"key", "distant.html": b"y"}, root="dist")
    assert content(tree.public) == {"index.html": b"x"}


def test_dot_files_never_become_public_but_well_known_does(place):
    tree = place({"index.html": b"x", ".env": b"KEY=1", ".git/HEAD": b"ref", "a/.htpasswd": b"h",
                  ".well-known/security.txt": b"mail", ".well-known/.x": b"no"})
    assert set(content(tree.public)) == {"index.html", ".well-known/security.txt"}


def test_there_is_no_link_and_nothing_special_in_a_public_tree(place):
    tree = place(SITE)
    kinds = {stat.S_IFMT(path.lstat().st_mode) for path in tree.public.rglob("*")}
    assert kinds == {stat.S_IFDIR, stat.S_IFREG}


def test_the_folders_above_can_be_passed_but_not_listed(place, settings):
    before = os.umask(0o077)
    try:
        tree = place(SITE)
    finally:
        os.umask(before)
    for folder in (settings.home / "sites", settings.home / "sites/alice", settings.home / "sites/alice/blog"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o711
    assert stat.S_IMODE(tree.public.stat().st_mode) == 0o755


def test_asking_twice_changes_nothing_on_the_disk(place, site):
    place(SITE)
    before = state(site)
    place(SITE)
    assert state(site) == before


def test_an_unchanged_page_keeps_its_etag_and_a_swapped_one_does_not(place):
    """Caddy's ETag is made of time and size; a redeployment must neither lose nor confuse caches."""
    first = place({"index.html": b"one", "other.html": b"two", "same.html": b"same"}, "r1").public
    second = place({"index.html": b"two", "other.html": b"one", "same.html": b"same"}, "r2").public

    def etag(path: Path) -> tuple[int, int]:
        return path.stat().st_mtime_ns, path.stat().st_size

    assert etag(first / "same.html") == etag(second / "same.html")
    assert etag(first / "index.html") != etag(second / "index.html")


def test_the_same_for_an_app(place, site):
    place(APP, kind=Kind.NODEJS)
    before = state(site)
    place(APP, kind=Kind.NODEJS)
    assert state(site) == before


def _alter(top: Path) -> None:
    (top / "server.js").chmod(0o644)
    (top / "server.js").write_bytes(b"console.log(2)")
    (top / "server.js").chmod(0o444)


def _remove(top: Path) -> None:
    (top / "server.js").unlink()


def _add(top: Path) -> None:
    (top / "extra.js").write_bytes(b"")


def _link(top: Path) -> None:
    (top / "server.js").unlink()
    (top / "server.js").symlink_to("/etc/passwd")


def _unlock(top: Path) -> None:
    (top / "server.js").chmod(0o666)


def _swap_folder(top: Path) -> None:
    (top / "bin" / "tool").unlink()
    (top / "bin").rmdir()
    (top / "bin").symlink_to("/bin")


@pytest.mark.parametrize("harm", [_alter, _remove, _add, _link, _unlock, _swap_folder])
def test_a_tree_that_differs_is_replaced_whole(place, harm):
    tree = place(APP, kind=Kind.NODEJS)
    for folder in (tree.app, tree.app / "bin"):
        folder.chmod(0o755)
    harm(tree.app)
    again = place(APP, kind=Kind.NODEJS)
    assert content(again.app) == APP
    assert not any(path.is_symlink() for path in again.app.rglob("*"))


def test_it_is_replaced_too_where_names_cannot_be_exchanged(place, monkeypatch):
    tree = place(APP, kind=Kind.NODEJS)
    tree.app.chmod(0o755)
    (tree.app / "extra").write_bytes(b"")
    monkeypatch.setattr(trees, "exchange", lambda left, right: False)
    assert content(place(APP, kind=Kind.NODEJS).app) == APP


def test_a_half_tree_of_a_crash_is_never_seen_and_goes_with_the_next_attempt(place, site):
    half = site / "r1.tmp-0123456789abcdef" / "public"
    half.mkdir(parents=True)
    (half / "index.html").write_bytes(b"half")
    tree = place(SITE)
    assert content(tree.public)["index.html"] == PAGE
    assert [path.name for path in site.iterdir()] == ["r1"]


def test_killed_at_any_moment_there_is_a_whole_tree_or_none(place, alice, settings, site):
    """A process is killed at its n-th change to the file system, for every n there is."""
    alice.upload(APP)
    program = """
import os, signal, sys
from pathlib import Path
from dialup_ext.domain.site import Kind
from dialup_ext.releases import blobs
from dialup_ext.releases.manifests import ManifestStore
from dialup_ext.releases.trees import ReleaseTrees
from dialup_ext.settings import Settings
left = int(sys.argv[3])
def watch(event, args):
    global left
    if event in ("os.mkdir", "os.rename", "os.link", "os.chmod") or (event == "open" and args[2] & os.O_CREAT):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
settings = Settings(Path(sys.argv[1]))
manifest = ReleaseTrees(settings).manifest("alice-id", sys.argv[2])
sys.addaudithook(watch)
ReleaseTrees(settings).materialise("alice", "alice-id", "blog", "r1", manifest, "", None, runs=sys.argv[4] == "nodejs")
"""
    for kind in (Kind.NODEJS, Kind.STATIC):
        for step in range(60):
            alice.trees.remove("alice", "blog", "r1")
            done = subprocess.run([sys.executable, "-c", program, str(settings.home),
                                   alice.manifest(APP).digest, str(step), kind.value], check=False, timeout=60)
            name = "app" if kind is Kind.NODEJS else "public"
            if (site / "r1").exists():
                assert content(site / "r1" / name) == APP, step
            if done.returncode == 0:
                break
        else:
            pytest.fail("it never came to its end")
        tree = place(APP, kind=kind)
        assert content(tree.app or tree.public) == APP
        assert [path.name for path in site.iterdir()] == ["r1"]


def test_after_one_edit_one_content_is_written_and_one_is_packed(place, alice):
    files = {f"{i % 20}/{i}.html": PAGE + str(i).encode() for i in range(300)} | {"index.html": PAGE}
    place(files, "r1")
    blobs, packed = state(alice.store / "blobs"), state(alice.store / "packed")
    place(files | {"7/7.html": PAGE + b"edited"}, "r2")
    assert _new_files(alice.store / "blobs", blobs) == [alice.digest(PAGE + b"edited")]
    assert sorted(_new_files(alice.store / "packed", packed)) == [
        alice.digest(PAGE + b"edited") + suffix for suffix in (".br", ".gz")]


def _new_files(top: Path, before) -> list[str]:
    return [Path(path).name for path in set(state(top)) - set(before) if Path(path).is_file()]


def test_a_persons_own_packed_file_comes_first(place):
    tree = place({"index.html": PAGE, "index.html.gz": b"mine"})
    assert (tree.public / "index.html.gz").read_bytes() == b"mine"
    assert place({"index.html": PAGE, "index.html.gz": b"mine"}).public == tree.public


def test_what_does_not_shrink_or_is_small_gets_no_packed_file(place):
    tree = place({"index.html": b"x", "noise.js": os.urandom(5000), "photo.png": bytes(5000)})
    assert set(content(tree.public)) == {"index.html", "noise.js", "photo.png"}


def test_without_brotli_there_is_gzip(place, monkeypatch):
    monkeypatch.setitem(sys.modules, "brotli", None)
    assert set(content(place({"index.html": PAGE}).public)) == {"index.html", "index.html.gz"}


def test_an_app_finds_its_dependencies_in_the_sealed_layer(place, alice):
    modules = alice.store / "layers" / "key" / "node_modules"
    modules.mkdir(parents=True)
    files = APP | {"node_modules/old/index.js": b"uploaded"}
    tree = place(files, kind=Kind.NODEJS, layer="key")
    assert (tree.app / "node_modules").readlink() == modules
    assert place(files, kind=Kind.NODEJS, layer="key") == tree
    modules.rmdir()
    with pytest.raises(Conflict) as refusal:
        place(files, kind=Kind.NODEJS, layer="key")
    assert refusal.value.code == "layer_missing"


def test_a_content_that_is_gone_is_said_in_words_and_leaves_no_half_tree(place, alice, site):
    alice.upload(SITE)
    (alice.store / "blobs" / alice.digest(PAGE)[:2] / alice.digest(PAGE)).unlink()
    with pytest.raises(Conflict) as refusal:
        alice.trees.materialise("alice", alice.id, "blog", "r1", alice.manifest(SITE), "", None, runs=False)
    assert refusal.value.code == "release_damaged"
    assert list(site.iterdir()) == []


def test_nobody_gets_a_tree_from_another_accounts_contents(alice, bob):
    alice.upload(SITE)
    with pytest.raises(Conflict):
        bob.trees.materialise("bob", bob.id, "blog", "r1", alice.manifest(SITE), "", None, runs=False)


@pytest.mark.parametrize("bad", ["..", "a/b", "", ".trash", "a\0"])
def test_names_never_leave_the_folder(alice, bad):
    for account, name, release in ((bad, "blog", "r1"), ("alice", bad, "r1"), ("alice", "blog", bad)):
        with pytest.raises(BadInput):
            alice.trees.remove(account, name, release)


def test_removing_is_idempotent_and_leaves_the_other_releases(place, alice, site):
    place(APP, "r1", kind=Kind.NODEJS)
    place(SITE, "r2")
    for _ in range(2):
        alice.trees.remove("alice", "blog", "r1")
    assert [path.name for path in site.iterdir()] == ["r2"]
    for _ in range(2):
        alice.trees.remove_site("alice", "blog")
    assert not site.exists()
    assert list((site.parent / ".trash").iterdir()) == []


def test_the_sweep_keeps_what_is_named_and_what_is_young(place, alice, site):
    keep = alice.manifest(SITE).digest
    place(SITE, "kept")
    place({"index.html": b"old"}, "old")
    half = site / "x.tmp-1"
    half.mkdir()
    assert alice.trees.sweep(["kept"], {alice.id: [keep]}) == trees.Swept()
    swept = alice.trees.sweep(["kept"], {alice.id: [keep]}, now=time.time() + 25 * 3600)
    assert (swept.trees, swept.blobs, swept.freed_bytes) == (2, 1, 3)
    assert [path.name for path in site.iterdir()] == ["kept"]
    assert place(SITE, "kept").public.exists()


def test_sweeping_is_done_once_an_hour_however_often_it_is_asked_for(place, alice, monkeypatch):
    place(SITE)
    looks = []

    def contents(store, digest):
        looks.append(digest)
        return set()

    monkeypatch.setattr(ManifestStore, "contents", contents)
    for _ in range(3):
        alice.trees.sweep(["r1"], {alice.id: [alice.manifest(SITE).digest]})
    assert len(looks) == 1


def test_the_sweep_takes_the_packed_forms_with_it(place, alice):
    place(SITE, "kept")
    place({"index.html": PAGE + b"old"}, "old")
    alice.trees.sweep(["kept"], {alice.id: [alice.manifest(SITE).digest]}, now=time.time() + 25 * 3600)
    assert [path.stem for path in (alice.store / "packed").rglob("*.gz")] == [alice.digest(PAGE)]


def test_doubt_keeps_everything(place, alice, bob, site):
    """An empty database beside a full store, an account nobody named, a manifest that is gone (R41)."""
    place(SITE)
    later = time.time() + 25 * 3600
    assert alice.trees.sweep([], {}, now=later) == trees.Swept()
    assert alice.trees.sweep(["r1"], {bob.id: []}, now=later) == trees.Swept()
    assert alice.trees.sweep(["r1"], {alice.id: ["0" * 64]}, now=later) == trees.Swept()
    assert content(site / "r1" / "public")["index.html"] == PAGE


def test_a_fresh_release_survives_a_sweep_that_does_not_know_it_yet(place, alice):
    """The list of what to keep was read, then a release was made: the lease bridges it."""
    place(SITE)
    later = time.time() + 25 * 3600
    for path in (alice.store / "blobs").rglob("*"):
        os.utime(path, (1, 1))
    alice.upload(SITE)
    assert alice.trees.sweep(["other"], {alice.id: []}).blobs == 0
    assert alice.trees.sweep(["other"], {alice.id: []}, now=later).blobs == len(set(SITE.values()))


def test_an_altered_manifest_is_noticed(alice):
    manifest = alice.upload(SITE)
    record = alice.store / "manifests" / f"{manifest.digest}.json"
    record.chmod(0o600)
    record.write_text(record.read_text().replace("style.css", "stile.css"))
    with pytest.raises(Conflict) as refusal:
        alice.trees.manifest(alice.id, manifest.digest)
    assert refusal.value.code == "release_damaged"


def test_an_ordinary_user_cannot_write_into_an_app_and_can_remove_it(tmp_path):
    """The hub is not always root: the same, as somebody without any rights."""
    program = """
import hashlib, io, os, sys
from pathlib import Path
from dialup_ext.domain.manifest import FileEntry, Manifest
from dialup_ext.domain.site import Kind
from dialup_ext.releases.blobs import BlobStore
from dialup_ext.releases.trees import ReleaseTrees
from dialup_ext.settings import Settings
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
settings = Settings(Path("home"))
data, digest = b"x", hashlib.sha256(b"x").hexdigest()
BlobStore(settings.home / "store" / "a").put(digest, 1, io.BytesIO(data))
trees = ReleaseTrees(settings)
manifest = Manifest([FileEntry("deep/server.js", 1, digest)])
for kind in (Kind.STATIC, Kind.NODEJS):
    for _ in range(2):
        tree = trees.materialise("alice", "a", "blog", kind.value, manifest, "", None, runs=kind is Kind.NODEJS)
for path in (tree.app / "new", tree.app / "deep/new", tree.app / "deep/server.js"):
    try:
        path.write_bytes(b"altered")
    except PermissionError:
        continue
    sys.exit(f"{path} could be written")
trees.remove("alice", "blog", Kind.NODEJS.value)
trees.remove_site("alice", "blog")
assert not [path for path in (settings.home / "sites").rglob("*") if path.is_file()]
"""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() == 0:
            os.chown(folder, 65534, 65534)
        done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True,
                              check=False, timeout=60)
    assert done.returncode == 0, done.stderr
