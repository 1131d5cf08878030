"""A plain Python beside dialup's own, for sites that run as processes: with pip, without our packages."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
from pathlib import Path

from dialup_ext.errors import Unavailable

TIMEOUT = 120.0
"""Seconds; a slow disk needs ten for the two thousand files of pip."""


def make_python(folder: Path) -> Path:
    """The virtual environment in `folder`, made if it is not there; another Python gets another one.

    It appears whole or not at all. Raises `Unavailable` (`venv_missing`) where Python cannot make one.
    """
    final = folder / f"python-{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    if (final / "bin" / "python").exists():
        return final
    folder.mkdir(parents=True, exist_ok=True)
    half = folder / f".python-{secrets.token_hex(4)}"
    try:
        # Its programs begin with the place they were made at, so they are not used: `python -m pip` is.
        done = subprocess.run([sys.executable, "-I", "-m", "venv", str(half)], capture_output=True, text=True,
                              timeout=TIMEOUT, check=False)
        if done.returncode:
            raise _missing((done.stdout + done.stderr).strip().splitlines())
        shutil.rmtree(final, ignore_errors=True)
        half.rename(final)
    except (OSError, subprocess.SubprocessError) as error:
        raise _missing([str(error)]) from error
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return final


def _missing(lines: list[str]) -> Unavailable:
    return Unavailable("Python cannot make an environment for sites on this server"
                       f"{f': {lines[-1][:200]}' if lines else ''}.", code="venv_missing",
                       hint="On Debian: `apt-get install python3-venv`.")
