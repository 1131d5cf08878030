"""Sites as Python objects, in a script: look, deploy, roll back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import timedelta

import pytest

from dialup_ext.client import DeployFailed, Dialup
from dialup_ext.client.choice import remember, site_for
from dialup_ext.client.duration import duration_said
from dialup_ext.client.table import ago, sites_html
from dialup_ext.client.words import megabytes, plain
from dialup_ext.errors import BadInput, Conflict, NotFound


@pytest.fixture
def d(transport):
    return Dialup(transport=transport)


def test_a_site_is_created_found_and_removed(d, name):
    made = d.sites.create(name)
    assert name in d.sites
    assert d.sites[name].address == made.address
    assert name in [site.name for site in d.sites]
    made.remove()
    assert name not in d.sites
    with pytest.raises(NotFound):
        d.sites[name]


@pytest.mark.parametrize(("said", "seconds"), [("15m", 900), ("1h", 3600), ("2d", 172800), (90, 90), ("90 s", 90),
                                               (timedelta(minutes=2), 120), ("never", None), (None, None)])
def test_a_site_sleeps_after_a_time_said_in_any_way(d, name, said, seconds):
    site = d.sites.create(name)
    site.sleep_after = said
    assert (site.sleep_after, d.sites[name].sleep_after) == (seconds, seconds)


@pytest.mark.parametrize("said", ["soon", "-5", "1.5h", "", "15 minutes"])
def test_a_time_nobody_understands_is_refused_before_it_is_sent(d, name, said):
    site = d.sites.create(name)
    with pytest.raises(BadInput) as refused:
        site.sleep_after = said
    assert refused.value.code == "bad_duration"
    assert "15m" in refused.value.hint


@pytest.mark.parametrize(("seconds", "words"), [(900, "15 minutes"), (60, "1 minute"), (5400, "90 minutes"),
                                                (86400, "1 day"), (61, "61 seconds"), (None, "never")])
def test_a_time_is_said_in_its_largest_whole_unit(seconds, words):
    assert duration_said(seconds) == words


def test_a_site_keeps_data_and_wakes(d, name):
    site = d.sites.create(name)
    site.volume = True
    assert d.sites[name].volume is True
    assert site.wake().name == name


def test_a_taken_name_and_a_bad_name_are_refused_with_a_way_out(d, name):
    d.sites.create(name)
    with pytest.raises(Conflict) as taken:
        d.sites.create(name)
    with pytest.raises(BadInput) as bad:
        d.sites.create("Ana’s Blog")
    assert taken.value.code == "name_taken"
    assert "ana" in bad.value.hint


def test_deploy_returns_when_it_is_live_and_tells_on_the_way(d, name, folder, capsys):
    site = d.sites.create(name).deploy(folder({"index.html": "x"}))

    assert (site.release, site.status) == (1, "active")
    said = capsys.readouterr()
    assert said.out == ""
    assert f"Deploying {name}\n1 file, 1 B\n" in said.err
    assert "Live" in said.err


def test_quiet_is_quiet(d, name, folder, capsys):
    d.sites.create(name).deploy(folder({"index.html": "x"}), quiet=True)
    assert capsys.readouterr() == ("", "")


def test_one_call_creates_and_deploys(d, name, folder):
    assert d.deploy(folder({"index.html": "x"}, name), quiet=True).name == name


def test_a_failed_deploy_says_all_of_it(fake, d, name, folder):
    site = d.sites.create(name)
    with pytest.raises(DeployFailed, match=r"(?s)did not answer.*EADDRINUSE.*listens on \$PORT"):
        site.deploy(folder({"index.html": "x", "FAIL": ""}), quiet=True)


def test_other_work_goes_on_during_an_awaited_deploy(d, name, folder):
    async def story() -> int:
        site = d.sites.create(name)
        going = asyncio.create_task(site.adeploy(folder({"index.html": "x"}), quiet=True))
        ticks = 0
        while not going.done():
            await asyncio.sleep(0)
            ticks += 1
        await going
        return ticks

    assert asyncio.run(story()) > 1


def test_rolling_back_and_the_list_of_releases(d, name, folder):
    root = folder({"index.html": "one"})
    site = d.sites.create(name).deploy(root, quiet=True)
    (root / "index.html").write_text("two!")
    site.deploy(root, quiet=True)
    site.rollback(quiet=True)

    assert site.release == 1
    assert [release["number"] for release in site.releases] == [2, 1]
    assert len(site.deployments) == 3


def test_stopping_and_starting(fake, d, name):
    site = d.sites.create(name)
    assert site.stop().status == "stopped"
    assert site.start().status == "active"


def test_the_last_lines_of_the_log_read_as_text(fake, d, name):
    site = d.sites.create(name)
    assert repr(site.logs.tail(50)) == "line 47\nline 48\nline 49"
    assert list(site.logs.follow()) == ["one", "two"]


def test_usage_is_rows_or_a_table(d, name):
    d.sites.create(name)
    assert d.sites[name].usage()["name"] == name
    rows = d.usage()
    assert name in ([row["name"] for row in rows] if isinstance(rows, list) else list(rows.index))


def test_a_table_of_sites_escapes_what_people_wrote():
    hostile = {"name": "<b>", "status": "active", "kind": "static", "address": 'javascript:alert("x")',
               "live_release": None, "last_deployed": None}
    html = sites_html([hostile])

    assert "<b>" not in html
    assert "href" not in html


def test_text_for_terminals_carries_no_commands():
    assert plain("\x1b[2J\x1b]0;title\x07a\x1b[31mb\x1b[0m\rc\td\u009b1m") == "abc\td1m"


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KB"), (340 << 10, "340 KB"),
                                            (5 << 20, "5.0 MB"), (3 << 40, "3072 GB")])
def test_sizes_are_read_by_people(size, text):
    assert megabytes(size) == text


def test_moments_are_read_by_people():
    from datetime import UTC, datetime

    now = datetime(2026, 1, 2, 12, tzinfo=UTC)
    assert ago("2026-01-02T11:58:00+00:00", now) == "2 min ago"
    assert ago("2026-01-02T11:58:00Z", now) == "2 min ago"
    assert ago("2025-12-30T11:00:00+00:00", now) == "3 days ago"
    assert ago(None) == ago("rubbish") == ""


def test_a_folder_remembers_its_site_but_its_own_name_needs_no_note(folder):
    root = folder({"index.html": "x"}, "My Blog")
    assert site_for(root, None, portal="p") == "my-blog"
    remember(root, "my-blog", portal="p")
    assert not (root / ".dialup-site.json").exists()
    remember(root, "travel", portal="p")
    assert site_for(root, None, portal="p") == "travel"
    assert site_for(root, None, portal="another") == "my-blog"
    assert site_for(root, "https://work.d.org/", portal="p", domain="d.org") == "work"
    remember(root, "my-blog", portal="p")
    assert site_for(root, None, portal="p") == "my-blog"


def test_an_address_of_another_server_is_refused(folder):
    with pytest.raises(BadInput, match=r"x\.elsewhere\.org") as refusal:
        site_for(folder({"a": ""}), "x.elsewhere.org", portal="p", domain="d.org")
    assert refusal.value.hint.endswith("x.d.org")


def test_importing_the_package_loads_no_client():
    code = "import sys, dialup_ext; print([m for m in ('httpx', 'ipywidgets', 'rich', 'tornado') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_client_loads_neither_hub_nor_widgets():
    code = ("import sys; from dialup_ext import Dialup;"
            "print([m for m in ('sqlalchemy', 'tornado', 'ipywidgets', 'IPython', 'dialup_ext.hub') if m in sys.modules])")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
