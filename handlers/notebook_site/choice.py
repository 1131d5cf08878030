"""Which notebook of a folder is the site: named, `index.ipynb`, or the only one."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path


def choose_notebook(folder: Path, wanted: str = "") -> Path:
    """The notebook, as an absolute path; ends the program with words where there is none, or several."""
    name = wanted or _of_config(folder)
    if name:
        found = folder / name
        if not found.is_file():
            sys.exit(f"dialup: there is no notebook “{name}” here.")
        return found
    there = sorted(path for path in folder.glob("*.ipynb") if path.is_file())
    index = next((path for path in there if path.name == "index.ipynb"), None)
    if index or len(there) == 1:
        return index or there[0]
    sys.exit("dialup: there is no notebook here yet. Make one, or name it in dialup.toml." if not there else
             f"dialup: there are several notebooks. Name the site's in dialup.toml: notebook = \"{there[0].name}\".")


def _of_config(folder: Path) -> str:
    try:
        found = tomllib.loads((folder / "dialup.toml").read_text()).get("notebook", "")
    except (OSError, ValueError):  # what is wrong with it is said at the next deployment
        return ""
    return found if isinstance(found, str) and ".." not in found.split("/") and not found.startswith("/") else ""
