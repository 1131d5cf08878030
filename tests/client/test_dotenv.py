"""Files of `NAME=value` lines, as people have them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialup_ext.client.dotenv import parse
from dialup_ext.errors import BadInput


@pytest.mark.parametrize(("text", "values"), [
    ("", {}), ("\n# only this\n  \n", {}), ("A=1", {"A": "1"}), ("\ufeffA=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
    ("export A=1", {"A": "1"}), (" A = b c ", {"A": "b c"}), ("A=b # c", {"A": "b"}), ("A=b#c", {"A": "b#c"}),
    ("A=# all of it", {"A": ""}), ("A=", {"A": ""}), ("A=1\nA=2", {"A": "2"}), ("A=x=y", {"A": "x=y"}),
    ("A='$B \\n' # c", {"A": "$B \\n"}), ('A="a\\n\\"b\\" \\$x"', {"A": 'a\n"b" $x'}), ('A="x # y"', {"A": "x # y"}),
    ("A='one\ntwo'\nB=3", {"A": "one\ntwo", "B": "3"}), ('A="-----BEGIN\nabc=\n-----END"', {"A": "-----BEGIN\nabc=\n-----END"}),
])
def test_it_reads_what_tools_write(text: str, values: dict[str, str]) -> None:
    assert parse(text) == values


@pytest.mark.parametrize(("text", "line"), [("A=1\nnonsense", 2), ("1A=x", 1), ("A-B=x", 1), ("A='never ends\nB=2", 1),
                                            ('A=1\n\nB="x" y', 3), ("=x", 1)])
def test_a_line_that_means_nothing_is_named_and_not_shown(text: str, line: int) -> None:
    with pytest.raises(BadInput, match=f"Line {line} ") as refusal:
        parse(text)
    assert "never" not in refusal.value.message + refusal.value.hint


@given(st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True),
                       st.text(st.characters(exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", exclude_categories=["Cs"]))))
def test_every_value_in_double_quotes_comes_back(values: dict[str, str]) -> None:
    lines = (f'{name}="' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for name, value in values.items())
    assert parse("\n".join(lines)) == values
