"""The last step of a Python preview: serve the app, and again after each save. Given with `python -c`.

Arguments: the program that serves, the one that finds the app, and the folder of the packages. While
the app cannot start, the preview's address shows why, until the next save.
"""

import html
import os
import signal
import socketserver
import subprocess
import sys
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType

SERVE, FIND, PACKAGES = sys.argv[1:4]
LOOK = 0.3
"""Seconds between two looks at the files."""

SUFFIXES = (".py", ".html", ".jinja", ".j2", ".css", ".js", ".svg", ".md", ".txt", ".json", ".toml", ".yaml", ".yml", ".ini")
LEFT_OUT = {"node_modules", "__pycache__", "venv", "site-packages"}
MOST = 4000


def look() -> dict[str, int]:
    """When each file of the site was last written; hidden ones left out."""
    found: dict[str, int] = {}
    for folder, names, files in os.walk("."):
        names[:] = [name for name in names if not name.startswith(".") and name not in LEFT_OUT]
        for name in files:
            path = os.path.join(folder, name)  # noqa: PTH118 - asked three times a second
            if name.endswith(SUFFIXES) and len(found) < MOST:
                try:
                    found[path] = os.stat(path).st_mtime_ns  # noqa: PTH116
                except OSError:
                    continue
    return found


class Program:
    """The app's own process, and the last it said."""

    def __init__(self, number: int) -> None:
        self.said: deque[str] = deque(maxlen=60)
        environment = {**os.environ, "PYTHONPATH": PACKAGES, "DIALUP_ROUND": str(number), "PYTHONDONTWRITEBYTECODE": "1"}
        self._child = subprocess.Popen([sys.executable, "-c", SERVE, FIND], env=environment, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True, errors="replace")
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._child.stdout or ():
            sys.stderr.write(line)
            sys.stderr.flush()
            self.said.append(line.rstrip())

    def is_over(self) -> bool:
        """True when it ended by itself; all it said has been read then."""
        if self._child.poll() is None:
            return False
        self._reader.join(2)
        return True

    def end(self) -> None:
        """Ask it to stop, then make it."""
        self._child.terminate()
        try:
            self._child.wait(3)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


class Sorry(BaseHTTPRequestHandler):
    """What the preview shows instead of an app that cannot start."""

    said: tuple[str, ...] = ()

    def do_GET(self) -> None:
        """The traceback, on a page that looks again by itself; pages that were open are told to load it."""
        if self.path == "/__dialup/live":
            self._tell("text/event-stream", b"data: it does not start\n\n", 200)
            return
        lines = "\n".join(self.said) or "It said nothing."
        self._tell("text/html; charset=utf-8", PAGE.replace("%LINES%", html.escape(lines)).encode(), 500)

    def _tell(self, kind: str, body: bytes, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the library's way of naming

    def log_message(self, *_: object) -> None:
        """Nothing."""


class _Server(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True


def sorry(said: list[str]) -> socketserver.BaseServer:
    """Show `said` at the preview's address until it is shut down."""
    handler = type("_Sorry", (Sorry,), {"said": tuple(said)})
    server = _Server((os.environ["HOST"], int(os.environ["PORT"])), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    return server


def main() -> None:
    """Round after round: serve, notice a save, serve anew."""
    def leave(_signal: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    for asked in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked, leave)
    number, seen = 0, look()
    while True:
        number += 1
        program = Program(number)
        page: socketserver.BaseServer | None = None
        try:
            while (now := look()) == seen:
                if page is None and program.is_over():
                    page = sorry(list(program.said))
                time.sleep(LOOK)
            seen = now
        finally:
            program.end()
            if page is not None:
                page.shutdown()
                page.server_close()


PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="refresh" content="2"><title>It does not start</title><style>:root{color-scheme:light dark}
body{margin:0;padding:2rem 1.25rem;font:1.0625rem/1.6 system-ui,sans-serif;background:light-dark(#f7f6f3,#14161a);
color:light-dark(#1f2328,#e9ebee)}main{max-width:56rem;margin:auto}pre{font:.8125rem/1.55 ui-monospace,monospace;padding:1rem;
overflow:auto;border:1px solid light-dark(#e5e2dc,#2c3038);border-radius:12px;background:light-dark(#fff,#1c1f25)}
p{color:light-dark(#636972,#9aa1ab)}</style><main><h1>The app does not start</h1><pre tabindex="0">%LINES%</pre>
<p>Mend it and save: this page looks again by itself.</p></main><script>
if (window.parent !== window) window.parent.postMessage({source: 'dialup-preview', type: 'error', url: location.href, errors: 1,
  message: document.querySelector('pre').textContent.trim().split('\\n').pop().slice(0, 500)}, '*');
</script></html>"""

main()
