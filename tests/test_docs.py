"""What is not documented does not exist: every route, setting, command and word of the glossary."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from dialup_ext.settings import TABLE, Setting

ROOT = Path(__file__).resolve().parents[1]


def page(*parts: str) -> str:
    return (ROOT / "docs").joinpath(*parts).read_text()


@pytest.mark.parametrize("setting", TABLE, ids=lambda setting: setting.name)
def test_a_setting_is_documented_as_the_table_has_it(setting: Setting) -> None:
    default = str(setting.default) or "empty"
    assert f"| `{setting.name}` | {default} | {setting.unit} | {setting.help} |" in page(
        "operators", "settings.md"), "run scripts/reference.py"


def test_every_route_of_the_api_is_documented() -> None:
    from dialup_ext.handlers.api import ROUTES
    from dialup_ext.handlers.api.openapi import template

    text = page("developers", "rest-api.md")
    for pattern, handler in ROUTES:
        for verb in handler.contract:
            assert f"`{verb} {template(pattern)}`" in text, "run scripts/reference.py"


def commands(group: click.Group, prefix: str) -> list[str]:
    found = []
    for name, command in group.commands.items():
        if command.hidden:
            continue
        found.append(f"{prefix} {name}")
        if isinstance(command, click.Group):
            found += commands(command, f"{prefix} {name}")
    return found


def test_every_command_of_the_operator_is_documented() -> None:
    from dialup_ext.cli.dialup import main

    text = page("operators", "command-line.md")
    missing = [command for command in commands(main, "dialup") if f"`{command}" not in text]
    assert missing == []


def test_every_command_of_deploy_is_documented() -> None:
    from dialup_ext.cli.deploy import main

    text = page("users", "command-line.md")
    missing = [command for command in commands(main, "deploy") if command not in text]
    assert missing == []


def test_the_readme_names_exactly_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text()
    blocks = [block.split("```")[0] for block in text.split("```sh\n")[1:]]
    lines = [line.split("#")[0].strip() for line in blocks[0].splitlines()]
    assert lines == ["make up", "make test"]
