"""The starters a site can be created from: find them, describe them, unpack one into a workspace.

A template is a folder with `template.json` (title, description, kind, picture, and under `named`
the files in which the words `my-site` become the site's name). Everything else in it is the
starter, and runs as it lies there. Knows nothing of accounts or HTTP.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dialup_ext.errors import Conflict, NotFound, Unavailable

ABOUT = "template.json"
PLACEHOLDER = "my-site"
LEFT_OUT = frozenset({"node_modules", ".git", "__pycache__"})


@dataclass(frozen=True, slots=True)
class Template:
    """One starter. `picture` is an SVG as a `data:` URL, fit for an `<img>`."""

    name: str
    title: str
    description: str
    kind: str
    picture: str

    def as_dict(self) -> dict[str, str]:
        """The form on the wire."""
        return {"name": self.name, "title": self.title, "description": self.description,
                "kind": self.kind, "picture": self.picture}


def list_templates(folder: Path | None = None) -> list[Template]:
    """All templates, the simplest kind first, then by title."""
    folder = folder or templates_folder()
    found = [_template(path.parent) for path in folder.glob(f"*/{ABOUT}")]
    return sorted(found, key=lambda template: (template.kind != "static", template.title))


def find_template(name: str, folder: Path | None = None) -> Template:
    """The template called `name`, or `NotFound` with the names there are."""
    known = list_templates(folder)
    for template in known:
        if template.name == name:
            return template
    raise NotFound(f"There is no template “{name}”.", code="template_not_found",
                   hint=f"There are: {', '.join(template.name for template in known)}.")


def unpack(name: str, target: Path, folder: Path | None = None) -> Path:
    """Copy template `name` into the new folder `target`; the folder's name becomes the site's.

    Only regular files are copied, as new files the caller owns. The folder appears whole or not at
    all. A `target` that holds anything is left as it is: `Conflict`, code `workspace_exists`.
    """
    source = (folder or templates_folder()) / find_template(name, folder).name
    with new_folder(target) as fresh:
        _copy(source, fresh, target.name)
    return target


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A path beside `target` to make a folder at; it becomes `target` when the block ends well.

    A `target` that holds anything is left as it is: `Conflict`, code `workspace_exists`.
    """
    _refuse_to_overwrite(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        yield fresh
        fresh.replace(target)
    except OSError as error:
        _refuse_to_overwrite(target)
        raise Unavailable(f"The folder “{target.name}” could not be written: {error.strerror}.",
                          hint="Look whether the disk is full.", code="cannot_write") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def templates_folder() -> Path:
    """Beside the source tree, else where an installed package keeps its data."""
    beside = Path(__file__).resolve().parents[1] / "site_templates"
    if beside.is_dir():
        return beside
    return Path(sysconfig.get_path("data")) / "share" / "dialup" / "site_templates"


def _template(folder: Path) -> Template:
    about = _about(folder)
    picture = base64.b64encode((folder / about["picture"]).read_bytes()).decode()
    return Template(name=folder.name, title=about["title"], description=about["description"],
                    kind=about["kind"], picture=f"data:image/svg+xml;base64,{picture}")


def _about(folder: Path) -> dict[str, Any]:
    about = json.loads((folder / ABOUT).read_text("utf-8"))
    return {"named": [], "picture": "template.svg", **about}


def _copy(source: Path, target: Path, site: str) -> None:
    about = _about(source)
    target.mkdir(mode=0o755)
    for path in _files(source):
        relative = path.relative_to(source)
        if str(relative) in (ABOUT, about["picture"]):
            continue
        content = path.read_bytes()
        if relative.as_posix() in about["named"]:
            content = content.replace(PLACEHOLDER.encode(), site.encode())
        copy = target / relative
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or path.name in LEFT_OUT:
            continue
        if path.is_dir():
            yield from _files(path)
        elif path.is_file():
            yield path


def _refuse_to_overwrite(target: Path) -> None:
    if target.is_symlink() or (target.exists() and not target.is_dir()) or (
            target.is_dir() and any(target.iterdir())):
        raise Conflict(f"There is already something in the folder “{target.name}”.",
                       hint="Rename or remove it first, or deploy it as it is.",
                       code="workspace_exists")
