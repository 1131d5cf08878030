"""Event streams: resumed where they broke, kept alive, ended when there is nothing more to say."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from dialup_ext.testing.installation import Installation, Person, wait_until


def events(person: Person, path: str, last: str | None = None) -> Iterator[tuple[str | None, str, Any]]:
    """`(id, event, data)` as they arrive; ends when the server ends the stream."""
    installation = person.installation
    with closing(http.client.HTTPConnection("127.0.0.1", installation.port, timeout=40)) as connection:
        connection.request("GET", f"/dialup/api/v1{path}", headers={
            "Host": f"admin.dialup.localhost:{installation.port}", "Authorization": f"Bearer {person.key}",
            "Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})})
        answer = connection.getresponse()
        assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        for raw in answer:
            line = raw.decode().rstrip("\n")
            if not line:
                if "event" in fields:
                    yield fields.get("id"), fields["event"], json.loads(fields["data"])
                fields = {}
            elif not line.startswith(":"):
                name, _, value = line.partition(": ")
                fields[name] = value


def test_a_deployments_stream_tells_its_course_and_ends(ana: Person, name: str,
                                                        static_site: Callable[[str], Path]) -> None:
    deployment = ana.deploy(name, static_site("x"))

    told = list(events(ana, f"/deployments/{deployment['id']}/events"))

    assert [event for _, event, _ in told][-2:] == ["status", "done"]
    assert told[-1][2]["status"] == "live"
    lines = [data["line"] for _, event, data in told if event == "log"]
    assert lines == ana.call("GET", f"/deployments/{deployment['id']}/log").json["lines"]


def test_a_stream_resumes_after_the_last_line_that_arrived(ana: Person, name: str,
                                                           static_site: Callable[[str], Path]) -> None:
    deployment = ana.deploy(name, static_site("x"))
    path = f"/deployments/{deployment['id']}/events"
    whole = [(id_, data["line"]) for id_, event, data in events(ana, path) if event == "log"]

    rest = [(id_, data["line"]) for id_, event, data in events(ana, path, last=whole[0][0]) if event == "log"]

    assert len(whole) > 1 and rest == whole[1:]


def test_the_accounts_stream_says_hello_and_then_what_changed_for_this_account_alone(
        ana: Person, ben: Person, name: str, static_site: Callable[[str], Path]) -> None:
    heard: list[tuple[str, Any]] = []
    stream = events(ana, "/events")
    assert next(stream)[1] == "hello"

    def listen() -> None:
        for _, event, data in stream:
            heard.append((event, data))
            if event == "removed":
                return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    ben.deploy(name + "b", static_site("not ana's"))
    ana.deploy(name, static_site("x"))
    ana.call("DELETE", f"/sites/{name}")
    listener.join(30)

    assert {event for event, _ in heard} >= {"site", "deployment", "removed"}
    assert heard[-1] == ("removed", {"name": name})
    assert all(name + "b" not in json.dumps(data) for _, data in heard)


def test_a_site_log_is_followed_live_across_a_redeployment(
        dialup: Installation, ana: Person, name: str, node_site: Callable[..., Path]) -> None:
    program = ("import h from 'node:http'; console.log('begun WORD');"
               "h.createServer((q, a) => { console.log('asked ' + q.url); a.end('ok') }).listen(process.env.PORT)")
    ana.deploy(name, node_site("x", server=program.replace("WORD", "one")))
    lines: list[str] = []

    def follow() -> None:
        for _, _, data in events(ana, f"/sites/{name}/logs/events"):
            lines.append(data["line"])
            if "/stop" in data["line"]:
                return

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    wait_until(lambda: "begun one" in lines, 20, lambda: repr(lines))
    dialup.get(name, "/first")
    wait_until(lambda: "asked /first" in lines, 20, lambda: repr(lines))
    ana.deploy(name, node_site("x", server=program.replace("WORD", "two")))
    wait_until(lambda: "begun two" in lines, 20, lambda: repr(lines))
    dialup.get(name, "/stop")
    follower.join(20)

    assert not follower.is_alive()
    tail = ana.call("GET", f"/sites/{name}/logs?lines=1").json["lines"]
    assert tail == ["asked /stop"]
