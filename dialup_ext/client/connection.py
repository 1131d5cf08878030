"""How bytes reach a hub, and what to say when they do not.

Names ending in `.localhost` are connected to 127.0.0.1 with their Host header kept: browsers do
that by themselves, the resolver that Python asks usually does not.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from dialup_ext.client.address import is_this_computer
from dialup_ext.errors import Unavailable

TIMEOUT = httpx.Timeout(60.0, connect=10.0)
"""Seconds. Reading is generous: checking a large manifest on a small server takes a while."""


def http_client(portal: str, *, socket: str | None, headers: Mapping[str, str]) -> httpx.Client:
    """A client bound to one hub. Proxies from the environment are used only for distant servers."""
    transport: httpx.BaseTransport | None = None
    if socket:
        transport = Door(socket)
    elif is_this_computer(urlsplit(portal).hostname or ""):
        transport = Loopback()
    agent = {"User-Agent": "dialup-client", "Accept": "application/json"}
    return httpx.Client(base_url=portal, transport=transport, headers={**agent, **headers}, timeout=TIMEOUT,
                        follow_redirects=False)


class Door(httpx.BaseTransport):
    """Connects everything to one unix socket. A missing one is refused before a connection is made."""

    def __init__(self, socket: str) -> None:
        self._socket = Path(socket)
        self._inner = httpx.HTTPTransport(uds=socket)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not self._socket.is_socket():
            raise httpx.ConnectError("the socket is not there", request=request)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


class Loopback(httpx.BaseTransport):
    """Connects every `*.localhost` name to 127.0.0.1; the request still carries the name."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        if host.endswith("localhost"):
            request.extensions = {**request.extensions, "sni_hostname": host}
            request.url = request.url.copy_with(host="127.0.0.1")
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def may_succeed_again(error: httpx.HTTPError) -> bool:
    """False when asking again at once is pointless: unknown name, untrusted certificate, bad protocol."""
    pointless = isinstance(error, httpx.UnsupportedProtocol) or _is_tls(error) or _is_unknown_name(error)
    return isinstance(error, httpx.TransportError) and not pointless


def explain(error: httpx.HTTPError, portal: str, socket: str | None) -> Unavailable:
    """The failure in words for a person."""
    host = urlsplit(portal).hostname or portal
    if socket:
        return Unavailable("The dialup server of this lab is not answering.", code="hub_down",
                           hint="Sites stay up meanwhile. Try again in a minute, or tell your admin.")
    if _is_unknown_name(error):
        return Unavailable(f"There is no server called {host}.", code="unknown_server",
                           hint="Check the spelling of the domain, and your network.")
    if _is_tls(error):
        return Unavailable(f"The certificate of {host} cannot be trusted: {_reason(error)}.", code="bad_certificate",
                           hint="Check this computer's clock and the domain; else tell your admin.")
    if isinstance(error, httpx.ConnectError):
        return Unavailable(f"Nothing answers at {portal}.", code="server_down",
                           hint="Check that the server is running and that the address is right.")
    if isinstance(error, httpx.TimeoutException):
        return Unavailable(f"{host} took too long to answer.", code="timeout",
                           hint="Try again; if it stays slow, tell your admin.")
    return Unavailable(f"The connection to {host} broke.", code="connection_lost", hint="Try again.")


def _is_tls(error: BaseException) -> bool:
    return any(isinstance(link, ssl.SSLError) for link in _chain(error))


def _is_unknown_name(error: BaseException) -> bool:
    words = ("name or service not known", "nodename nor servname", "name resolution", "no address associated",
             "getaddrinfo failed")
    return isinstance(error, httpx.ConnectError) and any(word in str(error).lower() for word in words)


def _reason(error: BaseException) -> str:
    found = [link for link in _chain(error) if isinstance(link, ssl.SSLError)]
    return str(getattr(found[-1], "verify_message", "") or found[-1].reason or "unknown").lower()


def _chain(error: BaseException) -> list[BaseException]:
    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in links:
        links.append(link)
        link = link.__cause__ or link.__context__
    return links
