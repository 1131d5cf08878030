"""Say whether an uploaded folder is a Python app or a notebook, and why. Reads the source, runs nothing. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dialup_ext.build.detection import Detection
from dialup_ext.build.package import Read
from dialup_ext.build.python_requirements import SOURCES
from dialup_ext.domain.manifest import Manifest
from dialup_ext.domain.python_app import ASGI, MOST, NAMES, App, app_in, candidates, find_app
from dialup_ext.domain.site import Kind
from dialup_ext.errors import BadInput

_TARGET = re.compile(r"(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):(?P<name>[A-Za-z_]\w*)")
_NOTEBOOK = ("python", "-P", "-m", "dialup_ext.handlers.notebook_site", "--notebook")


def python_site(manifest: Manifest, read: Read | None, config: Mapping[str, Any]) -> Detection | None:
    """The Python app in a folder; None when there is no sign of one.

    Raises `BadInput` where there is a sign and no app: `no_python_app`, `wrong_app`. Without `read`
    only paths are known, and it raises nothing.
    """
    paths = [entry.path for entry in manifest]
    start = config.get("start")
    if start and (config.get("kind") == Kind.PYTHON or _is_python(paths)):
        words = tuple(start.split()) if isinstance(start, str) else tuple(start)
        return _detected(words, "dialup.toml says what starts it", config)
    if read is None:
        return _at_first_sight(paths)
    if wanted := config.get("app"):
        return _served(_named(str(wanted), manifest, read), config)
    found = find_app((entry.path for entry in manifest if entry.size <= MOST), lambda path: read(path).decode("utf-8", "replace"))
    if found is not None:
        return _served(found, config)
    if config.get("kind") == Kind.PYTHON or (_is_python(paths) and not _other(manifest)):
        raise _no_app(paths)
    return None


def notebook_site(manifest: Manifest, config: Mapping[str, Any]) -> Detection | None:
    """The notebook a folder is; None when there is none at its top.

    Raises `BadInput`: `several_notebooks`, `no_notebook` (dialup.toml names one that is not there).
    """
    there = sorted(entry.path for entry in manifest if entry.path.endswith(".ipynb") and "/" not in entry.path)
    wanted = str(config.get("notebook") or "")
    if wanted and wanted not in manifest:
        raise BadInput(f"dialup.toml says the notebook is “{wanted}”, and there is no such file.", code="no_notebook",
                       hint=f"There is: {', '.join(there[:5])}." if there else "Check its spelling.")
    if not (there or wanted):
        return None
    chosen = wanted or ("index.ipynb" if "index.ipynb" in there else there[0])
    if not wanted and chosen != "index.ipynb" and len(there) > 1:
        raise BadInput(f"There are several notebooks: {', '.join(there[:5])}.", code="several_notebooks",
                       hint=f'Say which one is the site, in dialup.toml: notebook = "{there[0]}". Or call it index.ipynb.')
    why = "dialup.toml names it" if wanted else ("it is the index" if chosen == "index.ipynb" else "it is the only one")
    return Detection(Kind.NOTEBOOK, "", f"there is a notebook, {chosen}: {why}", runs=True,
                     start=(*_NOTEBOOK, chosen), config=config)


def serve_command(app: App) -> tuple[str, ...]:
    """What serves an app: uvicorn for ASGI; for WSGI gunicorn, which finishes its requests when it is stopped."""
    if app.interface == ASGI:
        return ("python", "-m", "uvicorn", app.target, "--host", "{host}", "--port", "{port}", "--proxy-headers",
                "--forwarded-allow-ips", "*", "--no-access-log", "--no-server-header",
                "--timeout-graceful-shutdown", "8")
    return ("python", "-m", "gunicorn", app.target, "--bind", "{host}:{port}", "--workers", "1", "--threads", "8",
            "--forwarded-allow-ips", "*", "--graceful-timeout", "8", "--log-level", "warning")


def _at_first_sight(paths: list[str]) -> Detection | None:
    if not candidates(paths) and (not _is_python(paths) or _other_paths(paths)):
        return None
    return Detection(Kind.PYTHON, "", "there is Python in it; its files say more when they have arrived", runs=True)


def _named(wanted: str, manifest: Manifest, read: Read) -> App:
    """The app that dialup.toml names."""
    match = _TARGET.fullmatch(wanted)
    if match is None:
        raise BadInput(f"In dialup.toml, app = “{wanted[:60]}” is no module and name.", code="wrong_app",
                       hint='Write it like app = "main:app": the file main.py, and the name app in it.')
    module = match["module"].replace(".", "/")
    path = next((one for one in (f"{module}.py", f"{module}/__init__.py") if one in manifest), "")
    if not path:
        raise BadInput(f"dialup.toml says the app is {wanted}, and there is no {module}.py.", code="wrong_app",
                       hint="Check its spelling; folders are separated by dots.")
    found = app_in(path, read(path).decode("utf-8", "replace"), match["name"])
    if found is None:
        raise BadInput(f"dialup.toml says the app is {wanted}, and {path} makes no “{match['name']}”.",
                       code="wrong_app", hint=f"Check the name: {path} should have a line like {match['name']} = …")
    return App(wanted, found.interface, found.why)


def _served(app: App, config: Mapping[str, Any]) -> Detection:
    return _detected(serve_command(app), f"{app.why}, which is {_words(app)}", config)


def _other(manifest: Manifest) -> bool:
    """True when the folder may be something else: pages, or a notebook with requirements."""
    return _other_paths([entry.path for entry in manifest])


def _other_paths(paths: list[str]) -> bool:
    return any(path.endswith((".html", ".ipynb")) for path in paths)


def _detected(start: tuple[str, ...], why: str, config: Mapping[str, Any]) -> Detection:
    return Detection(Kind.PYTHON, "", why, runs=True, start=start, config=config)


def _is_python(paths: list[str]) -> bool:
    return any(name in paths for name in SOURCES)


def _words(app: App) -> str:
    return "ASGI, served by uvicorn" if app.interface == ASGI else "WSGI, served by gunicorn"


def _no_app(paths: list[str]) -> BadInput:
    looked = ", ".join(f"{name}.py" for name in NAMES)
    script = next((path for path in paths if path.endswith(".py") and "/" not in path), "server.py")
    return BadInput(f"This is a Python folder, and no app was found in it. Looked for “app” or “application” in {looked}, "
                    "here and one folder deeper.", code="no_python_app",
                    hint=f'Say where it is, in dialup.toml: app = "module:name". Or what starts it, if it serves on '
                         f'PORT by itself: start = "python {script}".')
