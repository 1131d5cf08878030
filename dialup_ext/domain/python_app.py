"""Finds the app in a folder of Python: by reading the source, never by running it.

This file is also what a preview looks with, in an instance without dialup: so it needs nothing but
the standard library, and is complete in itself.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

ASGI, WSGI = "asgi", "wsgi"

NAMES = ("app", "application", "asgi", "wsgi", "main", "server")
"""Modules that are looked into, without `.py`, at the top and one folder deeper."""

VARIABLES = ("app", "application")

MOST = 256 << 10
"""Bytes of a source file that is read: the hub itself reads it, and a parser takes a second for a MiB."""

MOST_FILES = 16
"""Files that are looked into: whoever has a hundred folders with an `app.py` names theirs in `dialup.toml`."""

_FRAMEWORKS = {
    ASGI: ("fastapi", "starlette", "quart", "litestar", "sanic", "blacksheep", "falcon.asgi", "channels", "socketio",
           "django.core.asgi", "fasthtml", "nicegui", "mcp"),
    WSGI: ("flask", "bottle", "django.core.wsgi", "falcon", "pyramid", "werkzeug", "cherrypy", "webpy", "web2py", "dash",
           "whitenoise", "apiflask", "pecan"),
}
_CALLS = {
    ASGI: ("FastAPI", "Starlette", "Quart", "Litestar", "Sanic", "get_asgi_application", "ProtocolTypeRouter",
           "ASGIApp", "WsgiToAsgi", "WSGIMiddleware", "FastHTML"),
    WSGI: ("Flask", "Bottle", "default_app", "get_wsgi_application", "make_wsgi_app", "WSGIApp", "AsgiToWsgi", "APIFlask",
           "DispatcherMiddleware", "WhiteNoise"),
}


@dataclass(frozen=True)
class App:
    """`target` as servers take it (`main:app`), its interface, and how it was found."""

    target: str
    interface: str
    why: str


def find_app(paths: Iterable[str], read: Callable[[str], str]) -> App | None:
    """The app of a folder; None when no file we look into has one.

    The top comes before folders. `read` gives the text of a path. Pure otherwise.
    """
    for path in candidates(paths):
        found = app_in(path, read(path))
        if found is not None:
            return found
    return None


def candidates(paths: Iterable[str]) -> list[str]:
    """The files an app may be in, the most likely first: the top, then folders one deep."""
    known = set(paths)
    top = [f"{name}.py" for name in NAMES if f"{name}.py" in known]
    deeper = sorted((path for path in known if path.count("/") == 1 and _fits(path)),
                    key=lambda path: (NAMES.index(path.partition("/")[2][:-3]), path))
    return (top + deeper)[:MOST_FILES]


def app_in(path: str, source: str, variable: str = "") -> App | None:
    """The app in one file: `variable`, or the first of `VARIABLES`; None when it is not there.

    A file that is no Python has none; what is wrong with it is said when it starts.
    """
    try:
        tree = ast.parse(source[:MOST])
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last: nested deeper than the parser goes
        return None
    module = path.removesuffix(".py").replace("/", ".")
    for name in (variable,) if variable else VARIABLES:
        found = _interface(tree, name)
        if found is not None:
            interface, how = found
            return App(f"{module}:{name}", interface or _by_imports(tree) or _by_name(path), f"{path} has {how}")
    return None


def _fits(path: str) -> bool:
    folder, _, name = path.partition("/")
    return (name.endswith(".py") and name[:-3] in NAMES and re.fullmatch(r"[A-Za-z_]\w*", folder) is not None
            and folder not in ("tests", "test", "docs", "node_modules"))


def _interface(tree: ast.Module, name: str) -> tuple[str, str] | None:
    """How `name` is made at the top of a module: its interface, “” when that cannot be told, and words."""
    found: tuple[str, str] | None = None
    classes = _own_classes(tree)
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
            found = _of_function(node)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and name in _targets(node) and node.value is not None:
            found = _of_value(classes, node.value, name, found)
        elif isinstance(node, (ast.Import, ast.ImportFrom)) and any(
                (alias.asname or alias.name) == name for alias in node.names):
            module = getattr(node, "module", "") or ""
            found = (next((kind for kind in (ASGI, WSGI) if kind in module), ""), f"“{name}”, from {module or name}")
    return found


def _of_function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, str] | None:
    names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    if isinstance(node, ast.AsyncFunctionDef) and len(names) == 3:
        return ASGI, f"“async def {node.name}({', '.join(names)})”"
    if isinstance(node, ast.FunctionDef) and len(names) == 2:
        return WSGI, f"“def {node.name}({', '.join(names)})”"
    return None


def _of_value(classes: dict[str, str], value: ast.expr, name: str,
              before: tuple[str, str] | None) -> tuple[str, str] | None:
    """What `name = value` is; a wrapper whose name says nothing leaves it what it was."""
    if not isinstance(value, ast.Call):
        return before or ("", f"“{name}”")
    called = _last_name(value.func)
    how = f"“{name} = {called}(…)”"
    for interface, calls in _CALLS.items():
        if called in calls:
            return interface, how
    if own := classes.get(called):
        return own, how
    return (before[0], how) if before else ("", how)


def _own_classes(tree: ast.Module) -> dict[str, str]:
    """The classes of the same file with a `__call__` of their own, and its interface: one walk for all."""
    found: dict[str, str] = {}
    for node in (one for one in tree.body if isinstance(one, ast.ClassDef) and one.name not in found):
        for method in node.body:
            if isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)) and method.name == "__call__":
                found[node.name] = ASGI if isinstance(method, ast.AsyncFunctionDef) else WSGI
                break
    return found


def _by_imports(tree: ast.Module) -> str:
    """By the frameworks a file imports: ASGI's first, for they bring the others' along."""
    modules = {node.module or "" for node in tree.body if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    for interface, names in _FRAMEWORKS.items():
        if any(module == name or module.startswith(f"{name}.") for module in modules for name in names):
            return interface
    return ""


def _by_name(path: str) -> str:
    """By what the file is called; most apps of no known framework are WSGI, the older of the two."""
    return ASGI if path.rpartition("/")[2] == "asgi.py" else WSGI


def _targets(node: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _last_name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
