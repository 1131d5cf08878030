"""The client in a notebook: tables, buttons, a progress widget, `%deploy`. In a real kernel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

kernels = pytest.importorskip("jupyter_client.manager")


class Notebook:
    """One kernel; `run` gives the messages a cell caused."""

    def __init__(self, environment: dict[str, str], cwd: str) -> None:
        self._manager, self._client = kernels.start_new_kernel(env=environment, cwd=cwd)

    def run(self, code: str) -> list[dict[str, Any]]:
        asked = self._client.execute(code)
        messages = []
        while True:
            message = self._client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") != asked:
                continue
            messages.append(message)
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return messages

    def result(self, code: str) -> dict[str, Any]:
        found = [message["content"] for message in self.run(code)
                 if message["msg_type"] in ("execute_result", "display_data", "error")]
        return found[-1] if found else {}

    def click(self, model: str) -> None:
        """Press the button whose comm is `model`, as the page would."""
        content = {"comm_id": model, "data": {"method": "custom", "content": {"event": "click"}}}
        asked = self._client.session.msg("comm_msg", content)
        self._client.shell_channel.send(asked)
        while True:
            message = self._client.get_iopub_msg(timeout=60)
            same = message["parent_header"].get("msg_id") == asked["header"]["msg_id"]
            if same and message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()


@pytest.fixture
def notebook(hub, tmp_path) -> Iterator[Notebook]:
    import os

    environment = dict(os.environ) | {"DIALUP_SERVER": hub.url, "DIALUP_KEY": hub.key, "HOME": str(tmp_path / "home"),
                                      "IPYTHONDIR": str(tmp_path / "ipython")}
    one = Notebook(environment, str(tmp_path))
    one.run("from dialup_ext import Dialup\nd = Dialup()")
    yield one
    one.close()


def states(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every state any widget was given."""
    return [message["content"]["data"]["state"] for message in messages
            if message["msg_type"] in ("comm_open", "comm_msg") and "state" in message["content"].get("data", {})]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_deploy_shows_a_live_widget_and_the_sites_are_a_table_with_buttons(notebook, folder, name, transport):
    folder({"index.html": "x"})
    messages = notebook.run(f"site = d.sites.create({name!r}).deploy('blog')")

    shown = [message for message in messages if message["msg_type"] == "display_data"]
    assert "application/vnd.jupyter.widget-view+json" in shown[0]["content"]["data"]
    values = [state["value"] for state in states(messages) if "value" in state]
    assert 100 in values
    assert any("✓ Upload" in str(value) and "✓ Live" in str(value) for value in values)
    assert not [message for message in messages if message["msg_type"] in ("error", "stream")]

    data = notebook.result("site")["data"]
    assert name in data["text/html"]
    messages = notebook.run("d.sites")
    table = next(message["content"]["data"] for message in messages if message["msg_type"] == "execute_result")
    assert "application/vnd.jupyter.widget-view+json" in table
    assert f"<td style=\"text-align:left\">{name}</td>" in table["text/html"]
    buttons = {message["content"]["data"]["state"].get("description"): message["content"]["comm_id"]
               for message in messages if message["msg_type"] == "comm_open"}
    assert {"Stop", "Roll back", "Refresh"} <= set(buttons)

    notebook.click(buttons["Stop"])
    assert transport.get(f"/sites/{name}")["status"] == "stopped"


def test_the_magic_deploys_and_a_refusal_is_readable(notebook, folder, name):
    folder({"index.html": "x"})
    assert notebook.result("%load_ext dialup_ext") == {}
    shown = notebook.result(f"%deploy blog --site {name}")
    assert name in shown["data"]["text/plain"]
    assert "release 1" in shown["data"]["text/plain"]

    refused = notebook.result("%deploy nowhere")
    assert refused["ename"] == "NotFound"
    assert refused["traceback"] == ["✗ There is no folder nowhere.", "  Check the path."]
    assert notebook.result("%deploy --nonsense")["ename"] == "BadInput"


def test_cells_may_await(notebook, folder, name):
    folder({"index.html": "x"})
    done = notebook.result(f"d.sites.create({name!r})\n(await d.sites[{name!r}].adeploy('blog', quiet=True)).release")
    assert done["data"]["text/plain"] == "1"


def test_in_a_script_the_sites_are_columns(transport, name):
    from dialup_ext.client import Dialup

    d = Dialup(transport=transport)
    d.sites.create(name)
    assert name in repr(d.sites)
    assert set(d.sites._repr_mimebundle_()) == {"text/plain", "text/html"}


