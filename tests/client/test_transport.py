"""Talking to a hub: addresses, keys, failures in words, and what is tried again."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import stat
import subprocess
import threading

import pytest

from dialup_ext.client import sse
from dialup_ext.client.address import portal_url
from dialup_ext.client.credentials import Credentials, Login, find_login
from dialup_ext.client.transport import Transport
from dialup_ext.errors import BadInput, NotFound, NotLoggedIn, Unavailable


@pytest.mark.parametrize(("typed", "portal"), [
    ("yourdomain.com", "https://admin.yourdomain.com"),
    ("admin.yourdomain.com", "https://admin.yourdomain.com"),
    ("https://yourdomain.com/keys", "https://admin.yourdomain.com"),
    ("https://Admin.YourDomain.com:8443/", "https://admin.yourdomain.com:8443"),
    ("dialup.localhost:8080", "http://admin.dialup.localhost:8080"),
    ("http://admin.dialup.localhost:8080", "http://admin.dialup.localhost:8080"),
    ("127.0.0.1:9000", "http://127.0.0.1:9000"),
    ("http://[::1]:9000", "http://[::1]:9000"),
])
def test_a_server_is_found_from_what_people_type(typed, portal):
    assert portal_url(typed) == portal


@pytest.mark.parametrize("typed", ["", "   ", "ftp://x.org", "https://ana:pw@x.org", "x.org:port", "https://"])
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(BadInput):
        portal_url(typed)


def test_a_key_never_travels_unencrypted():
    with pytest.raises(BadInput) as refusal:
        portal_url("http://yourdomain.com")
    assert refusal.value.code == "insecure_server"
    assert "yourdomain.com" in refusal.value.hint


def test_names_below_localhost_reach_this_computer(transport):
    assert transport.get("/me")["account"]["name"]


def test_a_socket_needs_no_key(fake, tmp_path, monkeypatch):
    other = type(fake)()
    other.start(unix=tmp_path / "hub.sock")
    monkeypatch.setenv("DIALUP_HUB_SOCKET", str(tmp_path / "hub.sock"))
    try:
        with Transport.for_here() as transport:
            assert transport.get("/me")["account"]["name"] == "ana"
    finally:
        other.stop()


def test_a_refusal_comes_back_as_the_servers_words(transport):
    with pytest.raises(NotFound) as refusal:
        transport.get("/sites/nothing-here")
    assert "nothing-here" in refusal.value.message
    assert refusal.value.code == "site_not_found"


def test_another_accounts_site_is_as_unknown_as_none(transport, other, name):
    transport.post("/sites", {"name": name})
    with pytest.raises(NotFound) as refusal:
        other.get(f"/sites/{name}")
    with pytest.raises(NotFound) as none:
        other.get(f"/sites/{name[:-1]}0x")
    assert refusal.value.code == none.value.code


def test_a_revoked_key_is_not_logged_in(hub):
    with Transport(hub.url, key="dlp_revoked") as transport, pytest.raises(NotLoggedIn):
        transport.get("/me")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_nobody_listening_is_said_with_the_address():
    with Transport(f"http://admin.x.localhost:{free_port()}") as transport, pytest.raises(Unavailable) as refusal:
        transport.get("/me")
    assert refusal.value.code == "server_down"
    assert "admin.x.localhost" in refusal.value.message


def test_an_unknown_name_is_said(monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with Transport("https://admin.nowhere.invalid") as transport, pytest.raises(Unavailable) as refusal:
        transport.get("/me")
    assert refusal.value.code == "unknown_server"


def test_a_missing_socket_is_said_without_its_path(tmp_path):
    with Transport.for_socket(tmp_path / "none.sock") as transport, pytest.raises(Unavailable) as refusal:
        transport.get("/me")
    assert refusal.value.code == "hub_down"
    assert str(tmp_path) not in str(refusal.value)


def answering(text: bytes) -> tuple[int, threading.Thread, list[bytes]]:
    """A server that reads a request and answers `text`, once for each of two connections."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)
    asked: list[bytes] = []

    def serve() -> None:
        with listener:
            near, _ = listener.accept()
            with near:
                asked.append(near.recv(65536))
                near.sendall(text)

    thread = threading.Thread(target=serve)
    thread.start()
    return listener.getsockname()[1], thread, asked


@pytest.mark.parametrize("text", [
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<h1>",
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n",
])
def test_a_server_that_is_no_dialup_is_recognised_and_not_followed(text):
    port, thread, asked = answering(text)
    with Transport(f"http://127.0.0.1:{port}", key="dlp_x") as transport, pytest.raises(Unavailable) as refusal:
        transport.get("/me")
    thread.join()
    assert refusal.value.code == "not_dialup"
    assert b"Bearer dlp_x" in asked[0]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_an_untrusted_certificate_is_said(tmp_path):
    context = _self_signed(tmp_path)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener:
            near, _ = listener.accept()
            try:
                context.wrap_socket(near, server_side=True).close()
            except OSError:
                near.close()

    thread = threading.Thread(target=serve)
    thread.start()
    url = f"https://admin.x.localhost:{listener.getsockname()[1]}"
    with Transport(url) as transport, pytest.raises(Unavailable) as refusal:
        transport.get("/me")
    thread.join()
    assert refusal.value.code == "bad_certificate"
    assert "self-signed" in refusal.value.message


def _self_signed(folder) -> ssl.SSLContext:
    pem = folder / "server.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-keyout", pem, "-out",
                    folder / "made.pem", "-subj", "/CN=admin.x.localhost"], check=True, capture_output=True)
    pem.write_bytes(pem.read_bytes() + (folder / "made.pem").read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def test_events_are_read_as_the_standard_says():
    lines = [": hello", "", "id: 1", "event: log", 'data: {"line":', 'data: "a"}', "", "data: x", "", "retry: 5",
             "event: cut", "data: never"]
    found = list(sse.parse(lines))

    assert [(event.name, event.id) for event in found] == [("log", "1"), ("message", "1")]
    assert found[0].data == {"line": "a"}
    assert found[1].data is None


def test_logins_are_kept_for_their_owner_alone():
    credentials = Credentials()
    credentials.save(Login("https://admin.a.org", "dlp_a", "ana", "a.org"))
    credentials.save(Login("https://admin.b.org", "dlp_b", "ana", "b.org"))

    assert stat.S_IMODE(credentials.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(credentials.path.parent.stat().st_mode) == 0o700
    assert [login.portal for login in credentials.logins()] == ["https://admin.b.org", "https://admin.a.org"]
    assert "dlp_a" not in repr(credentials.logins())


def test_an_address_chooses_among_several_logins():
    Credentials().save(Login("https://admin.a.org", "dlp_a", "ana", "a.org"))
    Credentials().save(Login("https://admin.b.org", "dlp_b", "ana", "b.org"))

    assert find_login(domain_of="blog.a.org").key == "dlp_a"
    assert find_login().key == "dlp_b"
    assert find_login("a.org").key == "dlp_a"


def test_the_environment_wins_over_the_file(monkeypatch):
    Credentials().save(Login("https://admin.a.org", "dlp_a", "ana", "a.org"))
    monkeypatch.setenv("DIALUP_KEY", " dlp_ci\n")
    assert find_login().key == "dlp_ci"
    monkeypatch.setenv("DIALUP_SERVER", "c.org")
    assert (find_login().portal, find_login().key) == ("https://admin.c.org", "dlp_ci")


def test_without_a_login_the_way_in_is_told():
    with pytest.raises(NotLoggedIn, match="not logged in") as refusal:
        Transport.for_here()
    assert "deploy login --server" in refusal.value.hint


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"servers": {"x": 1}})])
def test_a_broken_file_of_logins_is_named(text):
    credentials = Credentials()
    credentials.path.parent.mkdir(parents=True)
    credentials.path.write_text(text)
    with pytest.raises(BadInput, match=r"credentials\.json"):
        credentials.logins()
