"""Templates as data: what is listed, what is copied, what is refused."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

from dialup_ext.domain.site import Kind
from dialup_ext.errors import Conflict, NotFound
from dialup_ext.templates import find_template, list_templates, templates_folder, unpack


def test_the_simplest_template_comes_first_and_each_has_a_picture():
    found = list_templates()
    assert found[0].name == "static"
    assert {"static", "node", "astro", "next", "python", "notebook"} <= {template.name for template in found}
    for template in found:
        kind, _, picture = template.picture.partition(",")
        assert kind == "data:image/svg+xml;base64"
        assert b"<svg" in base64.b64decode(picture)
        assert template.title
        assert template.description.endswith(".")
        assert template.kind in set(Kind)
        assert template.as_dict()["name"] == template.name


@pytest.mark.parametrize("name", ["static", "node", "astro", "next", "python", "notebook"])
def test_unpacking_copies_the_starter_and_nothing_about_it(name, tmp_path):
    target = unpack(name, tmp_path / "home" / "blog")
    files = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    assert "README.md" in files
    assert not files & {"template.json", "template.svg"}
    assert not any("node_modules" in path for path in files)
    assert (target / "README.md").read_text().startswith("# blog\n")
    assert [path.name for path in target.parent.iterdir()] == ["blog"]


@pytest.mark.parametrize("name", ["node", "astro", "next"])
def test_a_site_with_a_package_is_called_by_its_name(name, tmp_path):
    target = unpack(name, tmp_path / "guests")
    assert json.loads((target / "package.json").read_text())["name"] == "guests"
    assert json.loads((target / "package-lock.json").read_text())["name"] == "guests"


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    target = tmp_path / "blog"
    target.mkdir()
    (target / "mine.txt").write_text("keep")
    with pytest.raises(Conflict) as refusal:
        unpack("static", target)
    assert refusal.value.code == "workspace_exists"
    assert [path.name for path in target.iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "blog").mkdir()
    assert (unpack("static", tmp_path / "blog") / "index.html").is_file()


def test_a_link_is_not_a_folder_to_unpack_into(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "blog").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Conflict):
        unpack("static", tmp_path / "blog")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_links_in_a_template_are_not_copied(tmp_path):
    template = tmp_path / "templates" / "odd"
    template.mkdir(parents=True)
    (template / "template.json").write_text(json.dumps({"title": "Odd", "description": "Odd.", "kind": "static"}))
    (template / "template.svg").write_text("<svg/>")
    (template / "index.html").write_text("hello")
    (template / "passwords").symlink_to("/etc/passwd")
    target = unpack("odd", tmp_path / "site", tmp_path / "templates")
    assert [path.name for path in target.iterdir()] == ["index.html"]


def test_an_unknown_template_is_refused_with_the_names_there_are():
    with pytest.raises(NotFound) as refusal:
        find_template("cobol")
    assert "static" in refusal.value.hint


@pytest.mark.parametrize("lock", sorted(templates_folder().glob("*/package-lock.json")), ids=lambda path: path.parent.name)
def test_a_lock_file_names_no_place_to_download_from(lock: Path):
    text = lock.read_text()
    assert '"resolved"' not in text
    assert not re.search(r"https?://", text)


@pytest.mark.parametrize("page", sorted(path for ending in ("html", "astro", "css")
                                        for path in templates_folder().glob(f"*/**/*.{ending}")), ids=lambda path: str(path.name))
def test_pages_load_nothing_from_elsewhere(page: Path):
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//|url\(["']?(?:https?:)?//""", page.read_text())
