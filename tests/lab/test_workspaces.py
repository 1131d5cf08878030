"""Templates unpacked and folders deployed, from the lab."""

from __future__ import annotations

import http.client
import json
import shutil

import pytest


@pytest.fixture
def folder(lab):
    yield lab.home / "blog"
    shutil.rmtree(lab.home / "blog", ignore_errors=True)


def follow(lab, job, edge, last_id=""):
    reader = http.client.HTTPConnection("127.0.0.1", lab.port, timeout=30)
    reader.request("GET", f"/dialup/lab/v1/deploy/{job}/events", headers={**edge, "Last-Event-ID": last_id})
    answer = reader.getresponse()
    text = answer.read().decode()
    reader.close()
    frames = [dict(line.split(": ", 1) for line in frame.splitlines()) for frame in text.split("\n\n") if frame]
    return answer.status, [(frame["event"], json.loads(frame["data"])) for frame in frames]


def test_a_template_becomes_a_workspace_once(lab, hub, folder):
    wanted = {"site": "blog", "template": "static"}
    assert lab.json("POST", "/dialup/lab/v1/workspaces", wanted) == (201, {"path": "blog"})
    assert (folder / "index.html").is_file()
    status, error = lab.json("POST", "/dialup/lab/v1/workspaces", wanted)
    assert (status, error["code"]) == (409, "workspace_exists")

    hub.answers["GET", "/sites"] = {"sites": [{"name": "blog"}, {"name": "gone"}]}
    assert lab.json("GET", "/dialup/lab/v1/workspaces")[1] == {"workspaces": [
        {"site": "blog", "path": "blog", "exists": True}, {"site": "gone", "path": "gone", "exists": False}]}


@pytest.mark.parametrize("wanted", [
    {"site": "../x", "template": "static"}, {"site": "blog", "template": "../../etc"}, {"site": "blog"},
    {"site": 3, "template": "static"}, {"site": "admin", "template": "static"}])
def test_nonsense_is_refused_in_words(wanted, lab):
    status, error = lab.json("POST", "/dialup/lab/v1/workspaces", wanted)
    assert status in (400, 404)
    assert set(error) == {"message", "reason", "code", "hint"}
    assert not (lab.home / "blog").exists()


def test_a_folder_is_deployed_and_its_steps_are_told(lab, hub, folder, edge):
    lab.json("POST", "/dialup/lab/v1/workspaces", {"site": "blog", "template": "static"})
    deployment = {"id": "d1", "site": "blog", "status": "live", "step": "live", "failure": None}
    hub.answers["POST", "/sites/blog/uploads"] = lambda body: (201, {
        "id": "u1", "missing": [row["sha256"] for row in json.loads(body)["files"]], "kind": "static", "why": ""})
    hub.answers["POST", "/uploads/u1/release"] = (201, {"id": "r1", "number": 1})
    hub.answers["POST", "/sites/blog/deployments"] = (202, deployment)

    status, answer = lab.json("POST", "/dialup/lab/v1/deploy", {"site": "blog"})
    assert status == 202
    status, news = follow(lab, answer["job"], edge)

    uploads = [data for name, data in news if name == "upload"]
    assert uploads[-1]["sent"] == uploads[-1]["total"] > 0
    assert uploads[-1]["files"] == len([path for path in folder.rglob("*") if path.is_file()])
    assert [name for name, _ in news][-2:] == ["deployment", "done"]
    assert news[-2][1] == deployment
    assert (folder / "index.html").read_bytes() in hub.blobs.values()
    assert follow(lab, answer["job"], edge, last_id=str(len(news) - 1)) == (204, [])


def test_a_refused_upload_is_told_with_its_hint(lab, hub, folder, edge):
    folder.mkdir()
    (folder / "notes.txt").write_text("hello")
    refusal = {"message": "There is no site in this folder.", "reason": "no_site", "code": "no_site", "hint": "Add an index.html."}
    hub.answers["POST", "/sites/blog/uploads"] = (400, refusal)
    job = lab.json("POST", "/dialup/lab/v1/deploy", {"site": "blog"})[1]["job"]
    news = follow(lab, job, edge)[1]
    assert news[-2:] == [("failed", refusal), ("done", {"job": job})]


@pytest.mark.parametrize("path", ["../../etc", "/etc", ".", "missing"])
def test_only_folders_of_the_lab_are_deployed(path, lab):
    status, error = lab.json("POST", "/dialup/lab/v1/deploy", {"site": "blog", "path": path})
    assert status in (400, 404)
    assert error["hint"]


def test_an_unknown_job_is_not_found(lab):
    assert lab.json("GET", f"/dialup/lab/v1/deploy/{'0' * 32}/events")[0] == 404
