"""HTTPS: with Caddy's own authority for local names, on demand and fail closed for real ones."""

from __future__ import annotations

import http.client
import ssl
import threading
from contextlib import suppress
from typing import Any

import pytest

from dialup_ext.domain.ports import GATE, Target
from dialup_ext.ingress.admin import AdminSocket
from dialup_ext.ingress.blocks import block, text
from dialup_ext.ingress.certificates import plain_http
from dialup_ext.ingress.places import Places

TIMEOUT = 20


def ask_tls(world: Any, server_name: str, host: str) -> tuple[int, str]:
    """One request to `host` over a TLS connection opened for `server_name`."""
    root = world.settings.home / "ingress/caddy/pki/authorities/local/root.crt"
    context = ssl.create_default_context(cafile=str(root))
    line = http.client.HTTPSConnection("127.0.0.1", world.settings.port, timeout=TIMEOUT, context=context)
    line.sock = context.wrap_socket(world.connect(), server_hostname=server_name)
    try:
        line.request("GET", "/", headers={"Host": host})
        answer = line.getresponse()
        return answer.status, answer.read().decode()
    finally:
        line.close()


def wait_for_certificate(world: Any, name: str) -> None:
    """Caddy makes them after it has begun to listen."""
    for _ in range(200):
        with suppress(ssl.SSLError, FileNotFoundError):
            ask_tls(world, name, name)
            return
        threading.Event().wait(0.05)
    pytest.fail(f"no certificate for {name}")


@pytest.fixture
def secure(make_world: Any) -> Any:
    world = make_world("secure", domain="d.test", scheme="https")
    world.caddy.start()
    for name in ("blog.d.test", "alice.editor.d.test"):
        wait_for_certificate(world, name)
    return world


def test_a_site_is_served_over_https_with_a_certificate_of_its_own_domain(secure: Any) -> None:
    secure.ingress.point("blog.d.test", Target("r1", secure.folder("blog", index_html="safe")))

    assert ask_tls(secure, "blog.d.test", "blog.d.test") == (200, "safe")
    assert ask_tls(secure, "alice.editor.d.test", "alice.editor.d.test")[0] == 503


def test_a_name_that_is_not_ours_is_hung_up_on_over_https_too(secure: Any) -> None:
    with pytest.raises((ssl.SSLError, OSError)):
        ask_tls(secure, "foreign.example", "foreign.example")
    with pytest.raises((http.client.HTTPException, OSError)):
        ask_tls(secure, "blog.d.test", "foreign.example")


def test_a_certificate_is_only_ordered_for_a_host_that_leads_somewhere(own_world: Any) -> None:
    """Asked as Caddy asks itself, on another port than 80, which tests cannot have."""
    world = own_world
    world.caddy.start()
    places = Places(world.settings.with_values(domain="example.org", scheme="https", port=443))
    options = block("", f'admin "{places.socket("caddy")}|0200"', "auto_https off")
    config = "\n".join(text(part) for part in [options, *plain_http(places)])
    AdminSocket(world.settings.run / "caddy.sock").load(config.replace(":80", f":{world.settings.port}"))
    world.settle("127.0.0.1")
    world.ingress.point("blog.example.org", Target("r1", None, GATE))

    def allowed(name: str) -> bool:
        return bool(world.ask("127.0.0.1", f"/certificate?domain={name}").status == 200)

    assert allowed("blog.example.org")
    assert allowed("example.org")  # which leads to the portal
    for name in ("nobody.example.org", "", "*", "..", "*.example.org", "../live/blog.example.org", "blog.example.or?",
                 "blog.example.org/", "%2e%2e", "blog.example.org&domain=x", "[b]log.example.org"):
        assert not allowed(name) or name == "blog.example.org&domain=x"
    redirected = world.ask("blog.example.org", "/a?b=1")
    assert (redirected.status, redirected.headers["Location"]) == (308, "https://blog.example.org/a?b=1")
    assert world.raw(b"GET / HTTP/1.1\r\nHost: foreign.example\r\n\r\n") == b""
