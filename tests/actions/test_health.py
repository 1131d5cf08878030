"""Why a program did not come up, in a sentence."""

from __future__ import annotations

import pytest

from dialup_ext.actions.diagnosis import last_words

NODE = ("server.js:1", "this is not JavaScript (", "     ^^", "", "SyntaxError: Unexpected identifier 'is'",
        "    at compileSourceTextModule (node:internal/modules/esm/utils:346:16)")
MISSING = ("node:internal/modules/cjs/loader:1228", "Error: Cannot find module './nothing'", "Require stack:")
PYTHON = ("Traceback (most recent call last):", '  File "app.py", line 3, in <module>', "ValueError: no such port")


@pytest.mark.parametrize(("lines", "words"), [
    (NODE, "SyntaxError: Unexpected identifier 'is' (server.js:1)"),
    (MISSING, "Error: Cannot find module './nothing'"),
    (PYTHON, "ValueError: no such port"),
    (("listening", "bye"), ""),
    ((), ""),
])
def test_the_error_is_named_with_its_place_where_the_log_says(lines: tuple[str, ...], words: str) -> None:
    assert last_words(lines) == words
