"""The dashboards as a person sees them: a real lab, real Voila, a real browser."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

DATA = Path(__file__).parents[1] / "dashboards"
SHOTS = os.environ.get("DIALUP_SHOTS")
pytestmark = pytest.mark.browser


@pytest.fixture
def data(hub):
    overview = json.loads((DATA / "overview.json").read_text())
    usage = json.loads((DATA / "usage.json").read_text())
    hub.answers.update({
        ("GET", "/overview"): lambda _body: overview,
        ("GET", "/usage"): lambda _body: usage,
        ("GET", "/me"): {"account": {"name": "ada", "role": "admin"}},
    })
    return {"overview": overview, "usage": usage}


def kernels(lab):
    return {kernel["id"] for kernel in lab.json("GET", "/api/kernels")[1]}


@pytest.mark.parametrize("name", ["overview", "resources"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_dashboard_shows_its_numbers_without_code_or_the_network(name, scheme, chromium, lab, data):
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, color_scheme=scheme, base_url=lab.url,
                                   extra_http_headers={"X-Dialup-User": "ada", "X-Dialup-Lab": "a-secret-of-this-lab-only"})
    page = context.new_page()
    elsewhere, complaints = [], []
    page.on("request", lambda request: request.url.startswith(("http", "ws"))
            and f"127.0.0.1:{lab.port}" not in request.url and elsewhere.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    begun = time.monotonic()
    page.goto(f"/dialup/dashboards/{name}")
    page.get_by_role("heading", level=1).wait_for()
    print(name, "numbers after", round(time.monotonic() - begun, 2), "s")
    assert "guestbook" in page.inner_text("body")
    assert page.get_by_text("from dialup_ext").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    for width in (1280, 400):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/dash-{name}-{scheme}-{width}.png", full_page=True)
    assert elsewhere == []
    assert complaints == []
    context.close()
