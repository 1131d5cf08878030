"""What a folder of Python is: found by reading it, explained, or refused with one thing to do."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from dialup_ext.build.detect import detect
from dialup_ext.build.python_detect import notebook_site, python_site
from dialup_ext.domain.manifest import FileEntry, Manifest
from dialup_ext.domain.python_app import MOST_FILES, app_in, candidates
from dialup_ext.domain.site import Kind
from dialup_ext.errors import BadInput


def folder(files: dict[str, str]) -> tuple[Manifest, Callable[[str], bytes]]:
    contents = {path: text.encode() for path, text in files.items()}
    manifest = Manifest(FileEntry(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in contents.items())
    return manifest, contents.__getitem__


def found_in(files: dict[str, str]):
    return detect(*folder(files))


@pytest.mark.parametrize(("source", "server"), [
    ("from fastapi import FastAPI\napp = FastAPI()", "uvicorn"),
    ("import starlette.applications as s\napp: object = s.Starlette(routes=[])", "uvicorn"),
    ("from quart import Quart\napp = Quart(__name__)", "uvicorn"),
    ("async def app(scope, receive, send): ...", "uvicorn"),
    ("class Site:\n    async def __call__(self, scope, receive, send): ...\napp = Site()", "uvicorn"),
    ("from fastapi import FastAPI\napp = make()\ndef make(): return FastAPI()", "uvicorn"),
    ("from flask import Flask\napp = Flask(__name__)\napp = Odd(app)", "gunicorn"),
    ("import bottle\napplication = bottle.default_app()", "gunicorn"),
    ("def app(environ, start_response): ...", "gunicorn"),
    ("from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()", "gunicorn"),
    ("class Site:\n    def __call__(self, environ, start): ...\napp = Site()", "gunicorn"),
    ("from flask import Flask\nfrom asgiref.wsgi import WsgiToAsgi\napp = Flask(__name__)\napp = WsgiToAsgi(app)", "uvicorn"),
])
def test_an_app_is_served_by_what_speaks_its_language(source, server):
    found = found_in({"main.py": source})
    assert found.kind is Kind.PYTHON
    assert found.runs
    assert found.start[:3] == ("python", "-m", server)
    assert found.start[3].startswith("main:app")
    assert "main.py has" in found.why
    assert server in found.why


@pytest.mark.parametrize(("path", "target"), [
    ("app.py", "app:app"), ("wsgi.py", "wsgi:app"), ("server.py", "server:app"), ("app/main.py", "app.main:app"),
    ("shop/wsgi.py", "shop.wsgi:app")])
def test_an_app_is_looked_for_at_the_top_and_one_folder_deeper(path, target):
    assert found_in({path: "from flask import Flask\napp = Flask('x')"}).start[3] == target


def test_the_top_comes_before_folders_and_tests_are_no_app():
    flask = "from flask import Flask\napp = Flask('x')"
    assert found_in({"app.py": flask, "main/app.py": flask}).start[3] == "app:app"
    assert found_in({"tests/app.py": flask, "api/server.py": flask}).start[3] == "api.server:app"


def test_nothing_of_a_site_is_run_to_find_its_app(tmp_path):
    mark = tmp_path / "ran"
    found_in({"main.py": f"open({str(mark)!r}, 'w')\nasync def app(scope, receive, send): ..."})
    assert not mark.exists()


def test_requirements_without_an_app_are_refused_with_the_line_to_add():
    with pytest.raises(BadInput) as refusal:
        found_in({"requirements.txt": "flask", "serve.py": "print('hello')"})
    assert refusal.value.code == "no_python_app"
    assert 'start = "python serve.py"' in refusal.value.hint


def test_broken_python_is_no_app_and_no_error_of_ours():
    with pytest.raises(BadInput) as refusal:
        found_in({"requirements.txt": "", "main.py": "def ("})
    assert refusal.value.code == "no_python_app"
    with pytest.raises(BadInput):
        found_in({"pyproject.toml": "", "main.py": "(" * 5000})


def test_pages_beside_scripts_stay_a_static_site():
    assert found_in({"index.html": "", "build.py": "print()", "requirements.txt": "mkdocs"}).kind is Kind.STATIC
    assert found_in({"index.html": "", "main.py": "print()"}).kind is Kind.STATIC


def test_the_app_may_be_named():
    files = {"shop/web.py": "from flask import Flask\nsite = Flask('x')", "requirements.txt": "flask"}
    found = python_site(*folder(files), {"app": "shop.web:site"})
    assert found is not None
    assert found.start[:4] == ("python", "-m", "gunicorn", "shop.web:site")


@pytest.mark.parametrize(("named", "word"), [
    ("shop.web", "no module and name"), ("shop.wob:site", "no shop/wob.py"), ("shop.web:app", "makes no “app”"),
    ("../x:app", "no module and name")])
def test_a_wrong_name_is_refused_with_what_is_wrong(named, word):
    files = {"shop/web.py": "from flask import Flask\nsite = Flask('x')", "requirements.txt": "flask"}
    with pytest.raises(BadInput) as refusal:
        python_site(*folder(files), {"app": named})
    assert refusal.value.code == "wrong_app"
    assert word in refusal.value.message


def test_paths_alone_refuse_nothing_that_contents_might_allow():
    manifest, _ = folder({"main.py": "", "requirements.txt": "flask"})
    assert detect(manifest, None).kind is Kind.PYTHON


@pytest.mark.parametrize(("files", "chosen"), [
    (("report.ipynb",), "report.ipynb"), (("a.ipynb", "index.ipynb"), "index.ipynb"),
    (("report.ipynb", ".ipynb_checkpoints/report-checkpoint.ipynb", "old/a.ipynb"), "report.ipynb")])
def test_a_notebook_is_a_site(files, chosen):
    found = found_in(dict.fromkeys(files, "{}"))
    assert (found.kind, found.runs) == (Kind.NOTEBOOK, True)
    assert found.start[-1] == chosen


def test_several_notebooks_want_a_word():
    with pytest.raises(BadInput) as refusal:
        found_in({"a.ipynb": "{}", "b.ipynb": "{}", "requirements.txt": "pandas"})
    assert refusal.value.code == "several_notebooks"
    named = notebook_site(folder({"a.ipynb": "{}", "b.ipynb": "{}"})[0], {"notebook": "b.ipynb"})
    assert named is not None
    assert named.start[-1] == "b.ipynb"
    with pytest.raises(BadInput) as refusal:
        notebook_site(folder({"a.ipynb": "{}"})[0], {"notebook": "c.ipynb"})
    assert refusal.value.code == "no_notebook"


def test_source_that_no_parser_takes_is_no_app_and_no_crash():
    for deep in ("-" * 100_000 + "1", "not " * 50_000 + "1", "(" * 5000):
        assert app_in("app.py", f"app = {deep}") is None
    many = "class A:\n    async def __call__(self, a, b, c): ...\n" * 2000 + "app = A()\n" * 15_000
    found = app_in("app.py", many)  # one walk, not one for each line
    assert found is not None
    assert found.interface == "asgi"


def test_only_so_many_files_are_looked_into():
    assert len(candidates([f"f{number}/app.py" for number in range(10_000)])) == MOST_FILES


def test_a_large_lock_file_is_a_sign_of_python():
    files = {"uv.lock": "#" * (2 << 20), "pyproject.toml": "", "server.txt": ""}
    with pytest.raises(BadInput) as refusal:
        found_in({**files, "pyproject.toml": "#" * (2 << 20)})
    assert refusal.value.code == "no_python_app"
