"""A site's page at the portal: sleep, data, variables and secrets, links; plain forms, answers in their place."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import update

from dialup_ext.handlers import words
from dialup_ext.store.tables import releases
from tests.handlers.test_portal import go_live


@pytest.fixture
def bob(running: Any, site: Any) -> Any:
    with running.browser("bob") as client:
        yield client


def test_a_secret_is_set_and_never_shown_again(bob: Any) -> None:
    done = bob.post("/sites/blog/env", data={"name": "API_KEY", "value": "hush-hush", "secret": "on"})
    assert (done.status_code, done.headers["Location"]) == (303, "/sites/blog?done=variable&part=env#env")
    plain = bob.post("/sites/blog/env", data={"name": "GREETING", "value": "two\r\nlines"})
    assert plain.status_code == 303
    page = bob.get("/sites/blog?done=variable&part=env").text
    assert "API_KEY" in page and "hush-hush" not in page
    assert "two\nlines" in page, "a form's line ends are not the program's"
    assert page.index("The variable is set.") > page.index('id="env"'), "said where one looks"
    assert bob.post("/sites/blog/env/remove", data={"name": "API_KEY"}).status_code == 303
    assert "API_KEY" not in bob.get("/sites/blog").text.replace('placeholder="API_KEY"', "")


def test_a_refused_variable_stays_in_the_form_but_not_a_secrets_value(bob: Any) -> None:
    refused = bob.post("/sites/blog/env", data={"name": "PORT", "value": "80<80"})
    assert refused.status_code == 400
    assert "dialup chooses where the program listens" in refused.text and "80&lt;80" in refused.text
    secret = bob.post("/sites/blog/env", data={"name": "PORT", "value": "hush-hush", "secret": "on"})
    assert secret.status_code == 400 and "hush-hush" not in secret.text
    assert "live.js" not in secret.text, "fetching this address again would not be this page"
    assert bob.get("/sites/blog/env").headers["Location"] == "/sites/blog#env"


def test_a_link_to_the_preview_is_shown_once_and_can_be_revoked(bob: Any) -> None:
    made = bob.post("/sites/blog/links", data={"hours": "24"})
    url = re.search(r'value="(http://blog-dev\.[^"]+)"', made.text)
    assert made.status_code == 201 and url
    page = bob.get("/sites/blog").text
    assert url[1] not in page and "ends in" in page
    revoke = re.search(r'action="(/sites/blog/links/[a-z0-9]+/revoke)#share"', page)
    assert revoke and bob.post(revoke[1]).headers["Location"] == "/sites/blog?done=unshared&part=share#share"
    assert "ends in" not in bob.get("/sites/blog").text
    assert bob.post("/sites/blog/links", data={"hours": "99999999999"}).status_code == 400


def test_how_long_until_it_sleeps_has_to_be_a_number(bob: Any) -> None:
    for form in ({"after": "own", "minutes": "soon"}, {"after": "own", "minutes": ""}, {"after": "-1"}, {}):
        refused = bob.post("/sites/blog/sleep", data=form)
        assert refused.status_code == 400 and "After how many minutes?" in refused.text, form


def test_sleep_and_a_data_folder_are_chosen(bob: Any) -> None:
    assert bob.post("/sites/blog/sleep", data={"after": "own", "minutes": "45"}).status_code == 303
    page = bob.get("/sites/blog?done=sleep&part=sleep").text
    assert 'value="own" checked' in page and 'value="45"' in page and "sleeps as you chose" in page
    assert bob.post("/sites/blog/sleep", data={"after": "never"}).headers["Location"].endswith("part=sleep#sleep")
    assert 'value="never" checked' in bob.get("/sites/blog").text
    assert bob.post("/sites/blog/data", data={"volume": "on"}).status_code == 303
    assert "Do without it" in bob.get("/sites/blog").text
    assert bob.post("/sites/blog/data", data={"volume": "off"}).status_code == 303
    assert "Give it a data folder" in bob.get("/sites/blog").text


def test_a_site_of_files_says_that_it_need_not_sleep(running: Any, site: Any, bob: Any) -> None:
    go_live(running, site)
    page = bob.get("/sites/blog").text
    assert "it need not sleep" in page and "no program reads them" in page and "none needed" in page
    assert "/sites/blog/restart" not in page and "/sites/blog/data" not in page
    refused = bob.post("/sites/blog/sleep", data={"after": "900"})
    assert refused.status_code == 400 and "made of files alone" in refused.text


def test_a_halted_site_says_why_and_offers_to_start_it(running: Any, site: Any, bob: Any) -> None:
    go_live(running, site)
    running.hub.context.sites.change(site.id, halted="It ended ten times in ten minutes.")
    page = bob.get("/sites/blog").text
    assert "It ended ten times in ten minutes." in page and "deploy sites logs blog" in page
    assert 'action="/sites/blog/start"' in page and "/sites/blog/stop" not in page


def test_a_sleeping_site_can_be_woken(running: Any, site: Any, bob: Any) -> None:
    go_live(running, site)
    with running.hub.store.begin() as connection:
        connection.execute(update(releases).values(runs=True))
    running.hub.context.sites.change(site.id, asleep=True, sleep_after=900)
    page = bob.get("/sites/blog").text
    assert "Asleep" in page and "none, it sleeps" in page and 'action="/sites/blog/wake"' in page


def test_other_peoples_sites_cannot_be_set_up(running: Any, site: Any) -> None:
    forms = {"sleep": {"after": "never"}, "data": {"volume": "on"}, "env": {"name": "A", "value": "b"},
             "env/remove": {"name": "A"}, "links": {"hours": "24"}, "links/abc/revoke": {}, "wake": {}}
    with running.browser("alice") as alice:
        for path, form in forms.items():
            assert alice.post(f"/sites/blog/{path}", data=form).status_code == 404, path
    with running.client(Origin="http://evil.example", Cookie=f"__Host-dialup={running.session('bob')}") as elsewhere:
        for path, form in forms.items():
            assert elsewhere.post(f"/sites/blog/{path}", data=form).status_code == 403, path


@pytest.mark.parametrize(("count", "text"), [(0, "0 B"), (999, "999 B"), (4096, "4.1 KB"), (51_000, "51 KB"),
                                             (1_200_000, "1.2 MB"), (3.4e9, "3.4 GB")])
def test_sizes_are_said_in_one_unit(count: float, text: str) -> None:
    assert words.size(count) == text
