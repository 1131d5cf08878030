"""Which files of a folder are not part of the site: a short built-in list and `.dialupignore`.

`.dialupignore` has the syntax of `.gitignore`, applies to the folder it lies in and everything
below, and may take back a built-in line with `!`. Only the folder's own file is read.
"""

from __future__ import annotations

from pathspec import GitIgnoreSpec

IGNORE_FILE = ".dialupignore"
CHOICE_FILE = ".dialup-site.json"

ALWAYS = (
    # other tools' records
    ".git/", ".hg/", ".svn/", ".jj/", ".gitmodules",
    # what builds and editors leave behind; the server installs and builds by itself
    "node_modules", "__pycache__/", "*.pyc", ".venv", ".ipynb_checkpoints/", ".virtual_documents/",
    ".next/", ".astro/", ".vite/", ".turbo/", ".parcel-cache/", ".pytest_cache/", ".mypy_cache/", ".ruff_cache/",
    ".cache/", ".idea/", ".vscode/", ".DS_Store", "Thumbs.db", "desktop.ini", "*~", "*.swp", ".#*",
    # secrets that must never be public
    ".env", ".env.*", "!.env.example", ".ssh/", ".aws/", ".netrc", "id_rsa", "id_ed25519",
    # ours
    IGNORE_FILE, "/" + CHOICE_FILE,
)


class Ignore:
    """Answers whether a path, relative to the folder and with `/`, stays out of the upload."""

    def __init__(self, own_lines: list[str] | None = None) -> None:
        self._spec = GitIgnoreSpec.from_lines([*ALWAYS, *(own_lines or [])])

    def file(self, path: str) -> bool:
        return self._spec.match_file(path)

    def folder(self, path: str) -> bool:
        """True when nothing below `path` can be part of the site."""
        return self._spec.match_file(path + "/")
