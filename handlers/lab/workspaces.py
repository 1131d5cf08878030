"""The folders sites are edited in: see which exist, and make a new one from a template or a release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tornado import web

from dialup_ext import templates, workspace
from dialup_ext.domain.names import check_name
from dialup_ext.errors import BadInput, NotFound
from dialup_ext.handlers.lab.base import LabHandler, in_thread
from dialup_ext.handlers.lab.hub import transport


class WorkspacesHandler(LabHandler):
    """`GET` lists the account's sites with their folders; `POST` makes one."""

    @web.authenticated
    async def get(self) -> None:
        """`{workspaces: [{site, path, exists}]}`; paths are relative to the lab's root."""
        self.answer({"workspaces": await in_thread(_workspaces, self.settings, self.root)})

    @web.authenticated
    async def post(self) -> None:
        """`{site, template?}` -> 201 `{path}`; refuses when the folder holds anything (409).

        A site that was deployed has its release's files, one that was not those of `template`.
        """
        wanted = self.fields(site=str)
        name, template = check_name(wanted["site"]), wanted.get("template")
        await in_thread(_make, self.settings, name, template, self.root / name)
        self.answer({"path": name}, 201)


def folder_of(root: Path, path: str) -> Path:
    """The folder at `path` below `root`. `BadInput` when it lies elsewhere, `NotFound` when absent."""
    folder = (root / path).resolve()
    if not folder.is_relative_to(root.resolve()) or folder == root.resolve():
        raise BadInput("Only a folder inside your lab can be deployed.", code="bad_folder",
                       hint="Choose a folder in the file browser.")
    if not folder.is_dir():
        raise NotFound(f"There is no folder “{path[:80]}” in your lab.", code="workspace_not_found",
                       hint="Create the site from a template, or choose another folder.")
    return folder


def _make(settings: dict[str, Any], name: str, template: object, target: Path) -> None:
    """What was deployed is newer than the template it began as."""
    try:
        with transport(settings) as hub:
            workspace.fetch(hub, name, target)
    except NotFound:
        if template is None:
            raise
        templates.unpack(str(template), target)


def _workspaces(settings: dict[str, Any], root: Path) -> list[dict[str, Any]]:
    with transport(settings) as hub:
        names = [str(site["name"]) for site in hub.get("/sites")["sites"]]
    return [{"site": name, "path": name, "exists": (root / name).is_dir()} for name in names]
