"""What sites and accounts may be called (R18)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialup_ext.domain.names import GUARDED, RESERVED, check_name, suggest_name
from dialup_ext.errors import BadInput


@pytest.mark.parametrize("good", ["ab", "blog", "my-site", "a1", "x" * 31, "a-b-c", "anna", "adminton"])
def test_ordinary_names_pass(good: str) -> None:
    assert check_name(good) == good


@pytest.mark.parametrize("bad", sorted(RESERVED | set(GUARDED)))
def test_reserved_names_are_refused(bad: str) -> None:
    with pytest.raises(BadInput) as refusal:
        check_name(bad)
    assert refusal.value.code == "bad_name" and refusal.value.hint


@pytest.mark.parametrize("near", ["adm1n", "admins", "dmin", "editer", "edito", "1ogin", "logins", "adnin"])
def test_what_looks_like_the_portal_is_refused(near: str) -> None:
    with pytest.raises(BadInput):
        check_name(near)


@given(st.text(max_size=60))
def test_any_text_is_a_name_or_refused_with_a_hint_and_a_proposal_is_a_name(text: str) -> None:
    try:
        assert check_name(text) == text
    except BadInput as refusal:
        assert refusal.hint
        proposal = suggest_name(text)
        if proposal is not None:
            assert check_name(proposal) == proposal


@given(st.from_regex(r"[a-z][a-z0-9-]{0,35}", fullmatch=True))
def test_a_name_that_passes_is_one_dns_label_and_no_preview(text: str) -> None:
    try:
        name = check_name(text)
    except BadInput:
        return
    assert len(name) <= 31 and "--" not in name and not name.endswith(("-", "-dev")) and "." not in name
