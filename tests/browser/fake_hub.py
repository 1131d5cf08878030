"""A hub made of a dictionary: answers the panel's requests and streams what a test tells it to.

The browser believes it talks to its lab; `route_to` sends those requests here. Streams are real.
"""

from __future__ import annotations

import json
import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

LIVE_SCRIPT = Path(__file__).parents[2] / "handlers" / "static_dev" / "live.js"
API, LAB = "/dialup/api/v1", "/dialup/lab/v1"
PAGE = "<!doctype html><title>{0}</title><body style='font:20px system-ui;padding:2em'><h1>{0}</h1><p>Hello.</p>"


def ago(**time: float) -> str:
    return (datetime.now(UTC) - timedelta(**time)).isoformat()


def picture(colour: str) -> str:
    svg = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 180 84"><rect width="180" height="84" '
           f'fill="{colour}"/><rect x="24" y="22" width="90" height="10" rx="3" fill="#fff"/><rect x="24" y="40" '
           'width="130" height="5" rx="2" fill="#fff9"/><rect x="24" y="51" width="110" height="5" rx="2" fill="#fff9"/></svg>')
    return "data:image/svg+xml," + quote(svg)


def site(name: str, **over: Any) -> dict[str, Any]:
    return {"id": f"id-{name}", "name": name, "owner": "ana", "kind": "static", "status": "new", "template": "static",
            "address": f"http://{name}.dialup.localhost:8080", "preview_address": "", "live_release": None,
            "last_deployed": None, "last_deployed_by": None, "created_at": ago(days=3), "last_edited": None,
            "error_message": None, "storage_bytes": 4096, "memory_mb": None, "deployment": None, "preview": None,
            "runs": False, "sleep_after": None, "halted": None, "volume": False,
            **over}


def deployment(site: str, number: int, status: str, step: str, **over: Any) -> dict[str, Any]:
    return {"id": f"d-{site}-{number}-{over.get('action', 'deploy')}", "site": site, "release": {"id": f"r{number}", "number": number},
            "status": status, "step": step, "steps": ["upload", "build", "start", "check", "live"],
            "action": "deploy", "created_at": ago(seconds=3), "changed_at": ago(seconds=1), "created_by": "ana",
            "duration_seconds": None, "live_at": None, "still_live": None, "came_from": None, "failure": None, **over}


class FakeHub:
    """Holds what the server would know. Tests read `asked` and call `say`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.me: dict[str, Any] = {
            "account": {"id": "a1", "name": "ana", "email": "ana@example.org", "role": "user", "can_create_sites": True,
                        "can_use_editor": True, "has_password": True},
            "quota": {"sites": {"used": 4, "limit": 5}, "memory_mb": {"used": 320, "limit": 1024},
                      "storage_mb": {"used": 96, "limit": 2048}},
            "domain": "dialup.localhost", "portal": "http://admin.dialup.localhost:8080", "lab": "", "driver": "process",
            "version": "0.1.0"}
        self.templates = [
            {"name": "static", "title": "Plain page", "kind": "static", "picture": picture("#3d6fd9"),
             "description": "One page, one style sheet. Nothing to build."},
            {"name": "astro", "title": "Astro blog", "kind": "astro", "picture": picture("#7b4bc4"),
             "description": "Write in Markdown; built to fast static pages."},
            {"name": "node", "title": "Node server", "kind": "nodejs", "picture": picture("#2f8a57"),
             "description": "A small server of your own, restarted when you save."}]
        self.sites: dict[str, dict[str, Any]] = {}
        self.previews: dict[str, dict[str, Any]] = {}
        self.pages: dict[str, str] = {}
        self.releases: list[dict[str, Any]] = []
        self.variables: dict[str, dict[str, Any]] = {}
        self.past: list[dict[str, Any]] = []
        self.needs_restart = False
        self.links: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.missing = False
        self.refuse_streams = False
        self.streams_open = 0
        self._said: dict[str, list[tuple[str, Any]]] = defaultdict(list)
        self._news = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self}))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def add(self, *sites: dict[str, Any]) -> None:
        self.sites |= {one["name"]: one for one in sites}

    def say(self, channel: str, event: str, data: Any) -> None:
        """Send an event to who listens on `channel`; late listeners get it too."""
        with self._news:
            self._said[channel].append((event, data))
            self._news.notify_all()

    def cut(self) -> None:
        """Close every stream and refuse new ones until `mend`."""
        with self._news:
            self.refuse_streams = True
            self._news.notify_all()

    def mend(self) -> None:
        self.refuse_streams = False

    def close(self) -> None:
        self.cut()
        self._server.shutdown()
        self._server.server_close()

    def listen(self, channel: str) -> Iterator[tuple[str, Any] | None]:
        """What is said on `channel`, from the beginning; None now and then, to notice who left."""
        at = 0
        while not self.refuse_streams:
            with self._news:
                fresh = self._said[channel][at:]
                if not fresh:
                    self._news.wait(0.2)
            at += len(fresh)
            if fresh:
                yield from fresh
            else:
                yield None

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Status and JSON for one request; 404 with our shape for what nobody wrote here."""
        self.asked.append(f"{method} {path}")
        if self.missing:
            return 404, None
        for pattern, respond in _ROUTES:
            if found := re.fullmatch(pattern, f"{method} {path}"):
                return respond(self, body, *found.groups())
        return 404, {"message": f"No {path}.", "reason": "not_found", "code": "not_found", "hint": ""}

    def create(self, body: dict[str, Any]) -> tuple[int, Any]:
        self.add(site(body["name"], template=body["template"]))
        return 201, self.sites[body["name"]]

    def workspace(self, body: dict[str, Any]) -> tuple[int, Any]:
        folder = self.root / body["site"]
        folder.mkdir(exist_ok=True)
        if body["template"] == "node":
            (folder / "public").mkdir(exist_ok=True)
            (folder / "public" / "index.html").write_text("<!doctype html>\n")
            (folder / "server.js").write_text("import http from 'node:http'\n")
        else:
            (folder / "index.html").write_text("<!doctype html>\n<h1>Hello</h1>\n")
        return 201, {"path": body["site"]}

    def start_preview(self, name: str) -> tuple[int, Any]:
        return 202, self.previews.get(name, {"site": name, "state": "running", "url": "", "message": "", "log_tail": []})

    def stop_preview(self, name: str) -> tuple[int, Any]:
        stopped: dict[str, Any] = {"site": name, "state": "stopped", "url": None, "message": "", "log_tail": []}
        self.sites[name]["preview"] = {"state": "stopped", "url": None}
        self.say("events", "preview", stopped)
        return 200, stopped

    def check(self, name: str) -> tuple[int, Any]:
        free = name not in self.sites
        return 200, {"name": name, "ok": free, "address": f"http://{name}.dialup.localhost:8080",
                     "message": None if free else f"“{name}” is taken.", "hint": None if free else f"Try “my-{name}”."}

    def rollback(self, name: str, body: dict[str, Any]) -> tuple[int, Any]:
        number = body.get("release", self.sites[name]["live_release"]["number"] - 1)
        return 202, deployment(name, number, "starting", "start", action="rollback")

    def change(self, name: str, body: dict[str, Any]) -> tuple[int, Any]:
        self.sites[name] |= body
        self.say("events", "site", self.sites[name])
        return 200, self.sites[name]

    def act(self, name: str, verb: str) -> tuple[int, Any]:
        self.needs_restart = False
        return self.change(name, {"status": "stopped" if verb == "stop" else "active", "halted": None})

    def set_variable(self, name: str, body: dict[str, Any]) -> tuple[int, Any]:
        if name.startswith("DIALUP"):
            return 400, {"message": f"“{name}” is a name of the server's own.", "reason": "bad_input",
                         "code": "reserved_variable", "hint": "Choose another."}
        self.needs_restart = True
        self.variables[name] = {"name": name, "value": None if body["secret"] else body["value"],
                                "secret": body["secret"], "changed_at": ago(seconds=1)}
        return 200, self.variables[name]

    def forget(self, known: dict[str, Any], name: str) -> tuple[int, Any]:
        del known[name]
        return 204, None

    def make_link(self, name: str, hours: int) -> tuple[int, Any]:
        link = {"id": f"l{len(self.asked)}", "created_at": ago(seconds=1), "expires_at": ago(hours=-hours)}
        self.links[link["id"]] = link
        return 201, {"url": f"http://{name}-dev.dialup.localhost:8080/?link=2f1b7c9d0e", **link}



_ROUTES: list[tuple[str, Any]] = [
    (rf"GET {API}/me", lambda hub, _: (200, hub.me)),
    (rf"GET {API}/templates", lambda hub, _: (200, {"templates": hub.templates})),
    (rf"GET {API}/sites", lambda hub, _: (200, {"sites": list(hub.sites.values())})),
    (rf"POST {API}/sites", lambda hub, body: hub.create(body)),
    (rf"DELETE {API}/sites/([^/]+)", lambda hub, _, name: hub.forget(hub.sites, name)),
    (rf"GET {API}/names/([^/]+)", lambda hub, _, name: hub.check(name)),
    (rf"POST {API}/sites/([^/]+)/preview", lambda hub, _, name: hub.start_preview(name)),
    (rf"DELETE {API}/sites/([^/]+)/preview", lambda hub, _, name: hub.stop_preview(name)),
    (rf"GET {API}/sites/([^/]+)/preview", lambda hub, _, name: (200, hub.start_preview(name)[1])),
    (rf"POST {API}/sites/([^/]+)/preview/ticket", lambda hub, _, name: (200, {"url": f"{hub.url}/page/{name}?t={len(hub.asked)}"})),
    (rf"GET {API}/sites/([^/]+)/releases", lambda hub, _, name: (200, {"releases": hub.releases})),
    (rf"POST {API}/sites/([^/]+)/rollback", lambda hub, body, name: hub.rollback(name, body)),
    (rf"GET {API}/sites/([^/]+)/deployments", lambda hub, _, name: (200, {"deployments": [
        one for one in [hub.sites[name]["deployment"], *hub.past] if one]})),
    (rf"PATCH {API}/sites/([^/]+)", lambda hub, body, name: hub.change(name, body)),
    (rf"POST {API}/sites/([^/]+)/(start|stop|restart|wake)", lambda hub, _, name, verb: hub.act(name, verb)),
    (rf"GET {API}/sites/[^/]+/env", lambda hub, _: (
        200, {"variables": list(hub.variables.values()), "needs_restart": hub.needs_restart})),
    (rf"PUT {API}/sites/[^/]+/env/([^/]+)", lambda hub, body, name: hub.set_variable(name, body)),
    (rf"DELETE {API}/sites/[^/]+/env/([^/]+)", lambda hub, _, name: hub.forget(hub.variables, name)),
    (rf"GET {API}/sites/[^/]+/preview/links", lambda hub, _: (200, {"links": list(hub.links.values())})),
    (rf"POST {API}/sites/([^/]+)/preview/links", lambda hub, body, name: hub.make_link(name, body["hours"])),
    (rf"DELETE {API}/sites/[^/]+/preview/links/([^/]+)", lambda hub, _, link: hub.forget(hub.links, link)),
    (rf"GET {API}/sites/([^/]+)/logs", lambda hub, _, name: (200, {"lines": [f"{name} line {i}" for i in range(5)]})),
    (rf"GET {API}/deployments/([^/]+)/log", lambda hub, _, name: (200, {"lines": ["old line"]})),
    (rf"GET {LAB}/workspaces", lambda hub, _: (200, {"workspaces": [
        {"site": n, "path": n, "exists": (hub.root / n).is_dir()} for n in hub.sites]})),
    (rf"POST {LAB}/workspaces", lambda hub, body: hub.workspace(body)),
    (rf"POST {LAB}/deploy", lambda hub, body: (202, {"job": body["site"]})),
]


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.endswith("/events"):
            self._stream(path)
        elif path == "/page/live.js":
            self._send(200, LIVE_SCRIPT.read_bytes(), "text/javascript")
        elif path.startswith(("/page/", "/dialup/dashboards/")):
            name = path.rsplit("/", 1)[1]
            self._send(200, (self.hub.pages.get(name) or PAGE.format(name)).encode(), "text/html")
        else:
            self._json()

    def do_POST(self) -> None:
        self._json()

    def do_PUT(self) -> None:
        self._json()

    def do_PATCH(self) -> None:
        self._json()

    def do_DELETE(self) -> None:
        self._json()

    def log_message(self, *args: Any) -> None:
        """Keep the tests' output clean."""

    def _json(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, data = self.hub.answer(self.command, urlsplit(self.path).path, json.loads(raw or b"{}"))
        self._send(status, b"" if data is None else json.dumps(data).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, path: str) -> None:
        if self.hub.refuse_streams or self.hub.missing:
            self._send(503, b"", "text/plain")
            return
        channel = path.removeprefix(f"{API}/").removeprefix(f"{LAB}/").removesuffix("/events")
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.hub.streams_open += channel == "events"
        try:
            if channel == "events":
                self._event("hello", {})
            for said in self.hub.listen(channel):
                self._event(*said) if said else self._write(b": still here\n\n")
        except OSError:
            return  # the browser left
        finally:
            self.hub.streams_open -= channel == "events"

    def _event(self, name: str, data: Any) -> None:
        self._write(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())

    def _write(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()
