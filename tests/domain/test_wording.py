"""One word for each state, wherever it is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dialup_ext.domain import wording
from dialup_ext.domain.deployment import Status
from dialup_ext.domain.site import Kind, SiteStatus

ROOT = Path(__file__).parents[2]
PANEL = (ROOT / "labextension/src/words.ts").read_text()


def plain_words(function: str) -> dict[str, str]:
    """`key: trans.__('Word')` inside a function of the panel."""
    body = PANEL.partition(f"function {function}(")[2].partition("\n}")[0]
    return dict(re.findall(r"(\w+): trans\.__\('([^']+)'\)", body))


def test_the_panel_says_the_same_words_as_everything_in_python() -> None:
    sites = re.findall(r"(\w+): \{ tone: '(\w+)', word: trans\.__\('([^']+)'\) \}", PANEL)
    assert {key: (tone, word) for key, tone, word in sites} == {k: tuple(v) for k, v in wording.SITES.items()}
    assert plain_words("statusWord") == {key: said.word for key, said in wording.DEPLOYMENTS.items()}
    assert plain_words("kindWord") == wording.KINDS
    assert f"tone: '{wording.EDITING.tone}', word: trans.__('{wording.EDITING.word}')" in PANEL


def test_every_state_and_kind_there_is_has_a_word() -> None:
    assert set(wording.SITES) == {status.value for status in SiteStatus}
    assert set(wording.DEPLOYMENTS) == {status.value for status in Status}
    assert {kind.value for kind in Kind} <= set(wording.KINDS)


def test_editing_says_whether_something_is_live() -> None:
    assert wording.site_said("editing", {"number": 1}).word == "Live, editing"
    assert wording.site_said("editing", None).word == "Editing"


def test_a_state_of_a_newer_server_is_shown_as_it_is() -> None:
    assert wording.site_said("haunted", 1) == ("quiet", "Haunted")
    assert wording.kind_said("deno") == "Deno"


@pytest.mark.parametrize("folder", ["dialup_ext", "handlers"])
def test_no_second_list_of_words_begins_elsewhere(folder: str) -> None:
    second = [str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("*")
              if path.suffix in (".py", ".html") and path.name != "wording.py" and not path.is_symlink()
              and re.search(r"""["'](editing|superseded)["']\s*:""", path.read_text())]
    assert second == []
