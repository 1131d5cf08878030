"""The hub's API through the lab: every verb, streams both ways, nothing leaks."""

from __future__ import annotations

import http.client
import json
from typing import Any

SITES: dict[str, Any] = {"sites": []}


def last(hub, path):
    return next(asked for asked in reversed(hub.asked) if asked["path"].startswith("/dialup/api/v1" + path))


def test_a_question_and_its_answer_pass(lab, hub):
    hub.answers["GET", "/sites"] = SITES
    status, headers, body = lab.request("GET", "/dialup/api/v1/sites?x=a%2Fb")
    assert (status, json.loads(body)) == (200, SITES)
    assert "must-not-pass" not in str(headers)
    assert last(hub, "/sites")["path"].endswith("?x=a%2Fb")


def test_credentials_stay_in_the_lab(lab, hub, edge):
    hub.answers["GET", "/sites"] = SITES
    lab.request("GET", "/dialup/api/v1/sites", headers={**edge, "Cookie": "a=b", "Authorization": "Bearer x",
                                                       "Accept": "application/json"})
    sent = {name.lower() for name in last(hub, "/sites")["headers"]}
    assert sent <= {"host", "connection", "accept", "accept-language", "user-agent"}


def test_what_makes_a_post_safe_to_repeat_passes(lab, hub, edge):
    hub.answers["POST", "/sites"] = (201, {"name": "blog"})
    status, made = lab.json("POST", "/dialup/api/v1/sites", {"name": "blog"},
                            headers={**edge, "Idempotency-Key": "k1"})
    assert (status, made) == (201, {"name": "blog"})
    asked = last(hub, "/sites")
    assert asked["headers"]["Idempotency-Key"] == "k1"
    assert json.loads(asked["body"]) == {"name": "blog"}


def test_refusals_come_in_the_hubs_own_words(lab, hub):
    refusal = {"message": "Taken.", "reason": "name_taken", "code": "name_taken", "hint": "Try another."}
    hub.answers["DELETE", "/sites/blog"] = (409, refusal)
    assert lab.json("DELETE", "/dialup/api/v1/sites/blog") == (409, refusal)


def test_a_large_body_streams_through(lab, hub, edge):
    digest, content = "a" * 64, b"x" * (20 << 20)
    frame = f"{digest} {len(content)}\n".encode() + content
    headers = {**edge, "Content-Type": "application/vnd.dialup.files"}
    status, answer = lab.json("POST", "/dialup/api/v1/uploads/u1/files", frame, headers=headers, timeout=60)
    assert (status, answer["missing"]) == (200, [])
    assert hub.blobs[digest] == content


def test_events_arrive_as_they_happen_and_resume(lab, hub, edge, wait_until):
    hub.lines.clear()
    reader = http.client.HTTPConnection("127.0.0.1", lab.port, timeout=20)
    reader.request("GET", "/dialup/api/v1/events", headers={**edge, "Accept": "text/event-stream"})
    stream = reader.getresponse()
    assert stream.headers["Content-Type"].startswith("text/event-stream")
    hub.say("first")
    assert event(stream) == ["id: 0", "event: log", "data: first"]
    hub.say("second")
    assert event(stream) == ["id: 1", "event: log", "data: second"]
    wait_until(lambda: hub.streams_open == 1)
    stream.close()
    reader.close()
    wait_until(lambda: hub.streams_open == 0)

    again = http.client.HTTPConnection("127.0.0.1", lab.port, timeout=20)
    again.request("GET", "/dialup/api/v1/events", headers={**edge, "Last-Event-ID": "0"})
    assert event(again.getresponse())[2] == "data: second"
    again.close()
    wait_until(lambda: hub.streams_open == 0)


def test_a_hub_that_is_away_is_told_with_a_hint(lab, hub):
    hub.stop()
    try:
        for method in ("GET", "POST"):
            status, error = lab.json(method, "/dialup/api/v1/sites", {"name": "blog"} if method == "POST" else None)
            assert status == 503
            assert (error["code"], error["reason"]) == ("hub_down", "hub_down")
            assert error["hint"]
    finally:
        hub.start()


def event(stream):
    lines = []
    while line := stream.readline().decode().rstrip("\n"):
        lines.append(line)
    return lines
