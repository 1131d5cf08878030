"""Notices that a notebook, or a module beside it, was saved with other text than before."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

MOST_MODULES = 200


class Saved:
    """Looks when asked. What a run leaves in a notebook, outputs and counts, is no change."""

    def __init__(self, notebook: Path) -> None:
        self._notebook = notebook
        self._times = self._look()
        self._text = self._digest()

    def changed(self) -> bool:
        """True when something was saved since the last time this was asked."""
        times = self._look()
        if times == self._times:
            return False
        self._times = times
        found = self._digest()
        if not found:
            return False  # half written: the rest of it is the next change
        before, self._text = self._text, found
        return before != found

    def _look(self) -> dict[Path, int]:
        found = {}
        for path in self._files():
            try:
                found[path] = path.stat().st_mtime_ns
            except OSError:
                continue
        return found

    def _files(self) -> list[Path]:
        folder = self._notebook.parent
        modules = [*folder.glob("*.py"), *folder.glob("[A-Za-z]*/*.py")]
        return [self._notebook, folder / "dialup.toml", *modules[:MOST_MODULES]]

    def _digest(self) -> str:
        made = hashlib.sha256()
        for path in self._times:
            try:
                content = path.read_bytes()
            except OSError:
                continue
            text = _text_of(content) if path == self._notebook else content
            if text is None:
                return ""
            made.update(text)
        return made.hexdigest()


def _text_of(notebook: bytes) -> bytes | None:
    """The cells' sources and the notebook's own settings; None for a file half written."""
    try:
        found = json.loads(notebook)
        cells = [[cell["cell_type"], cell["source"]] for cell in found["cells"]]
        return json.dumps([cells, found.get("metadata", {}).get("voila")]).encode()
    except (ValueError, KeyError, TypeError):
        return None
