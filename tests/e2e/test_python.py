"""Python and notebook sites through hub and Caddy, on either driver: deployed, visited, changed, refused in words."""

from __future__ import annotations

import contextlib
import json
import re
import uuid
from pathlib import Path

import pytest
import websocket

from dialup_ext.errors import DialupError
from dialup_ext.templates import templates_folder, unpack
from dialup_ext.testing.installation import Installation, Person, wait_until

ASGI = """\
import json, os, sys
import helper
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    seen = {"words": helper.WORDS, "scheme": scope["scheme"], "path": sys.path, "dialup": "dialup_ext" in sys.modules,
            "environment": sorted(os.environ)}
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(seen).encode()})
"""


@pytest.fixture(params=["dialup", "docked"])
def place(request: pytest.FixtureRequest) -> Installation:
    """Either driver."""
    return request.getfixturevalue(request.param)


def person(place: Installation, name: str) -> Person:
    return place.account(f"py-{name}")


def test_an_app_runs_without_anything_of_dialup_and_a_new_release_takes_over(place: Installation, name: str,
                                                                             tmp_path: Path) -> None:
    ana = person(place, name)
    (tmp_path / "main.py").write_text(ASGI)
    (tmp_path / "helper.py").write_text("WORDS = 'one'")
    ana.deploy(name, tmp_path)
    seen = place.get(name).json
    assert (seen["words"], seen["dialup"]) == ("one", False)
    assert not [one for one in seen["environment"] if one.startswith("DIALUP_") and one != "DIALUP_INSTANCE"]
    assert any(path.endswith("/site-packages") and "sites" in path for path in seen["path"])
    (tmp_path / "helper.py").write_text("WORDS = 'two'")
    ana.deploy(name, tmp_path)
    assert place.get(name).json["words"] == "two"
    assert ana.call("GET", f"/sites/{name}").json["kind"] == "python"


def test_the_notebook_template_moves_by_its_websocket(place: Installation, name: str, tmp_path: Path) -> None:
    ana = person(place, name)
    ana.deploy(name, unpack("notebook", tmp_path / name))
    page = place.get(name)
    assert page.status == 200
    assert "A tree that grows" in page.text
    assert "random.randrange" not in page.text
    kernel = re.findall(r'"kernelId": "([0-9a-f-]{36})"', page.text)[0]
    host = f"{name}.{place.settings.domain}:{place.port}"
    asked = {"channel": "shell", "header": {"msg_id": uuid.uuid4().hex, "msg_type": "kernel_info_request", "session": "s",
                                            "username": "", "version": "5.3", "date": "2026-01-01T00:00:00Z"},
             "parent_header": {}, "metadata": {}, "content": {}, "buffers": []}
    with contextlib.closing(websocket.create_connection(
            f"ws://127.0.0.1:{place.port}/api/kernels/{kernel}/channels?session_id=s", host=host,
            origin=f"http://{host}", timeout=30)) as connection:
        connection.send(json.dumps(asked))
        kinds: list[str] = []
        while "kernel_info_reply" not in kinds:
            kinds.append(json.loads(connection.recv())["msg_type"])
    for path in ("/index.ipynb", "/tree.py", "/voila/files/tree.py", "/api/kernels", "/api/contents"):
        assert place.get(name, path).status in (403, 404), path


def test_the_python_template_is_previewed_edited_deployed_and_visited(place: Installation, name: str, tmp_path: Path
                                                                      ) -> None:
    ana = person(place, name)
    folder = unpack("python", tmp_path / name)
    ana.deploy(name, folder)
    assert "2026" in place.get(name, "/on/2026-03-03").text
    assert place.get(name, "/api/moon?day=2026-03-03").json["name"] == "Full moon"
    assert place.get(name, "/on/yesterday").status == 404
    assert "font" in place.get(name, "/static/style.css").text


@pytest.mark.parametrize("kind", ["python", "notebook"])
def test_a_template_is_shown_in_a_preview(place: Installation, name: str, kind: str, tmp_path: Path) -> None:
    ana = person(place, name)
    (tmp_path / "index.html").write_text("first")
    ana.deploy(f"{name}-first", tmp_path)  # its home is there then, as it is for whoever has opened a lab
    ana.call("POST", "/sites", {"name": name, "kind": kind})
    home = (place.home / "homes" / ana.name).resolve()
    for path in (templates_folder() / kind).rglob("*"):
        copy = home / name / path.relative_to(templates_folder() / kind)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            copy.write_bytes(path.read_bytes())
    for path in (home, *home.rglob("*")):
        path.chmod(0o777)  # the account's own user works here; the test is somebody else
    ana.call("POST", f"/sites/{name}/preview")
    wait_until(lambda: ana.call("GET", f"/sites/{name}/preview").json["state"] in ("running", "failed"), 120)
    shown = ana.call("GET", f"/sites/{name}/preview").json
    ana.call("DELETE", f"/sites/{name}/preview")
    assert shown["state"] == "running", shown


def refused(ana: Person, name: str, folder: Path) -> DialupError:
    with pytest.raises(DialupError) as refusal:
        ana.deploy(name, folder)
    assert refusal.value.hint
    return refusal.value


@pytest.mark.parametrize(("files", "code", "words"), [
    ({"requirements.txt": "dialup-no-such-package-xyz", "main.py": ASGI}, "package_not_found", "dialup-no-such-package-xyz"),
    ({"requirements.txt": "six==0.0.99", "main.py": ASGI}, "version_not_found", "six==0.0.99"),
    ({"requirements.txt": "six==1.16.0 --hash=sha256:" + "0" * 64, "main.py": ASGI}, "damaged_package", "requirements.txt"),
    ({"main.py": "import flusk\nasync def app(scope, receive, send): ..."}, "exited", "No module named 'flusk'"),
    ({"requirements.txt": "", "go.py": "print('x')"}, "no_python_app", "no app was found"),
])
def test_what_is_wrong_is_said_in_words(dialup: Installation, ana: Person, name: str, tmp_path: Path,
                                        files: dict[str, str], code: str, words: str) -> None:
    for path, text in files.items():
        (tmp_path / path).write_text(text)
    refusal = refused(ana, name, tmp_path)
    assert refusal.code == code, (refusal.code, refusal.message)
    assert words in refusal.message


def test_a_notebook_that_fails_is_not_put_live(dialup: Installation, ana: Person, name: str, tmp_path: Path) -> None:
    folder = unpack("notebook", tmp_path / name)
    ana.deploy(name, folder)
    (folder / "tree.py").write_text("import nothing_like_this")
    assert "nothing_like_this" in refused(ana, name, folder).message
    assert "A tree that grows" in dialup.get(name).text


def test_hashes_are_honoured_and_the_server_comes_beside_them(dialup: Installation, ana: Person, name: str, tmp_path: Path
                                                              ) -> None:
    (tmp_path / "requirements.txt").write_text(
        "six==1.16.0 \\\n  --hash=sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254\n")
    (tmp_path / "main.py").write_text(ASGI.replace("import helper", "import six").replace("helper.WORDS", "six.__version__"))
    ana.deploy(name, tmp_path)
    assert dialup.get(name).json["words"] == "1.16.0"
