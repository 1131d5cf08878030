"""Serves the app of a Python preview, with a script in its pages that loads them anew after a save.

Given with `python -c` and the text of the program that finds the app. Errors in a request are shown on
the page: this is a preview, its owner alone looks at it.
"""

import importlib
import json
import os
import socketserver
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from html import escape
from pathlib import Path
from types import ModuleType
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

ROUND = os.environ.pop("DIALUP_ROUND", "0") + f"-{time.time():.0f}"
LIVE = "/__dialup/live"
SCRIPT = """<script>(()=>{const now='%ROUND%',tell=(type,message)=>{if(window.parent!==window)window.parent.postMessage(
{source:'dialup-preview',type,url:location.href,errors:type==='error'?1:0,message},'*')};
addEventListener('load',()=>tell('loaded'));addEventListener('error',e=>tell('error',String(e.message||'A file could not be loaded').slice(0,500)),true);
const listen=()=>{const s=new EventSource('/__dialup/live');s.onmessage=e=>{if(e.data!==now)location.reload()};
s.onerror=()=>{s.close();setTimeout(listen,400)}};listen()})()</script>""".replace("%ROUND%", ROUND)


def main() -> None:
    """Find the app, import it, serve it until told to stop."""
    found = find()
    sys.path.insert(0, os.getcwd())  # noqa: PTH109
    module, _, name = found.target.partition(":")
    app = getattr(importlib.import_module(module), name, None)
    if app is None:
        sys.exit(f"dialup: {module} has no “{name}”.")
    host, port = os.environ["HOST"], int(os.environ["PORT"])
    if found.interface == "asgi":
        server = importlib.import_module("uvicorn")  # among the preview's packages, not ours
        server.run(asgi(app), host=host, port=port, log_level="warning", proxy_headers=True, forwarded_allow_ips="*",
                   timeout_graceful_shutdown=1)
    else:
        make_server(host, port, wsgi(app), server_class=_Threads, handler_class=_Quiet).serve_forever(0.1)


def find() -> Any:
    """The app of this folder, as it will be found when it is deployed; ends the program with words when there is none."""
    module = sys.modules["_dialup_finder"] = ModuleType("_dialup_finder")
    finder = module.__dict__
    exec(compile(sys.argv[1], "finder", "exec"), finder)  # noqa: S102 - our own text, see `python_specs`
    wanted = named()
    if wanted:
        place, _, name = wanted.partition(":")
        path = Path(place.replace(".", "/") + ".py")
        path = path if path.is_file() else path.with_suffix("") / "__init__.py"
        found = finder["app_in"](str(path), path.read_text(errors="replace"), name) if path.is_file() else None
        return found or sys.exit(f"dialup: dialup.toml says the app is {wanted}, and it is not there.")
    paths = [str(path) for pattern in ("*.py", "*/*.py") for path in Path().glob(pattern)]
    found = finder["find_app"](paths, lambda path: Path(path).read_text(errors="replace"))
    if found is None:
        for path in finder["candidates"](paths):
            compile(Path(path).read_text(errors="replace"), path, "exec")  # what is wrong with it is shown
        sys.exit("dialup: no app was found here. Make one called “app” in main.py, or name it in dialup.toml: app = \"module:name\".")
    return found


def named() -> str:
    """The app that dialup.toml names, or “”."""
    import tomllib

    try:
        found = tomllib.loads(Path("dialup.toml").read_text()).get("app", "")
    except OSError:
        return ""
    return found if isinstance(found, str) else ""


def with_script(body: bytes) -> bytes:
    """A whole page, with our script at the end of it."""
    place = body.rfind(b"</body>")
    return body + SCRIPT.encode() if place < 0 else body[:place] + SCRIPT.encode() + body[place:]


def sorry(error: BaseException) -> bytes:
    """A page with the traceback."""
    lines = "".join(traceback.format_exception(error))
    sys.stderr.write(lines)
    style = ("<style>:root{color-scheme:light dark}body{font:1rem/1.6 system-ui;margin:2rem auto;max-width:56rem;padding:0 1rem}"
             "pre{overflow:auto;font:.8125rem/1.55 ui-monospace,monospace}</style>")
    told = json.dumps(f"{type(error).__name__}: {error}"[:500]).replace("<", "\\u003c")
    tell = (f"<script>if(window.parent!==window)window.parent.postMessage({{source:'dialup-preview',type:'error',url:location.href,"
            f"errors:1,message:{told}}},'*')</script>")
    return with_script(f"<!doctype html><meta charset=utf-8><title>Error</title>{style}<h1>This page failed</h1>"
                       f"<pre tabindex=0>{escape(lines)}</pre>{tell}".encode())


def wsgi(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """The app, its pages with our script, its errors as pages."""
    def wrapped(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == LIVE:
            start("200 OK", [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")])
            return _beats()
        head: list[Any] = []
        early: list[bytes] = []

        def hear(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Callable[[bytes], None]:
            head[:] = [status, headers]
            return early.append

        try:
            parts = app(environ, hear)
            kind = next((value for name, value in head[1] if name.lower() == "content-type"), "") if head else ""
            if "text/html" not in kind or environ["REQUEST_METHOD"] == "HEAD":
                if not head:
                    parts = [*early, *parts]
                start(*head)
                return parts
            body = b"".join([*early, *parts])
        except Exception as error:  # noqa: BLE001 - whatever it is, the owner is shown it
            body, head[:] = sorry(error), ["500 Internal Server Error", [("Content-Type", "text/html; charset=utf-8")]]
        else:
            body = with_script(body)
        kept = [(name, value) for name, value in head[1] if name.lower() not in ("content-length", "etag")]
        start(head[0], [*kept, ("Content-Length", str(len(body))), ("Cache-Control", "no-store")])
        return [body]

    return wrapped


def _beats() -> Iterator[bytes]:
    """Which round this is, and a sign of life; it ends with this process."""
    while True:
        yield f"data: {ROUND}\n\n".encode()
        time.sleep(15)


def asgi(app: Callable[..., Any]) -> Callable[..., Any]:
    """The same for ASGI; everything but pages goes through untouched."""
    async def wrapped(scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        if scope["path"] == LIVE:
            await _live(receive, send)
            return
        answer = _Answer(send)
        try:
            await app(scope, receive, answer.send)
            await answer.finish()
        except Exception as error:
            if answer.is_sent:
                raise
            await answer.whole(500, [(b"content-type", b"text/html; charset=utf-8")], sorry(error))

    return wrapped


class _Answer:
    """One answer on its way: a page is kept until it is whole, anything else passes.

    A failure is kept until the app has returned: frameworks say only “error” and raise what it was afterwards.
    """

    def __init__(self, send: Callable[..., Any]) -> None:
        self._send, self._body = send, b""
        self._start: dict[str, Any] | None = None
        self.is_sent = False

    async def send(self, message: dict[str, Any]) -> None:
        """One message of the app's."""
        if message["type"] == "http.response.start":
            kind = dict(message.get("headers", ())).get(b"content-type", b"")
            if b"text/html" in kind or message["status"] >= 500:
                self._start = message
                return
        elif self._start is not None and message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body") and self._start["status"] < 500:
                await self.finish()
            return
        self.is_sent = True
        await self._send(message)

    async def finish(self) -> None:
        """Send what was kept."""
        if self._start is not None and not self.is_sent:
            headers = self._start["headers"]
            is_page = b"text/html" in dict(headers).get(b"content-type", b"")
            await self.whole(self._start["status"], headers, with_script(self._body) if is_page else self._body)

    async def whole(self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
        """Send a page at once."""
        self.is_sent = True
        kept = [pair for pair in headers if pair[0].lower() not in (b"content-length", b"etag")]
        length = (b"content-length", str(len(body)).encode())
        await self._send({"type": "http.response.start", "status": status,
                          "headers": [*kept, length, (b"cache-control", b"no-store")]})
        await self._send({"type": "http.response.body", "body": body})


async def _live(receive: Callable[..., Any], send: Callable[..., Any]) -> None:
    import asyncio

    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]})
    gone = asyncio.create_task(_gone(receive))
    while not gone.done():
        await send({"type": "http.response.body", "body": f"data: {ROUND}\n\n".encode(), "more_body": True})
        await asyncio.wait([gone], timeout=15)


async def _gone(receive: Callable[..., Any]) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


class _Threads(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Requests are no news: the log is for what the site's owner should see."""

    def address_string(self) -> str:
        """Without asking a name server."""
        return str(self.client_address[0])


main()
