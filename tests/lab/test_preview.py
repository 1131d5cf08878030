"""A preview below the lab's own address: reached, and kept from acting as the person."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

NUMBERS = itertools.count(1)


class Asked(list):
    """What a preview was asked, and where it is."""

    site = ""
    answer: dict


@pytest.fixture
def preview(hub):
    """A running preview that says what it was asked, and a hub that knows where it is."""
    asked = Asked()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, dict(self.headers)))
            html = self.path == "/"
            body = b"<h1>Hi</h1><script>document.title = self.origin</script>" if html else json.dumps(self.path).encode()
            self.send_response(302 if self.path == "/away" else 200)
            if self.path == "/away":
                self.send_header("Location", "/there")
            self.send_header("Content-Type", "text/html" if html else "application/json")
            self.send_header("Set-Cookie", "_xsrf=stolen; Path=/")
            self.send_header("Content-Security-Policy", "default-src *")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_):
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    asked.site = f"blog-{next(NUMBERS)}"  # the lab believes an address for a while
    asked.answer = {"site": asked.site, "state": "running", "upstream": f"127.0.0.1:{server.server_address[1]}"}
    hub.answers["GET", f"/sites/{asked.site}/preview"] = asked.answer
    yield asked
    server.shutdown()
    server.server_close()


def test_the_page_is_sandboxed_and_its_cookies_are_dropped(lab, preview):
    status, headers, body = lab.request("GET", f"/dialup/preview/{preview.site}/")
    assert status == 200
    assert b"<h1>Hi</h1>" in body
    assert headers.get_all("Content-Security-Policy") == [
        "sandbox allow-scripts allow-forms allow-modals allow-popups allow-downloads; frame-ancestors 'self'"]
    assert headers.get_all("Set-Cookie") is None
    assert lab.request("GET", f"/dialup/preview/{preview.site}/away")[1]["Location"] == f"/dialup/preview/{preview.site}/there"


def test_no_credential_reaches_the_preview(lab, preview, edge):
    lab.request("GET", f"/dialup/preview/{preview.site}/a?b=c", headers={
        **edge, "Cookie": "_xsrf=x", "Authorization": "token x", "X-XSRFToken": "x", "Remote-User": "ada",
        "Referer": lab.url})
    path, headers = preview[-1]
    assert path == "/a?b=c"
    sent = {name.lower() for name in headers}
    assert not sent & {"cookie", "authorization", "x-xsrftoken", "remote-user", "referer", "origin"}
    assert not [name for name in sent if name.startswith("x-dialup-")]


def test_the_previews_code_has_no_origin_in_the_lab(page, preview):
    page.goto(f"/dialup/preview/{preview.site}/")
    page.wait_for_function("document.title")
    assert page.title() == "null"


def test_a_websocket_of_a_sandboxed_page_passes_and_a_strangers_does_not(lab, hub, edge, page):
    from tornado import httpserver, ioloop, netutil, web, websocket

    class Echo(websocket.WebSocketHandler):
        def check_origin(self, origin):
            return True

        def open(self):
            self.write_message(" ".join(sorted(name.lower() for name in self.request.headers)))

    class Page(web.RequestHandler):
        def get(self):
            self.write("""<script>const socket = new WebSocket(new URL('live', location).href.replace('http', 'ws'));
                socket.onmessage = (message) => (document.title = message.data)</script>""")

    [listening] = netutil.bind_sockets(0, "127.0.0.1")
    loops = []

    def serve():
        import asyncio

        async def run():
            loops.append((ioloop.IOLoop.current(), asyncio.Event()))
            server = httpserver.HTTPServer(web.Application([("/live", Echo), ("/", Page)]))
            server.add_socket(listening)
            await loops[0][1].wait()
            server.stop()

        asyncio.run(run())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    hub.answers["GET", "/sites/talk/preview"] = {"upstream": f"127.0.0.1:{listening.getsockname()[1]}"}
    page.goto("/dialup/preview/talk/")
    page.wait_for_function("document.title.includes('sec-websocket-key')")
    assert "cookie" not in page.title().split()
    assert not [name for name in page.title().split() if name.startswith("x-dialup-")]

    handshake = {**edge, "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                 "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    stranger = http.client.HTTPConnection("127.0.0.1", lab.port, timeout=20)
    stranger.request("GET", "/dialup/preview/talk/live", headers={**handshake, "Origin": "http://evil.example"})
    with stranger.getresponse() as answer:
        assert answer.status == 403
    stranger.close()
    loops[0][0].add_callback(loops[0][1].set)
    thread.join(10)


def test_a_preview_that_does_not_answer_is_asked_for_again(lab, hub, preview):
    running = preview.answer
    hub.answers["GET", "/sites/moved/preview"] = {"upstream": "127.0.0.1:9"}
    status, error = lab.json("GET", "/dialup/preview/moved/")
    assert (status, error["code"]) == (503, "preview_silent")
    hub.answers["GET", "/sites/moved/preview"] = running
    assert lab.request("GET", "/dialup/preview/moved/")[0] == 200


def test_a_preview_that_does_not_run_says_so(lab, hub):
    hub.answers["GET", "/sites/radio/preview"] = {"site": "radio", "state": "stopped", "upstream": None}
    status, error = lab.json("GET", "/dialup/preview/radio/")
    assert (status, error["code"]) == (409, "preview_not_running")


def test_other_peoples_sites_are_not_found(lab):
    assert lab.json("GET", "/dialup/preview/strange/")[0] == 404


def test_a_missing_slash_is_added(lab, preview):
    status, headers, _ = lab.request("GET", f"/dialup/preview/{preview.site}")
    assert (status, headers["Location"]) == (302, f"/dialup/preview/{preview.site}/")
