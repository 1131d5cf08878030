"""The Python and the notebook template as people live with them: previewed, edited, deployed, visited, in a real browser."""

from __future__ import annotations

import pytest

from dialup_ext.templates import unpack
from dialup_ext.testing.drivers import installed

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with installed("process", tmp_path_factory.mktemp("py") / "home", drain_seconds="0.5") as installation:
        yield installation


@pytest.fixture
def person(place, request):
    return place.account(request.node.name.replace("_", "-")[5:25].strip("-"))


def preview(place, person, kind, wait_until):
    """The workspace of a new site made from the template, and the address its preview listens on."""
    assert person.call("POST", "/sites", {"name": kind, "kind": kind}).status == 201
    folder = unpack(kind, place.home / "homes" / person.name / kind)
    person.call("POST", f"/sites/{kind}/preview")
    wait_until(lambda: person.call("GET", f"/sites/{kind}/preview").json["state"] in ("running", "failed"), 120)
    shown = person.call("GET", f"/sites/{kind}/preview").json
    assert shown["state"] == "running", shown
    live = place.home / "ingress/live" / f"{kind}-dev.{place.settings.domain}"
    return folder, f"http://{next((live / 'up').iterdir()).name}/"


def test_moon_is_edited_and_put_live(place, person, page, wait_until):
    folder, address = preview(place, person, "python", wait_until)
    page.goto(address)
    page.locator("svg.moon").wait_for()
    source = folder / "main.py"
    good = source.read_text()
    source.write_text(good.replace("week = [", "week = 1 / 0, ["))
    page.get_by_text("ZeroDivisionError: division by zero").first.wait_for()
    source.write_text(good + "\nimport nothing_like_this\n")
    page.get_by_text("No module named 'nothing_like_this'").first.wait_for()
    source.write_text(good)
    html = folder / "templates/page.html"
    html.write_text(html.read_text().replace("Another night", "One more night"))
    page.get_by_text("One more night").wait_for()

    person.deploy("python", folder)
    page.goto(f"http://python.{place.settings.domain}:{place.port}/on/2026-12-24")
    page.get_by_role("heading", name="Full moon").wait_for()
    page.get_by_label("One more night").fill("2026-12-09")
    page.get_by_role("button", name="Look up").click()
    page.get_by_role("heading", name="New moon").wait_for()
    assert page.url.endswith("/on/2026-12-09")


def test_tree_is_edited_and_put_live(place, person, page, wait_until):
    folder, address = preview(place, person, "notebook", wait_until)
    page.goto(address)
    page.get_by_role("button", name="Another seed").wait_for()
    book = folder / "index.ipynb"
    book.write_text(book.read_text().replace("# A tree that grows", "# A tree of my own"))
    page.get_by_role("heading", name="A tree of my own").wait_for(timeout=60_000)  # a kernel starts for it

    person.deploy("notebook", folder)
    page.goto(f"http://notebook.{place.settings.domain}:{place.port}/")
    button = page.get_by_role("button", name="Another seed")
    button.wait_for()
    before = page.locator("svg[aria-label^='A tree']").inner_html()
    button.click()
    page.wait_for_function("before => document.querySelector(\"svg[aria-label^='A tree']\").innerHTML !== before", arg=before)
    page.get_by_role("button", name="winter").click()
    page.locator("svg[aria-label='A tree in winter']").wait_for()
    assert "random.randrange" not in page.content()
