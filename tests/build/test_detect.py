"""What a folder is, and why; every refusal says what was looked for and one thing to do."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dialup_ext.build.detect import detect
from dialup_ext.domain.manifest import FileEntry, Manifest
from dialup_ext.domain.site import Kind
from dialup_ext.errors import BadInput

START = {"scripts": {"start": "node server.js"}}


def folder(*paths: str, package: object = None, raw: bytes | None = None):
    """A manifest and the reader of its contents."""
    files = dict.fromkeys(paths, b"")
    if package is not None or raw is not None:
        files["package.json"] = json.dumps(package).encode() if raw is None else raw
    manifest = Manifest(FileEntry(path, len(data), hashlib.sha256(data).hexdigest())
                        for path, data in files.items())
    return manifest, files.__getitem__


def refusal_of(*paths: str, package: object = None, raw: bytes | None = None) -> BadInput:
    with pytest.raises(BadInput) as refusal:
        detect(*folder(*paths, package=package, raw=raw))
    assert refusal.value.hint
    return refusal.value


def test_an_index_at_the_top_is_a_static_site():
    found = detect(*folder("index.html", "about.html"))
    assert (found.kind, found.root) == (Kind.STATIC, "")
    assert "index.html" in found.why


@pytest.mark.parametrize("root", ["public", "dist", "build", "_site", "site", "docs", "out"])
def test_an_index_in_one_known_folder_is_a_static_site_with_that_root(root):
    found = detect(*folder(f"{root}/index.html", "README.md"))
    assert (found.kind, found.root) == (Kind.STATIC, root)
    assert f"{root}/" in found.why


def test_the_top_wins_over_folders():
    assert detect(*folder("index.html", "docs/index.html", "public/index.html")).root == ""


def test_two_candidates_are_refused_and_named():
    refusal = refusal_of("public/index.html", "docs/index.html")
    assert refusal.code == "several_sites_in_folder"
    assert "public/" in refusal.message
    assert "docs/" in refusal.message


def test_a_start_script_makes_a_node_site_even_beside_an_index():
    found = detect(*folder("index.html", "server.js", package=START))
    assert found.kind is Kind.NODEJS
    assert "node server.js" in found.why


@pytest.mark.parametrize(("paths", "package", "start"), [
    (("server.js",), {}, "node server.js"), (("lib/main.js",), {"main": "./lib/main.js"}, "node lib/main.js"),
    (("app.js",), {"scripts": {"dev": "x"}}, "node app.js"), ((), {"main": 3}, "node server.js"),
    (("server.js",), {"scripts": {"start": "  "}}, "node server.js"), (("server.js",), {"scripts": []}, "server.js")])
def test_a_package_that_starts_nothing_is_refused_with_the_line_to_add(paths, package, start):
    refusal = refusal_of(*paths, package=package)
    assert refusal.code == "no_start_script"
    assert start in refusal.hint


def test_a_package_without_start_beside_pages_is_static_and_says_why():
    found = detect(*folder("index.html", package={"scripts": {"test": "x"}}))
    assert found.kind is Kind.STATIC
    assert "no start script" in found.why


@pytest.mark.parametrize("start", ["", "vite", "astro dev --host", "react-scripts start", "npx vite preview"])
def test_a_project_with_a_known_tool_is_built_and_says_how(start):
    found = detect(*folder("index.html", "src/main.jsx",
                           package={"scripts": {"start": start, "build": "vite build"}, "devDependencies": {"vite": "^8"}}))
    assert (found.kind, found.root, found.builder) == (Kind.STATIC, "dist", "vite")
    assert found.why == "vite is in package.json; it is built with `npm run build` into dist/"


def test_an_astro_project_has_a_kind_of_its_own_and_needs_no_script():
    found = detect(*folder("src/pages/index.astro", package={"dependencies": {"astro": "^7"}}))
    assert (found.kind, found.root, found.builder) == (Kind.ASTRO, "dist", "astro")
    assert "built with `astro build` into dist/" in found.why


@pytest.mark.parametrize(("package", "builder"), [
    ({"dependencies": {"astro": "1", "vite": "1"}}, "astro"),
    ({"devDependencies": {"vitepress": "1", "vite": "1"}}, "vitepress"),
    ({"devDependencies": {"@sveltejs/kit": "1", "@sveltejs/adapter-static": "1", "vite": "1"}}, "@sveltejs/kit"),
    ({"devDependencies": {"@11ty/eleventy": "1"}}, "@11ty/eleventy")])
def test_the_tool_in_charge_is_the_one_that_uses_the_others(package, builder):
    assert detect(*folder(package={"scripts": {"build": "x"}, **package})).builder == builder


@pytest.mark.parametrize(("config", "script", "output"), [
    ("export default { build: { outDir: 'site' } }", "vite build", "site"),
    ('export default { build: { outDir: "./build/web/" } }', "vite build", "build/web"),
    ("// outDir: 'no'\nexport default {}", "vite build", "dist"),
    ("export default { build: { outDir: '../elsewhere' } }", "vite build", "dist"),
    ("export default { build: { outDir: '/srv/www' } }", "vite build", "dist"),
    ("export default { build: { outDir: `${x}` } }", "vite build", "dist"),
    ("export default { build: { outDir: 'site' } }", "vite build --outDir pages", "pages")])
def test_the_folder_is_read_where_it_is_said_simply(config, script, output):
    files = {"vite.config.ts": config.encode(),
             "package.json": json.dumps({"scripts": {"build": script}, "devDependencies": {"vite": "8"}}).encode()}
    manifest = Manifest(FileEntry(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in files.items())
    assert detect(manifest, files.__getitem__).root == output


@pytest.mark.parametrize(("config", "text", "package"), [
    ("astro.config.mjs", "export default { output: 'server' }", {"dependencies": {"astro": "7"}}),
    ("astro.config.mjs", "export default { adapter: node({}) }", {"dependencies": {"astro": "7"}}),
    ("astro.config.mjs", "export default { adapter: node({ mode: 'middleware' }) }",
     {"dependencies": {"astro": "7", "@astrojs/node": "11"}}),
    ("svelte.config.js", "export default {}", {"devDependencies": {"@sveltejs/kit": "2"}})])
def test_a_project_that_makes_a_program_is_refused_in_words(config, text, package):
    files = {config: text.encode(), "package.json": json.dumps({"scripts": {"build": "x"}, **package}).encode()}
    manifest = Manifest(FileEntry(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in files.items())
    with pytest.raises(BadInput) as refusal:
        detect(manifest, files.__getitem__)
    assert refusal.value.code == "needs_server"


def test_a_tool_that_cannot_be_asked_without_a_script_is_told_to_bring_one():
    refusal = refusal_of(package={"devDependencies": {"webpack": "5"}})
    assert refusal.code == "needs_build"
    assert "build" in refusal.hint


def test_a_finished_site_gives_way_to_the_build_that_makes_it():
    found = detect(*folder("dist/index.html", package={"scripts": {"build": "vite build"}, "devDependencies": {"vite": "8"}}))
    assert found.builder == "vite"


def test_a_built_project_is_the_site_it_was_built_into():
    found = detect(*folder("index.html", "dist/index.html",
                           package={"scripts": {"start": "vite"}, "devDependencies": {"vite": "^8"}}))
    assert (found.kind, found.root) == (Kind.STATIC, "dist")
    assert "vite" in found.why


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"{'a': 1}", b"[" * 100_000, b'{"a": 1}' * 2])
def test_a_package_json_that_cannot_be_read_says_where(raw):
    assert refusal_of("server.js", raw=raw).code == "bad_package_json"


def test_a_package_json_with_a_byte_order_mark_is_read():
    assert detect(*folder(raw=b"\xef\xbb\xbf" + json.dumps(START).encode())).kind is Kind.NODEJS


def test_a_monstrous_package_json_is_refused_without_reading_it():
    manifest = Manifest([FileEntry("package.json", 2 << 20, "0" * 64)])
    with pytest.raises(BadInput) as refusal:
        detect(manifest, lambda path: pytest.fail("it was read"))
    assert refusal.value.code == "bad_package_json"


@pytest.mark.parametrize(("paths", "hint"), [
    ((), "index.html"), (("about.html",), "Rename about.html to index.html"),
    (("Index.html",), "Rename Index.html to index.html"), (("index.htm",), "Rename index.htm"),
    (("pages/a.html",), "deploy pages"), (("mine/index.html", "x.css"), "deploy mine"),
    (("server.js",), "node server.js"), (("a.html", "bb.html"), "Rename the first page, perhaps a.html"),
    (("app/package.json", "app/x.js"), "deploy app"), (("notes.txt",), "Add an index.html")])
def test_no_site_says_what_to_do(paths, hint):
    refusal = refusal_of(*paths)
    assert refusal.code == "no_site_in_folder"
    assert hint in refusal.hint


def test_the_refusal_names_everything_that_was_looked_for():
    message = refusal_of("x.txt").message
    assert all(name in message for name in ("index.html", "package.json", "public/", "dist/", "_site/", "out/"))


def test_before_the_bytes_arrive_paths_are_enough_to_refuse():
    manifest, _read = folder("x.txt")
    with pytest.raises(BadInput):
        detect(manifest, None)


def test_before_the_bytes_arrive_a_package_json_counts_as_node():
    manifest, _read = folder("index.html", package=START)
    assert detect(manifest, None).kind is Kind.NODEJS


def test_before_the_bytes_arrive_an_astro_project_is_known_by_its_configuration():
    manifest, _read = folder("astro.config.mjs", package={"dependencies": {"astro": "^7"}})
    assert detect(manifest, None).kind is Kind.ASTRO


NAMES = some.sampled_from(["index.html", "package.json", "dist/index.html", "docs/index.html", "a.html", "server.js",
                           "x/index.html", "x/package.json", "README.md"])
VALUES = some.recursive(some.none() | some.booleans() | some.integers() | some.text(max_size=8),
                        lambda inner: some.lists(inner, max_size=3) | some.dictionaries(
                            some.sampled_from(["start", "build", "vite", "x"]), inner, max_size=3), max_leaves=6)
PACKAGES = some.dictionaries(some.sampled_from(["scripts", "main", "dependencies", "devDependencies"]), VALUES)


@given(some.sets(NAMES), PACKAGES)
def test_whatever_arrives_there_is_an_answer_or_a_refusal_in_words(names, package):
    manifest, read = folder(*names, package=package if "package.json" in names else None)
    try:
        found = detect(manifest, read)
    except BadInput as refusal:
        assert refusal.message
        assert refusal.hint
    else:
        assert found.why
        if found.kind is Kind.STATIC and not found.builder:
            assert f"{found.root}/index.html".lstrip("/") in manifest


@given(some.sets(NAMES), PACKAGES)
def test_what_paths_alone_refuse_the_contents_refuse_too(names, package):
    manifest, read = folder(*names, package=package if "package.json" in names else None)
    try:
        detect(manifest, None)
    except BadInput as first:
        with pytest.raises(BadInput) as second:
            detect(manifest, read)
        assert second.value.code == first.code


def found_in(package: object, **files: str):
    """What a project is, by its package.json and files whose names have `_` for a dot."""
    contents = {name.replace("_", "."): text.encode() for name, text in files.items()}
    contents["package.json"] = json.dumps(package).encode()
    manifest = Manifest(FileEntry(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in contents.items())
    return detect(manifest, contents.__getitem__)


NEXT = {"scripts": {"build": "next build"}, "dependencies": {"next": "16"}}
ASTRO = {"scripts": {"build": "astro build"}, "dependencies": {"astro": "7", "@astrojs/node": "11"}}
ADAPTER = "export default { adapter: node({ mode: 'standalone' }) }"


@pytest.mark.parametrize("start", ["", "next start", "npx next start -p 80", "next dev", "node .next/standalone/server.js"])
def test_a_next_project_becomes_a_program_and_says_what_starts_it(start):
    found = found_in({**NEXT, "scripts": {"build": "next build", "start": start}}, next_config_js="module.exports = {}")
    assert (found.kind, found.runs, found.start, found.root) == (Kind.NEXT, True, ("node", "server.js"), ".next/standalone")
    assert found.why == ("next is in package.json; it is built with `npm run build` into a program, which is started with "
                         "`node server.js`")


def test_a_next_project_that_exports_becomes_files():
    found = found_in(NEXT, next_config_ts="export default { output: 'export' }")
    assert (found.kind, found.runs, found.root, found.builder) == (Kind.NEXT, False, "out", "next")
    assert found_in(NEXT, next_config_ts="export default { output: 'export', distDir: 'site' }").root == "site"


def test_a_next_project_with_a_server_of_its_own_keeps_it():
    found = found_in({**NEXT, "scripts": {"build": "next build", "start": "node my-server.js"}})
    assert (found.kind, found.runs, found.start, found.root, found.builder) == (Kind.NEXT, True, (), "", "next")


def test_an_astro_project_with_the_node_adapter_becomes_a_program():
    found = found_in(ASTRO, astro_config_mjs=ADAPTER)
    assert (found.kind, found.runs, found.start) == (Kind.ASTRO, True, ("node", "./dist/server/entry.mjs"))
    assert found_in(ASTRO, astro_config_mjs="export default {}").runs is False


@pytest.mark.parametrize(("toml", "package", "expected"), [
    ('start = "astro preview"', ASTRO, (Kind.ASTRO, True, ("astro", "preview"), "astro", "dist")),
    ('start = ["node", "x.js"]', {}, (Kind.NODEJS, True, ("node", "x.js"), "", "")),
    ('kind = "nodejs"', {**NEXT, "scripts": {"start": "node x.js"}}, (Kind.NODEJS, True, (), "", "")),
    ('output = "site"', {"devDependencies": {"vite": "8"}}, (Kind.STATIC, False, (), "vite", "site")),
    ('build = "node make.js"\noutput = "made"', {}, (Kind.STATIC, False, (), "node", "made")),
    ('build = "node make.js"\nstart = "node made/x.js"\nkind = "nodejs"', {},
     (Kind.NODEJS, True, ("node", "made/x.js"), "node", "")),
])
def test_dialup_toml_says_what_detection_cannot(toml, package, expected):
    found = found_in(package, dialup_toml=toml)
    assert (found.kind, found.runs, found.start, found.builder, found.root) == expected
    assert found.config


def test_dialup_toml_decides_without_a_package_too():
    def of(toml: str, *paths: str):
        files = {**dict.fromkeys(paths, b""), "dialup.toml": toml.encode()}
        return detect(Manifest(FileEntry(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in files.items()),
                      files.__getitem__)

    assert of('kind = "static"\noutput = "web"', "web/index.html", "index.html").root == "web"
    assert of('start = "node a.js"', "a.js").start == ("node", "a.js")
    for toml in ('kind = "notebook"', 'kind = "next"', 'output = "nowhere"'):
        with pytest.raises(BadInput):
            of(toml, "index.html")
    assert detect(folder("dialup.toml", "a.js")[0], None).why == "its dialup.toml says more when it has arrived"
