"""A small hub in memory: the REST contract over real HTTP, with real digest checks.

For tests of what speaks to a hub. It deploys by counting to five; a file called FAIL makes a
deployment fail.
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import threading
import uuid
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from dialup_ext.domain.manifest import FileEntry, Manifest
from dialup_ext.domain.names import check_name
from dialup_ext.errors import BadInput, Conflict, DialupError, Forbidden, NotFound, NotLoggedIn, TooMany

BASE = "/dialup/api/v1"
STATUSES = ("building", "starting", "checking", "switching", "live")
STEPS = {"queued": "build", "building": "build", "starting": "start", "checking": "check", "switching": "live",
         "live": "live"}


def now() -> str:
    return datetime.now(UTC).isoformat()


class FakeHub:
    """The state, and switches that make it misbehave."""

    def __init__(self) -> None:
        self.keys = {"dlp_ana": "ana", "dlp_ben": "ben", "dlp_ci": "ana"}
        self.blobs: dict[str, dict[str, bytes]] = {"ana": {}, "ben": {}}
        self.sites: dict[str, dict[str, Any]] = {}
        self.uploads: dict[str, dict[str, Any]] = {}
        self.releases: dict[str, list[dict[str, Any]]] = {}
        self.deployments: dict[str, dict[str, Any]] = {}
        self.requests: list[str] = []
        self.answered: dict[str, Any] = {}
        self.cut_streams = 0
        self.drop_answers = 0
        self.limit = 5
        self.domain = "dialup.localhost"
        self.lock = threading.RLock()
        self.server: ThreadingHTTPServer | None = None

    # -- life ---------------------------------------------------------------------------------------
    def start(self, unix: Path | None = None) -> str:
        hub = self

        class Handler(_Handler):
            fake = hub
            socket_account = "ana" if unix else None

        where: Any = str(unix) if unix else ("127.0.0.1", 0)
        self.server = (_UnixServer if unix else ThreadingHTTPServer)(where, Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        self.port = 0 if unix else self.server.server_address[1]
        return f"http://admin.{self.domain}:{self.port}"

    def stop(self) -> None:
        assert self.server is not None
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    # -- the contract ----------------------------------------------------------------------------------
    def site(self, account: str, name: str) -> dict[str, Any]:
        site = self.sites.get(name)
        if site is None or site["owner"] != account:
            raise NotFound(f"There is no site “{name}”.", code="site_not_found", hint="`deploy sites list` shows yours.")
        return site

    def me(self, account: str) -> dict[str, Any]:
        return {"account": {"id": account, "name": account, "email": f"{account}@example.org", "role": "user",
                            "can_create_sites": True, "can_use_editor": True, "has_password": True},
                "quota": self.quota(account), "domain": self.domain, "portal": f"http://admin.{self.domain}",
                "lab": f"http://{account}.editor.{self.domain}", "driver": "process", "version": "0"}

    def quota(self, account: str) -> dict[str, Any]:
        mine = sum(site["owner"] == account for site in self.sites.values())
        stored = sum(map(len, self.blobs[account].values())) / (1 << 20)
        return {"sites": {"used": mine, "limit": self.limit}, "memory_mb": {"used": 64 * mine, "limit": 512},
                "storage_mb": {"used": stored, "limit": 1024}}

    def create(self, account: str, name: str) -> dict[str, Any]:
        check_name(name)
        if name in self.sites:
            raise Conflict(f"The name “{name}” is taken.", code="name_taken", hint="Choose another one.")
        if self.quota(account)["sites"]["used"] >= self.limit:
            raise TooMany(f"You have {self.limit} of {self.limit} sites.", code="quota_sites",
                          hint="Remove a site you do not need, or ask your admin for more.")
        self.sites[name] = {
            "id": uuid.uuid4().hex, "name": name, "owner": account, "kind": "static", "status": "new",
            "address": f"http://{name}.{self.domain}", "preview_address": f"http://{name}-dev.{self.domain}",
            "template": None, "live_release": None, "last_deployed": None, "last_deployed_by": None,
            "created_at": now(), "last_edited": None, "error_message": None, "storage_bytes": 0, "memory_mb": None,
            "sleep_after": None, "halted": None, "volume": False,
            "deployment": None, "preview": None}
        self.releases[name] = []
        return self.sites[name]

    def begin(self, account: str, name: str, files: list[dict[str, Any]]) -> dict[str, Any]:
        self.site(account, name)
        manifest = Manifest(FileEntry(f["path"], f["size"], f["sha256"], f.get("executable", False)) for f in files)
        if "index.html" not in manifest and "package.json" not in manifest:
            raise BadInput("There is no site in this folder.", code="no_site_in_folder",
                           hint="Add an index.html, or choose the folder that holds it.")
        upload: dict[str, Any] = {"id": uuid.uuid4().hex, "site": name, "account": account, "manifest": manifest}
        self.uploads[upload["id"]] = upload
        missing = self.missing(upload)
        static = "package.json" not in manifest
        return {"id": upload["id"], "missing": missing, "kind": "static" if static else "nodejs",
                "why": "index.html is at the top" if static else "package.json is at the top",
                "total_files": len(manifest), "total_bytes": manifest.total_bytes,
                "missing_bytes": sum(manifest.digests()[digest] for digest in missing)}

    def missing(self, upload: dict[str, Any]) -> list[str]:
        return [digest for digest in upload["manifest"].digests() if digest not in self.blobs[upload["account"]]]

    def finish(self, upload: dict[str, Any]) -> dict[str, Any]:
        if self.missing(upload):
            raise Conflict("Not all files have arrived.", code="incomplete_upload", hint="Send the missing ones.")
        manifest, name = upload["manifest"], upload["site"]
        for release in self.releases[name]:
            if release["digest"] == manifest.digest:
                return release
        release = {"id": uuid.uuid4().hex, "number": len(self.releases[name]) + 1, "kind": "static", "why": "",
                   "file_count": len(manifest), "size_bytes": manifest.total_bytes, "created_at": now(),
                   "created_by": upload["account"], "digest": manifest.digest, "fails": "FAIL" in manifest}
        self.releases[name].insert(0, release)
        return release

    def deploy(self, account: str, name: str, release: dict[str, Any], action: str) -> dict[str, Any]:
        site = self.site(account, name)
        before = (site["live_release"] or {}).get("number")
        deployment: dict[str, Any] = {
            "id": uuid.uuid4().hex, "site": name, "release": {"id": release["id"], "number": release["number"]},
            "status": "queued", "step": "build", "steps": ["upload", "build", "start", "check", "live"],
            "action": action, "created_at": now(), "changed_at": now(), "created_by": account,
            "duration_seconds": 0.1, "live_at": None, "still_live": None, "came_from": None, "failure": None}
        stream: list[tuple[str, Any]] = [("status", dict(deployment)), ("log", {"line": "\x1b[2Jreading files"})]
        if release.get("fails"):
            deployment |= {"status": "failed", "step": "check", "still_live": before, "failure": {
                "code": "never_healthy", "message": f"{name} started but did not answer within 30 s.",
                "hint": "Check that it listens on $PORT.", "step": "check",
                "log_tail": ["Error: listen EADDRINUSE", "\x1b[31mbye\x1b[0m"]}}
        else:
            for status in STATUSES:
                deployment |= {"status": status, "step": STEPS[status]}
                stream.append(("status", dict(deployment)))
            site |= {"status": "active", "live_release": deployment["release"], "last_deployed": now(),
                     "last_deployed_by": account}
        stream.append(("done", dict(deployment)))
        self.deployments[deployment["id"]] = deployment | {"stream": stream, "account": account}
        return stream[0][1]

    def rollback(self, account: str, name: str, wanted: int | str | None) -> dict[str, Any]:
        live = (self.site(account, name)["live_release"] or {}).get("number", 0)
        for release in self.releases[name]:
            if wanted in (release["number"], release["id"]) or (wanted is None and release["number"] < live):
                return self.deploy(account, name, release, "rollback")
        raise NotFound(f"{name} has no release to go back to.", code="release_not_found", hint="Deploy it once more.")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: FakeHub
    socket_account: str | None = None

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet."""

    def address_string(self) -> str:
        return "test"

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_GET  # noqa: N815
    do_DELETE = do_GET  # noqa: N815
    do_PATCH = do_GET  # noqa: N815

    def _serve(self) -> None:
        url = urlsplit(self.path)
        self.query = parse_qs(url.query)
        try:
            self._route(url.path.removeprefix(BASE).strip("/").split("/"))
        except DialupError as error:
            self._reply(error.status, error.as_dict())
        except ConnectionError:
            self.close_connection = True

    def _account(self) -> str:
        if self.socket_account:
            return self.socket_account
        account = self.fake.keys.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
        if account is None:
            raise NotLoggedIn("This key is not known, or it was revoked.", code="bad_key", hint="Make a new key.")
        return account

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")

    def _route(self, parts: list[str]) -> None:
        hub = self.fake
        files = parts[0] == "uploads" and parts[-1] == "files"
        body = None if files else self._body()
        with hub.lock:
            hub.requests.append(f"{self.command} {'/'.join(parts)}")
        account = self._account()
        if files:
            self._receive(hub.uploads[parts[1]])
            return
        if parts[-1] == "events":
            self._events(account, parts)
            return
        key = self.headers.get("Idempotency-Key")
        with hub.lock:
            if key and key in hub.answered:
                answer = hub.answered[key]
            else:
                answer = self._answer(account, parts, body)
                if key:
                    hub.answered[key] = answer
        if self.command == "POST" and hub.drop_answers:
            hub.drop_answers -= 1
            raise ConnectionError
        self._reply(*answer)

    def _answer(self, account: str, parts: list[str], body: Any) -> tuple[int, Any]:  # noqa: PLR0911, PLR0912, C901
        hub, verb = self.fake, self.command
        match parts:
            case ["me"]:
                if self.headers["Authorization"] == "Bearer dlp_ci":
                    raise Forbidden("This key may not see your account.", code="missing_scope", hint="Make another key.")
                return 200, hub.me(account)
            case ["templates"]:
                return 200, {"templates": []}
            case ["usage"]:
                rows = [{"name": name, "status": site["status"], "kind": site["kind"], "address": site["address"], "live_release": 1,
                         "memory_mb": None, "storage_mb": 0.5}
                        for name, site in hub.sites.items() if site["owner"] == account]
                return 200, {"sites": rows, "quota": hub.quota(account), "lab_memory_mb": None, "at": now()}
            case ["sites"] if verb == "POST":
                return 201, hub.create(account, body["name"])
            case ["sites"]:
                return 200, {"sites": [site for site in hub.sites.values() if site["owner"] == account]}
            case ["sites", name] if verb == "DELETE":
                hub.site(account, name)
                del hub.sites[name]
                return 204, None
            case ["sites", name] if verb == "PATCH":
                hub.site(account, name).update(body)
                return 200, hub.site(account, name)
            case ["sites", name]:
                return 200, hub.site(account, name)
            case ["sites", name, "stop" | "start" | "restart" | "wake" as act]:
                return 200, self._status(hub.site(account, name), act)
            case ["sites", name, "uploads"]:
                return 201, hub.begin(account, name, body["files"])
            case ["uploads", upload, "release"]:
                return 201, hub.finish(hub.uploads[upload])
            case ["sites", name, "releases"]:
                return 200, {"releases": hub.site(account, name) and hub.releases[name]}
            case ["sites", name, "deployments"] if verb == "POST":
                hub.site(account, name)
                release = next(release for release in hub.releases[name] if release["id"] == body["release"])
                return 202, hub.deploy(account, name, release, "deploy")
            case ["sites", name, "deployments"]:
                hub.site(account, name)
                return 200, {"deployments": [d["stream"][-1][1] for d in hub.deployments.values() if d["site"] == name]}
            case ["sites", name, "rollback"]:
                return 202, hub.rollback(account, name, body.get("release"))
            case ["sites", name, "logs"]:
                hub.site(account, name)
                return 200, {"lines": [f"line {n}" for n in range(int(self.query["lines"][0]))][-3:]}
            case ["sites", name, "preview"]:
                hub.site(account, name)
                return 202, {"site": name, "state": "starting", "url": f"http://{name}-dev.{hub.domain}", "message": "",
                             "log_tail": [], "upstream": None}
        raise NotFound("There is nothing here.")

    def _status(self, site: dict[str, Any], act: str) -> dict[str, Any]:
        site["status"] = "stopped" if act == "stop" else "active"
        return site

    def _receive(self, upload: dict[str, Any]) -> None:
        left, received = int(self.headers["Content-Length"]), 0
        sizes, blobs = upload["manifest"].digests(), self.fake.blobs[upload["account"]]
        while left:
            header = self.rfile.readline(80)
            found = re.fullmatch(rb"([0-9a-f]{64}) (\d+)\n", header)
            if found is None:
                raise ConnectionError
            digest, size = found[1].decode(), int(found[2])
            data = self.rfile.read(size)
            left -= len(header) + len(data)
            if len(data) < size:
                raise ConnectionError
            if sizes.get(digest) != size or hashlib.sha256(data).hexdigest() != digest:
                self.close_connection = True
                raise BadInput("A file is not what was announced.", code="wrong_digest", hint="Deploy again.")
            blobs[digest] = data
            received += 1
        self._reply(200, {"received": received, "missing": self.fake.missing(upload)})

    def _events(self, account: str, parts: list[str]) -> None:
        hub = self.fake
        if parts[0] == "deployments":
            stream = hub.deployments[parts[1]]["stream"]
        else:
            hub.site(account, parts[1])
            stream = [("log", {"line": "one"}), ("log", {"line": "two"}), ("done", {})]
        start = int(self.headers.get("Last-Event-ID") or -1) + 1
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        self.wfile.write(b": hello\n\n")
        for number, (name, data) in list(enumerate(stream))[start:]:
            self.wfile.write(f"id: {number}\nevent: {name}\ndata: {json.dumps(data)}\n\n".encode())
            self.wfile.flush()
            if hub.cut_streams and number > start:
                hub.cut_streams -= 1
                self.wfile.write(f"id: {number + 1}\nevent: stat".encode())
                return

    def _reply(self, status: int, body: Any) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class _UnixServer(ThreadingHTTPServer):
    address_family = socket.AF_UNIX

    def server_bind(self) -> None:
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "hub", 0
