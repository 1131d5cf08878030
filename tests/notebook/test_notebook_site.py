"""A notebook as a site, by itself: what a visitor gets, what nobody gets, and how it ends."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest
import websocket

from dialup_ext.handlers.notebook_site.page import HEALTH
from dialup_ext.handlers.notebook_site.saved import Saved
from dialup_ext.testing.installation import free_port, wait_until

WIDGETS = """\
import ipywidgets as widgets
SECRET_SOURCE = 1
widgets.Label("hello from a kernel")"""


def write_notebook(path: Path, *sources: str) -> Path:
    book = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "P", "language": "python"}})
    book.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(book, path)
    return path


@dataclass
class Running:
    """One notebook site as a process."""

    folder: Path
    words: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.log = self.folder / "log.txt"
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "dialup_ext.handlers.notebook_site", "--port", str(self.port), *self.words],
                cwd=self.folder, stdout=output, stderr=subprocess.STDOUT)

    def get(self, path: str = "/", agent: str = "somebody", method: str = "GET", **headers: str) -> tuple[int, str]:
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method,
                                       headers={"User-Agent": agent, **headers})
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def is_up(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return self.get(agent=HEALTH)[0] == 200

    def kernel_of(self, page: str) -> str:
        return str(re.findall(r'"kernelId": "([0-9a-f-]{36})"', page)[0])

    def socket(self, kernel: str, origin: str = "") -> websocket.WebSocket:
        return websocket.create_connection(f"ws://127.0.0.1:{self.port}/api/kernels/{kernel}/channels?session_id=s",
                                           origin=origin or f"http://127.0.0.1:{self.port}", timeout=20)

    def close_page(self, kernel: str) -> None:
        """As a page does when it is closed."""
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}/", headers={"User-Agent": HEALTH}, method="HEAD")
        with urllib.request.urlopen(asked, timeout=20) as answer:
            cookies = dict(one.partition(";")[0].split("=", 1) for one in answer.headers.get_all("Set-Cookie"))
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}/voila/api/shutdown/{kernel}", method="POST", data=b"",
                                       headers={"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
                                                "X-XSRFToken": cookies["_xsrf"]})
        with urllib.request.urlopen(asked, timeout=20) as answer:
            assert answer.status == 204

    def end(self) -> None:
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(15)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One with three places, for tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("shared")
    write_notebook(folder / "report.ipynb", WIDGETS)
    (folder / "data.csv").write_text("private")
    site = Running(folder)
    wait_until(site.is_up, 90, site.log.read_text)
    yield site
    site.end()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(*sources: str, words: tuple[str, ...] = (), name: str = "report.ipynb") -> Running:
        write_notebook(tmp_path / name, *(sources or (WIDGETS,)))
        started.append(Running(tmp_path, words))
        return started[-1]

    yield begin
    for one in started:
        one.end()


def message(kind: str, content: dict) -> dict:
    return {"channel": "shell", "header": {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": "s", "username": "",
                                           "version": "5.3", "date": "2026-01-01T00:00:00Z"},
            "parent_header": {}, "metadata": {}, "content": content, "buffers": []}


def test_a_visitor_gets_the_page_and_nobody_the_files_or_the_code(shared):
    site = shared
    status, page = site.get()
    assert status == 200
    assert "hello from a kernel" in page or "application/vnd.jupyter.widget-view+json" in page
    assert "SECRET_SOURCE" not in page
    for path in ("/report.ipynb", "/voila/files/report.ipynb", "/voila/files/data.csv", "/data.csv", "/static/../data.csv",
                 "/voila/render/report.ipynb", "/voila/tree", "/tree", "/lab", "/api/kernels", "/api/contents",
                 "/api/contents/report.ipynb", "/api/terminals", "/api/sessions", "/api/kernelspecs", "/login", "/etc/passwd",
                 "/voila/templates/..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd", "/voila/static/..%2f..%2fetc/passwd"):
        status, text = site.get(path)
        assert status in (403, 404), path
        assert "private" not in text
        assert "root:" not in text
    assert site.get("/api/kernels", method="POST")[0] in (403, 404)


def test_a_page_may_move_widgets_and_run_nothing(shared):
    site = shared
    code = message("execute_request", {"code": "open('mark', 'w')", "silent": False, "store_history": False,
                                       "user_expressions": {}, "allow_stdin": False, "stop_on_error": True})
    info = message("kernel_info_request", {})
    heard: list[str] = []
    with contextlib.closing(site.socket(site.kernel_of(site.get()[1]))) as connection:
        connection.send(json.dumps(code))
        connection.send(json.dumps(info))
        while info["header"]["msg_id"] not in heard:  # what comes first is answered first
            heard.append(json.loads(connection.recv())["parent_header"].get("msg_id", ""))
    assert code["header"]["msg_id"] not in heard
    assert not (site.folder / "mark").exists()


def test_a_page_of_another_site_may_not_hold_a_kernel(shared):
    kernel = shared.kernel_of(shared.get()[1])
    with pytest.raises(websocket.WebSocketBadStatusException) as refusal:
        shared.socket(kernel, origin="http://evil.example")
    assert refusal.value.status_code == 403


def test_visitors_have_a_kernel_each_and_one_too_many_is_asked_to_wait(run):
    site = run(words=("--most", "2"))
    wait_until(site.is_up, 60, site.log.read_text)
    first, second = (site.kernel_of(site.get()[1]) for _ in range(2))
    assert first != second
    status, text = site.get()
    assert status == 503
    assert "All places are taken" in text
    assert site.get(agent=HEALTH)[0] == 200  # whoever asks whether it is up takes nobody's place

    site.close_page(first)
    wait_until(lambda: site.get()[0] == 200, 25)


def test_a_notebook_that_fails_says_why_and_ends(run):
    site = run("import nothing_like_this", WIDGETS)
    assert site.process.wait(60) == 1
    assert "ModuleNotFoundError: No module named 'nothing_like_this'" in site.log.read_text()


def test_a_preview_shows_the_error_and_draws_anew_after_a_save(run):
    site = run("1 / 0", words=("--live", "--public-host", "report-dev.example.org"))
    wait_until(lambda: site.get()[0] == 200, 60, site.log.read_text)
    assert site.get(Host="report-dev.example.org", method="HEAD")[0] == 200
    assert site.get(Host="rebound.example", method="HEAD")[0] == 404  # a name that was made to lead here (T38)
    page = site.get()[1]
    assert "ZeroDivisionError" in page
    assert "/__dialup/live.js" in page
    with contextlib.closing(websocket.create_connection(f"ws://127.0.0.1:{site.port}/__dialup/live", timeout=20,
                                                        origin=f"http://127.0.0.1:{site.port}")) as news:
        before = json.loads(news.recv())["version"]
        write_notebook(site.folder / "report.ipynb", WIDGETS)
        assert json.loads(news.recv())["version"] != before
    assert "ZeroDivisionError" not in site.get()[1]


@pytest.mark.parametrize(("files", "words"), [((), "no notebook here"), (("a.ipynb", "b.ipynb"), "several notebooks")])
def test_a_folder_that_says_not_which_notebook_is_answered_in_words(files, words, tmp_path):
    for name in files:
        write_notebook(tmp_path / name, "1")
    site = Running(tmp_path)
    assert site.process.wait(60) == 1
    assert words in site.log.read_text()


def test_what_a_run_leaves_in_a_notebook_is_no_change(tmp_path):
    path = write_notebook(tmp_path / "a.ipynb", "1 + 1")
    saved = Saved(path)
    book = nbformat.read(path, 4)
    book.cells[0].execution_count = 3
    book.cells[0].outputs = [nbformat.v4.new_output("stream", text="2")]
    nbformat.write(book, path)
    assert not saved.changed()
    book.cells[0].source = "1 + 2"
    nbformat.write(book, path)
    assert saved.changed()
    assert not saved.changed()
    (tmp_path / "helper.py").write_text("x = 1")
    assert saved.changed()
