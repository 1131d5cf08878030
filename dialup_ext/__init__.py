"""dialup: friends share one server, and each puts sites on it with one click.

Importing this costs nothing: the client and the Jupyter extension load when they are asked for.

    from dialup_ext import Dialup
    Dialup().sites
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dialup_ext.client import Dialup

__version__ = "0.1.0"
__all__ = ["Dialup", "__version__"]


def __getattr__(name: str) -> Any:
    """`Dialup`, imported at its first use."""
    if name == "Dialup":
        from dialup_ext.client import Dialup

        return Dialup
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Where Jupyter Server finds the extension."""
    from dialup_ext.extension import DialupExtension

    return [{"module": "dialup_ext.extension", "app": DialupExtension}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where JupyterLab finds the panel's built files."""
    return [{"src": "labextension", "dest": "@dialup/labextension"}]


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext dialup_ext`: brings the `%deploy` magic."""
    from dialup_ext.client import magic

    magic.load_ipython_extension(shell)
