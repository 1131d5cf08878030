"""What exists is documented, and what is documented exists."""

from __future__ import annotations

import re
from pathlib import Path

import click

from dialup_ext.cli.deploy import main
from dialup_ext.client import Dialup, Site, Sites
from dialup_ext.client.ignore import Ignore

DOCS = Path(__file__).parents[2] / "docs" / "users"


def test_every_command_is_in_the_docs():
    text = (DOCS / "command-line.md").read_text()
    for name, command in main.commands.items():
        names = [f"{name} {sub}" for sub in command.commands] if isinstance(command, click.Group) else [name]
        for one in names:
            assert re.search(rf"\b{one.split()[-1]}\b", text), one


def test_what_the_docs_call_on_a_site_exists():
    text = (DOCS / "notebook.md").read_text()
    for name in set(re.findall(r"\bsite\.(\w+)", text)):
        assert name == "facts" or hasattr(Site, name), name
    for name in set(re.findall(r"\bd\.sites\.(\w+)", text)):
        assert hasattr(Sites, name), name
    for name in set(re.findall(r"\bd\.(\w+)", text)):
        assert hasattr(Dialup, name), name


def test_what_the_docs_say_stays_behind_does():
    ignore = Ignore()
    for path in (".env", ".env.local", ".ssh/id_rsa", "id_ed25519", "a/node_modules/b.js", ".git/HEAD"):
        assert ignore.file(path), path
    assert not ignore.file(".env.example")
