"""Building for real: Vite and the shell in a real instance. What goes wrong is named and leaves nothing."""

from __future__ import annotations

import json
import shutil
import threading

import pytest

from dialup_ext.build.attempt import LONGEST
from dialup_ext.build.layer import layer_path
from dialup_ext.domain.deployment import StepCancelled, StepFailed
from dialup_ext.errors import NoSpace, TooMany

PAGE = '<!doctype html><title>t</title><script type="module" src="/src/main.js"></script>'
DRAWN = {"index.html": PAGE, "src/main.js": "import './look.css'; document.title = 'hello'\n",
         "src/look.css": "h1 { color: teal }", "public/robots.txt": "User-agent: *"}


def failure_of(workshop, files, **more):
    with pytest.raises(StepFailed) as failed:
        workshop.build(files, **more)
    assert failed.value.failure.step == "build"
    assert failed.value.failure.hint
    assert workshop.left() == []
    assert workshop.running() == []
    return failed.value.failure


def node(program: str) -> str:
    return f'node -e "{program}"'


def test_a_project_becomes_the_files_its_tool_makes(workshop, project):
    made = workshop.build(project(**DRAWN))
    assert {"index.html", "robots.txt"} < made.keys()
    assert any(path.startswith("assets/") and b"hello" in data for path, data in made.items())
    assert not any(path.startswith(("src/", "node_modules/")) for path in made)
    assert workshop.left() == [] and workshop.running() == []


def test_the_same_again_makes_the_same_and_stores_nothing_twice(workshop, project):
    first = workshop.build(project(**DRAWN))
    blobs = len(list((workshop.settings.home / "store/a1/blobs").glob("*/*")))
    assert workshop.build(project(**DRAWN), deployment="d2") == first
    assert len(list((workshop.settings.home / "store/a1/blobs").glob("*/*"))) == blobs


def test_caches_beside_the_packages_stay_out_of_the_sealed_layer(workshop, project):
    def layers():
        return set((workshop.settings.home / "store/a1/layers").rglob("*"))

    workshop.build(project(**DRAWN))
    before = layers()
    workshop.build(project("mkdir -p node_modules/.vite/deps && echo x > node_modules/.vite/deps/x && vite build", **DRAWN))
    assert layers() == before
    assert any(path.match("node_modules/vite") for path in before)


def test_what_somebody_built_before_is_not_what_is_served(workshop, project):
    made = workshop.build(project(**DRAWN, **{"dist/index.html": "yesterday", "dist/old.html": "old"}))
    assert made["index.html"] != b"yesterday"
    assert "old.html" not in made


@pytest.mark.parametrize(("files", "code", "words"), [
    ({"src/main.js": "const = 3"}, "syntax_error", "src/main.js, line 1"),
    ({"src/main.js": "import './nowhere.js'"}, "file_not_found", "./nowhere.js"),
    ({"src/main.js": "import pad from 'left-pad'; pad()"}, "dependency_missing", "left-pad"),
    ({"vite.config.js": "export default { plugins: [nope()] }"}, "bad_config", "nope is not defined"),
])
def test_what_vite_complains_about_is_named(workshop, project, files, code, words):
    failure = failure_of(workshop, project(**{**DRAWN, **files}))
    assert failure.code == code, failure
    assert words in failure.message
    assert failure.log_tail


@pytest.mark.parametrize(("script", "code"), [
    ("exit 1", "build_failed"),
    ("tsc --noEmit && vite build", "tool_missing"),
    ("echo done", "no_output"),
    ("mkdir dist", "empty_output"),
    ("mkdir -p dist && echo x > dist/about.html", "empty_output"),
    ("mkdir -p a b && echo x > a/index.html && echo x > b/index.html", "several_outputs"),
    ("mkdir -p dist && ln -s /etc/hostname dist/index.html", "empty_output"),
    ("rm -rf dist && ln -s /etc dist", "no_output"),
    ("mkdir -p dist && echo x > dist/index.html && head -c 60000000 /dev/zero > dist/film.mp4", "file_too_large"),
    ("mkdir -p dist && echo x > dist/index.html && printf x > 'dist/a\\b'", "bad_path"),
])
def test_a_build_that_makes_no_site_says_why(workshop, project, script, code):
    failure = failure_of(workshop, project(script, **DRAWN))
    assert failure.code == code, failure


def test_links_and_hidden_files_are_not_taken(workshop, project):
    made = workshop.build(project("mkdir -p dist/.git && echo x > dist/index.html && echo x > dist/.env && "
                                  "echo x > dist/.git/config && ln -s /etc/passwd dist/passwd && "
                                  "ln -s /etc dist/etc && mkfifo dist/pipe", **DRAWN))
    assert made == {"index.html": b"x\n"}


def test_a_folder_that_appeared_is_found_when_the_tool_writes_elsewhere(workshop, project):
    made = workshop.build(project("mkdir -p web/browser && echo here > web/browser/index.html", **DRAWN))
    assert made == {"index.html": b"here\n"}


def test_a_build_that_hangs_is_ended_at_its_deadline(workshop, project):
    failure = failure_of(workshop, project(node("setInterval(() => {}, 1000)"), **DRAWN), build_timeout=2)
    assert failure.code == "timeout"
    assert "2 seconds" in failure.message


def test_a_build_that_takes_too_much_memory_is_named(workshop, project):
    script = node("const all = []; for (;;) all.push(Buffer.alloc(1 << 24, 1))")
    assert failure_of(workshop, project(script, **DRAWN), build_memory_mb=256).code == "out_of_memory"


def test_a_build_that_fills_the_disk_is_stopped(workshop, project):
    failure = failure_of(workshop, project("yes > junk", **DRAWN), build_disk_mb=20)
    assert failure.code == "build_too_large"


def test_a_nearly_full_disk_refuses_the_build_before_it_begins(workshop, project):
    workshop.build(project(**DRAWN))
    with pytest.raises(NoSpace):
        workshop.build(project(**DRAWN), min_free_mb=1 << 40)
    assert workshop.left() == [] and workshop.running() == []


def test_what_does_not_fit_into_the_quota_is_not_kept(workshop, project):
    workshop.build(project(**DRAWN))
    blobs = set((workshop.settings.home / "store/a1/blobs").glob("*/*"))
    workshop.most = 3
    with pytest.raises(TooMany):
        workshop.build(project("mkdir dist && echo something new > dist/index.html", **DRAWN))
    assert len(set((workshop.settings.home / "store/a1/blobs").glob("*/*")) - blobs) == 1  # its package.json
    assert workshop.left() == [] and workshop.running() == []


def test_a_cancelled_build_ends_at_once_and_the_next_one_works(workshop, project):
    asked = threading.Event()

    def cancelled():
        if any("building:" in line for line in workshop.said):
            asked.set()
        return asked.is_set()

    with pytest.raises(StepCancelled):
        workshop.build(project(node("setInterval(() => {}, 1000)"), **DRAWN), cancelled=cancelled)
    assert asked.is_set()
    assert workshop.left() == [] and workshop.running() == []
    assert "index.html" in workshop.build(project(**DRAWN))


def test_what_a_killed_hub_left_is_made_anew(workshop, project):
    half = workshop.settings.home / "store/a1/staging/d1"
    for folder in (half, half.with_name("d1.done")):
        folder.mkdir(parents=True)
        (folder / "index.html").write_text("half")
    assert "index.html" in workshop.build(project(**DRAWN))
    assert workshop.left() == []


def test_a_build_is_told_no_secret_and_nothing_is_told_of_it(workshop, project, monkeypatch):
    monkeypatch.setenv("DIALUP_SECRET", "canary")
    monkeypatch.setenv("HTTPS_PROXY", "http://me:canary@proxy:3128")
    made = workshop.build(project("mkdir dist && env > dist/index.html", **DRAWN))
    told = made["index.html"].decode()
    assert "canary" not in told
    assert "ASTRO_TELEMETRY_DISABLED=1" in told and "NODE_ENV=production" in told


def test_the_log_does_not_say_where_on_the_server_it_was_built(workshop, project):
    workshop.build(project("pwd && echo $PWD/src && vite build", **DRAWN))
    said = "\n".join(workshop.said)
    assert "\n.\nsrc\n" in said
    assert "staging/d1" not in said


def test_of_a_very_long_line_the_beginning_is_passed_on(workshop, project):
    script = "node -e \"console.log('begin' + '/'.repeat(1e6))\" && vite build"
    workshop.build(project(script, **DRAWN))
    assert f"begin{'/' * (LONGEST - 5)}…" in "\n".join(workshop.said).splitlines()


def test_a_project_without_a_script_is_built_as_its_tool_does(workshop, project):
    assert "index.html" in workshop.build(project(None, **DRAWN))


def test_eleventy_is_built_into_its_own_folder(workshop):
    package = {"name": "notes", "scripts": {"build": "eleventy"}, "devDependencies": {"@11ty/eleventy": "^3.1.0"}}
    source = {"package.json": json.dumps(package), "index.md": "# Hello", "bad.liquid": "{% if %}"}
    failure = failure_of(workshop, source)
    assert failure.code == "syntax_error"
    assert "bad.liquid, line 1" in failure.message
    del source["bad.liquid"]
    made = workshop.build(source)
    assert b"<h1" in made["index.html"]


def test_packages_are_where_they_were_sealed(workshop, project):
    workshop.build(project(**DRAWN))
    keys = [path.name for path in (workshop.settings.home / "store/a1/layers").iterdir()]
    with_vite = [key for key in keys if (layer_path(workshop.settings, "a1", key) / "node_modules/vite").is_dir()]
    assert len(with_vite) == 1  # one set of packages for all of these projects


@pytest.mark.parametrize("script", ["mv $PWD $PWD.away", "rm -rf $PWD", "mv $PWD $PWD.away && ln -s /etc $PWD", "mv $PWD $PWD.away && echo > $PWD"])
def test_a_build_that_does_away_with_its_own_folder_is_told_so(workshop, project, script):
    with pytest.raises(StepFailed) as failed:
        workshop.build(project(script, **DRAWN))
    assert failed.value.failure.code == "folder_gone"
    shutil.rmtree(workshop.settings.home / "store/a1/staging/d1.away", ignore_errors=True)
    assert workshop.left() == [] and workshop.running() == []


def test_a_file_called_node_modules_is_in_nobodys_way(workshop, project):
    assert "index.html" in workshop.build({**project(**DRAWN), "node_modules": "a file"})
    assert "index.html" in workshop.build(project("vite build && rm -rf node_modules && echo > node_modules", **DRAWN))


def test_the_program_that_a_build_makes_is_kept_whole_and_hidden_files_too(workshop):
    made = workshop.build({"package.json": '{"name": "t"}', "make.js": "require('fs').writeFileSync('made.js', '1')",
                           ".hidden": "x", "dialup.toml": 'kind = "nodejs"\nbuild = "node make.js"\nstart = "node made.js"'})
    assert {"made.js", ".hidden", "package.json"} <= made.keys()
    assert workshop.release.start == ("node", "made.js")
