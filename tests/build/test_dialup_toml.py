"""`dialup.toml`: what it may say, and how it is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from dialup_ext.build.dialup_toml import MAX_BYTES, parse_config, read_config
from dialup_ext.domain.manifest import FileEntry, Manifest
from dialup_ext.domain.site_config import SiteConfig
from dialup_ext.errors import BadInput


def folder(**files: bytes) -> tuple[Manifest, Callable[[str], bytes]]:
    """A manifest with a dialup.toml, and the reader of its contents."""
    contents = {f"{name}.toml": data for name, data in files.items()}
    return Manifest(FileEntry(path, len(data), hashlib.sha256(data).hexdigest())
                    for path, data in contents.items()), contents.__getitem__


def test_everything_it_may_say() -> None:
    config = parse_config("""
        kind = "astro"          # a comment
        build = "npm run site"
        output = "./dist/client/"
        start = ["node", "dist/server/entry.mjs", "a b"]
        health = "/up?quick=1"
        scripts = ["sharp", "@scope/thing", "esbuild"]
        app = "main:app"
        notebook = "notes/index.ipynb"
    """)
    assert config == SiteConfig(
        kind="astro", build=("npm", "run", "site"), output="dist/client",
        start=("node", "dist/server/entry.mjs", "a b"), health="/up?quick=1",
        scripts=("@scope/thing", "esbuild", "sharp"), app="main:app", notebook="notes/index.ipynb")


def test_what_is_kept_of_it_is_json_and_only_what_was_said() -> None:
    assert SiteConfig().as_dict() == {}
    said = parse_config('start = "node a.js"\nscripts = true\n').as_dict()
    assert json.loads(json.dumps(said)) == said == {"start": ["node", "a.js"], "scripts": True}


def test_without_the_file_nothing_is_said() -> None:
    assert read_config(*folder(other=b"kind = 3")) == SiteConfig()
    assert read_config(*folder(dialup='\ufeffkind = "next"'.encode())).kind == "next"


@pytest.mark.parametrize(("text", "said"), [
    ('kind = "static"\nkind = "astro"', "at the end: Cannot overwrite"),
    ("kind = static", "line 1, column 8"),
    ('\nkind = "rust"', "line 2: the value of kind is no kind of site"),
    ('start = "node a.js && node b.js"', "line 1: the value of start has signs that only a shell"),
    ('start = "node $PORT"', "only a shell"),
    ("start = []", "the value of start is no command"),
    ("start = [1]", "the value of start is no command"),
    ("build = 3", "line 1: the value of build is no command"),
    ('output = "../elsewhere"', "the value of output is no folder of this site"),
    ('output = "/etc"', "the value of output is no folder of this site"),
    ('health = "up"', "the value of health is no path"),
    ('health = "//elsewhere.example"', "the value of health is no path"),
    ('health = "/a\\r\\nX: 1"', "the value of health is no path"),
    ('scripts = "esbuild"', "the value of scripts is no list of packages"),
    ('scripts = ["../x"]', "the value of scripts is no list of packages"),
    ('scripts = ["--foo"]', "the value of scripts is no list of packages"),
    ('notebook = "../a.ipynb"', "the value of notebook is no file of this site"),
    ("app = 1", "the value of app is no plain text"),
    ('# one\n# two\n[python]\napp = "a:b"', "line 3: there is no “python”"),
    ('strat = "node a.js"', "line 1: there is no “strat”"),
])
def test_a_refusal_names_the_line_and_the_field(text: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_config(text)
    assert refused.value.code == "bad_dialup_toml"
    assert said in refused.value.message
    assert refused.value.hint


def test_a_slip_of_the_pen_is_understood() -> None:
    with pytest.raises(BadInput) as refused:
        parse_config('strat = "node a.js"')
    assert refused.value.hint.startswith("Did you mean start?")


def test_a_file_that_is_no_small_text_is_not_parsed() -> None:
    for content in (b"#" * (MAX_BYTES + 1), b"\xff\xfe\x00"):
        with pytest.raises(BadInput) as refused:
            read_config(*folder(dialup=content))
        assert refused.value.code == "bad_dialup_toml"



def test_the_documentation_says_what_the_schema_says() -> None:
    text = (Path(__file__).parents[2] / "docs/users/kinds.md").read_text()
    for one in fields(SiteConfig):
        assert f"| `{one.name}` | {one.metadata['help']} |" in text


def test_a_number_of_thousands_of_digits_is_refused_in_words() -> None:
    with pytest.raises(BadInput) as refusal:
        parse_config("kind = " + "1" * 10_000)
    assert refusal.value.code == "bad_dialup_toml"
