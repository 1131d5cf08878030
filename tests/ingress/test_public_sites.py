"""What visitors of public sites get, through a real Caddy."""

from __future__ import annotations

from typing import Any

import pytest


def test_a_published_folder_is_served(world: Any) -> None:
    host = world.publish("static-page", world.folder("static-page", index_html="<h1>Hello</h1>"))

    answer = world.ask(host)

    assert (answer.status, answer.text) == (200, "<h1>Hello</h1>")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_capital_letters_in_the_address_do_not_matter(world: Any) -> None:
    world.publish("capitals", world.folder("capitals", index_html="here"))

    assert world.ask("CAPITALS.Dialup.LocalHost").text == "here"


def test_a_page_answers_without_its_ending(world: Any, write_file: Any) -> None:
    folder = world.folder("pretty", index_html="first", about_html="about us")
    write_file(folder / "blog.html", "all posts")
    write_file(folder / "blog" / "one.html", "post one")
    write_file(folder / "docs" / "index.html", "docs")
    host = world.publish("pretty", folder)

    assert world.ask(host, "/about").text == "about us"
    assert world.ask(host, "/blog").text == "all posts"
    assert world.ask(host, "/blog/one").text == "post one"
    assert world.ask(host, "/docs/").text == "docs"
    assert world.ask(host, "/docs").headers["Location"] == "/docs/"


def test_a_running_site_is_asked_for_everything_that_is_no_public_file(world: Any, write_file: Any) -> None:
    folder = world.folder("mixed")
    write_file(folder / "_next/static/a.css", "body{}")
    host = world.publish("mixed", folder, world.server("app").address)

    assert world.ask(host, "/_next/static/a.css").text == "body{}"
    assert world.ask(host, "/server.js").echo["name"] == "app"
    posted = world.ask(host, "/form?x=1", "POST", b"a=1").echo
    assert (posted["method"], posted["path"], posted["body"]) == ("POST", "/form?x=1", "a=1")


def test_a_site_whose_folder_is_its_own_upstreams_name_is_not_fooled(world: Any) -> None:
    """Only the file in `up/` decides; a public file called like an address is just a file."""
    folder = world.folder("fooled")
    (folder / "127.0.0.1:1").write_text("a file")
    host = world.publish("fooled", folder, world.server("app").address)

    assert world.ask(host, "/127.0.0.1:1").text == "a file"
    assert world.ask(host, "/").echo["name"] == "app"


@pytest.mark.parametrize("path", [
    "/.env", "/.git/HEAD", "/sub/.env", "/%2eenv", "/sub/%2Eenv", "/./.env", "//.env", "/sub//.env",
    "/x/../.env", "/.well-known/../.env", "/.well-known/.env", "/%2e/.env", "/.ENV", "/.env/", "/.env%00",
    "/.env.html", "/.hidden",
])
def test_hidden_files_stay_hidden(world: Any, write_file: Any, path: str) -> None:
    folder = world.folder("dots", index_html="x")
    for name in (".env", ".git/HEAD", "sub/.env", ".well-known/.env", ".hidden.html"):
        write_file(folder / name, "SECRET")
    host = world.publish("dots", folder)

    answer = world.ask(host, path)

    assert answer.status in (301, 308, 400, 404)
    assert "SECRET" not in answer.text


def test_well_known_files_are_served(world: Any, write_file: Any) -> None:
    folder = world.folder("well-known")
    write_file(folder / ".well-known/security.txt", "mail us")
    host = world.publish("well-known", folder)

    assert world.ask(host, "/.well-known/security.txt").text == "mail us"


@pytest.mark.parametrize("path", [
    "/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/%2e%2e%2fsecret.txt", "/..%5csecret.txt",
    "/a/../../secret.txt", "/a/..%2f..%2fsecret.txt", "/....//secret.txt", "/..;/secret.txt",
    "/%252e%252e/secret.txt", "/..%00/secret.txt", "//../secret.txt", "/..%c0%afsecret.txt",
    "/../../../../../../../../etc/passwd",
])
def test_nothing_outside_the_folder_can_be_reached(world: Any, write_file: Any, path: str) -> None:
    write_file(world.settings.home / "sites" / "secret.txt", "SECRET root:")
    host = world.publish("inside", world.folder("inside", index_html="x"))

    answer = world.ask(host, path)

    assert answer.status in (301, 308, 400, 404)
    assert b"SECRET" not in answer.body and b"root:" not in answer.body


def test_the_platforms_own_files_are_no_pages(world: Any) -> None:
    """`up/` lies beside `www/`; no path leads from one to the other."""
    host = world.publish("beside", world.folder("beside", index_html="x"), None)

    assert world.ask(host, "/../up/").status in (400, 404)
    assert world.ask(host, "/up/").status == 404


def test_an_address_without_a_site_says_so(world: Any) -> None:
    answer = world.ask("nobody.dialup.localhost", headers={"Accept": "text/html"})

    assert answer.status == 404
    assert "There is no site here" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_missing_page_of_a_site_is_not_a_missing_site(world: Any) -> None:
    host = world.publish("no-page", world.folder("no-page", index_html="x"))

    assert world.ask(host, "/nope").status == 404
    assert "This page does not exist" in world.ask(host, "/nope").text


def test_a_site_shows_its_own_page_for_what_is_missing(world: Any) -> None:
    folder = world.folder("own-404", index_html="x")
    (folder / "404.html").write_text("lost?")
    host = world.publish("own-404", folder)

    answer = world.ask(host, "/nope/deeper")

    assert (answer.status, answer.text) == (404, "lost?")
    assert world.ask(host, "/.env").text == "lost?"
    assert world.ask(host, "/nope", "POST", b"").status == 404


def test_a_running_sites_own_errors_reach_the_visitor_unchanged(world: Any) -> None:
    app = world.server("app")
    app.routes["/gone"] = lambda _: (410, [("Content-Type", "text/plain")], b"gone for good")
    app.routes["/broken"] = lambda _: (500, [("Content-Type", "text/plain")], b"sorry")
    host = world.publish("own-errors", None, app.address)

    assert (world.ask(host, "/gone").status, world.ask(host, "/gone").text) == (410, "gone for good")
    assert (world.ask(host, "/broken").status, world.ask(host, "/broken").text) == (500, "sorry")


def test_a_running_site_that_does_not_answer_has_a_page_that_tries_again(world: Any) -> None:
    app = world.server("app")
    host = world.publish("silent", None, app.address)
    app.close()

    answer = world.ask(host)

    assert answer.status == 502
    assert "This site is not answering" in answer.text
    assert answer.headers["Retry-After"] == "10"


def test_a_sleeping_site_leads_to_the_hubs_gate(world: Any) -> None:
    world.gate()
    host = world.publish("asleep", None, "gate")

    answer = world.ask(host, "/x?y=1")

    assert (answer.status, answer.echo["name"]) == (503, "gate")
    assert ["host", host] in answer.echo["headers"] and ["x-forwarded-uri", "/x?y=1"] in answer.echo["headers"]


@pytest.mark.parametrize("body", [None, b"x" * (3 << 20)])
def test_a_request_that_waited_at_the_gate_reaches_the_woken_site_whole(world: Any, body: bytes | None) -> None:
    host, app = world.publish("wakes", None, "gate"), world.server("app")

    def wake(_: Any) -> tuple[int, list[tuple[str, str]], bytes]:
        world.publish("wakes", None, app.address)
        return 204, [], b""

    world.on_socket("gate").routes["/_gate"] = wake
    answer = world.ask(host, "/x?y=1", "POST" if body else "GET", body)

    assert (answer.status, answer.echo["name"], answer.echo["path"]) == (200, "app", "/x?y=1")
    assert answer.echo["body"] == (body or b"").decode()


def test_a_websocket_that_waited_at_the_gate_is_opened(world: Any) -> None:
    host, app = world.publish("wakes-socket", None, "gate"), world.server("app")

    def wake(_: Any) -> tuple[int, list[tuple[str, str]], bytes]:
        world.publish("wakes-socket", None, app.address)
        return 204, [], b""

    world.on_socket("gate").routes["/_gate"] = wake
    with world.connect() as line:
        line.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhi\n"
                     .encode())
        said = b""
        while b"heard" not in said:
            piece = line.recv(4096)
            assert piece, said
            said += piece

    assert said.startswith(b"HTTP/1.1 101") and b"app heard hi" in said


def test_a_gate_that_lets_in_to_nothing_ends_in_a_page(world: Any) -> None:
    world.on_socket("gate").routes["/_gate"] = lambda _: (204, [], b"")

    answer = world.ask(world.publish("empty", None, "gate"), headers={"Accept": "text/html"})

    assert (answer.status, "This site is not answering" in answer.text) == (503, True)


def test_a_sleeping_site_fails_closed_while_the_hub_is_away(world: Any) -> None:
    host = world.publish("asleep-alone", None, "gate")
    (world.settings.run / "gate.sock").unlink(missing_ok=True)

    answer = world.ask(host)

    assert answer.status == 503
    assert "Back in a moment" in answer.text


@pytest.mark.parametrize("host", [
    "foreign.example", "127.0.0.1", "x.y.dialup.localhost", "localhost.evil.example", "xlocalhost", "",
    "blog.dialup.localhost.", "*.dialup.localhost", "[a-z]log.dialup.localhost", "b?og.dialup.localhost",
    "blog.dialup.localhost.evil.example", "..dialup.localhost", "%62log.dialup.localhost",
    "blog_.dialup.localhost", "blog~1.dialup.localhost", "{x}.dialup.localhost",
])
def test_other_names_are_hung_up_on(world: Any, host: str) -> None:
    world.publish("blog", world.folder("blog", index_html="SITE"))

    said = world.raw(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())

    assert b"SITE" not in said
    assert said == b"" or said.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("host", ["dialup.localhost", "localhost", "LOCALHOST"])
def test_the_bare_domain_leads_to_the_portal(world: Any, host: str) -> None:
    port = world.settings.port

    answer = world.ask(f"{host}:{port}", "/sites?x=1")

    assert answer.status == 302
    assert answer.headers["Location"] == f"http://admin.dialup.localhost:{port}/sites?x=1"


def test_what_has_its_digest_in_its_name_is_kept_and_the_rest_asked_for_again(
        world: Any, write_file: Any) -> None:
    folder = world.folder("cache", index_html="x")
    for_ever = ("_astro/page.Cw3_x.js", "_next/static/chunks/1.js", "app.0123456789abcdef.css")
    asked = ("style.css", "photo-20240101.jpg", "assets/a-original.js", "deadbeef.js")
    for name in (*for_ever, *asked):
        write_file(folder / name, name)
    host = world.publish("cache", folder)

    assert {world.ask(host, f"/{name}").headers["Cache-Control"] for name in for_ever} == {
        "public, max-age=31536000, immutable"}
    assert {world.ask(host, f"/{name}").headers["Cache-Control"] for name in asked} == {"no-cache"}


def test_an_unchanged_page_is_not_sent_twice(world: Any) -> None:
    host = world.publish("etag", world.folder("etag", index_html="x"))
    tag = world.ask(host).headers["ETag"]

    again = world.ask(host, headers={"If-None-Match": tag})

    assert (again.status, again.body) == (304, b"")
    assert again.headers["Cache-Control"] == "no-cache"


def test_a_missing_page_is_not_kept_even_under_a_hashed_name(world: Any) -> None:
    host = world.publish("not-kept", world.folder("not-kept", index_html="x"))

    assert world.ask(host, "/_astro/gone.js").headers["Cache-Control"] == "no-store"


def test_what_a_running_site_says_about_keeping_its_pages_is_left_alone(world: Any) -> None:
    app = world.server("app")
    app.routes["/kept"] = lambda _: (200, [("Cache-Control", "max-age=60")], b"kept")
    host = world.publish("app-cache", None, app.address)

    assert "Cache-Control" not in world.ask(host, "/_next/static/x.js").headers
    assert world.ask(host, "/kept").headers.get_all("Cache-Control") == ["max-age=60"]


def test_files_compressed_beforehand_are_sent_so(world: Any, write_file: Any) -> None:
    folder = world.folder("compressed", index_html="plain" * 400)
    write_file(folder / "index.html.br", b"brotli bytes")
    host = world.publish("compressed", folder)

    answer = world.ask(host, headers={"Accept-Encoding": "gzip, br"})

    assert (answer.headers["Content-Encoding"], answer.body) == ("br", b"brotli bytes")
    assert world.ask(host, headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in world.ask(host).headers


def test_visits_are_in_the_log_without_what_visitors_carry(world: Any) -> None:
    host = world.publish("logged", world.folder("logged", index_html="x"))
    world.ask(host, "/?code=s3cr3t-code&page=7", headers={"Cookie": "id=s3cr3t-cookie",
                                                         "Authorization": "Bearer s3cr3t-key"})

    log = (world.settings.home / "logs" / "access-sites.log").read_text()

    assert '"host":"logged.dialup.localhost"' in log and "page=7" in log
    assert "s3cr3t" not in log
