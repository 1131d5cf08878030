"""The first step of a Python or notebook preview: install packages when what is wanted has changed.

Given with `python -I -c`, the folder for the packages, and a list of what is wanted besides. The new
packages come in beside the old ones and take their place whole, so a build that fails leaves a
preview that works.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

SOURCES = ("requirements.txt", "requirements.lock", "pylock.toml", "uv.lock", "pyproject.toml", "dialup.toml")
FLAGS = ("--no-input", "--disable-pip-version-check", "--no-warn-script-location", "--progress-bar", "off",
         "--root-user-action", "ignore")


def main() -> None:
    """Install into the folder, or do nothing; ends with pip's code when that failed."""
    packages, added = Path(sys.argv[1]), json.loads(sys.argv[2])
    wanted = listed()
    mark = packages / ".dialup"
    key = digest(added)
    if mark.is_file() and mark.read_text() == key:
        return
    fresh = packages.with_name(f".{packages.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / "tmp").mkdir(parents=True)
    if wanted or added:
        say("installing packages…")
        install(fresh, [*wanted, *added])
    shutil.rmtree(fresh / "tmp", ignore_errors=True)
    (fresh / ".dialup").write_text(key)
    shutil.rmtree(packages, ignore_errors=True)
    fresh.rename(packages)


def install(fresh: Path, words: list[str]) -> None:
    """pip, wheels only, unless dialup.toml allows more: nobody's build runs here unasked."""
    wheels = () if config().get("scripts") is True else ("--only-binary", ":all:")
    command = [sys.executable, "-I", "-m", "pip", "install", *FLAGS, *wheels, "--target", str(fresh), *words]
    environment = {**os.environ, "TMPDIR": str(fresh / "tmp")}
    code = subprocess.run(command, env=environment, check=False).returncode
    if code:
        say("the packages could not be installed; the lines above say why. Mend requirements.txt and start the preview again.")
        shutil.rmtree(fresh, ignore_errors=True)
        sys.exit(code if code > 0 else 1)


def listed() -> list[str]:
    """Words for pip: the file with requirements, or the dependencies of a project."""
    for name in ("requirements.lock", "requirements.txt"):
        if Path(name).is_file():
            return ["-r", name]
    found = toml("pyproject.toml").get("project", {}).get("dependencies", [])
    return [line for line in found if isinstance(line, str)]


def config() -> dict[str, Any]:
    """What dialup.toml says."""
    return toml("dialup.toml")


def toml(name: str) -> dict[str, Any]:
    """A file of the folder, {} when it is not there or cannot be read."""
    import tomllib

    try:
        return tomllib.loads(Path(name).read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        say(f"{name} cannot be read: {error}")
        return {}


def digest(added: list[str]) -> str:
    """What is wanted, in short: the files that say so, what is added, and this Python."""
    made = hashlib.sha256(json.dumps([added, sys.version]).encode())
    for path in sorted({Path(name) for name in SOURCES} | set(Path().glob("requirements*.txt"))):
        made.update(path.read_bytes() if path.is_file() else b"-")
    return made.hexdigest()


def say(text: str) -> None:
    """A line of our own in the log."""
    os.write(2, f"dialup: {text}\n".encode())


main()
