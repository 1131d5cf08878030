"""Start an account's own JupyterLab: `python -m dialup_ext.lab --port 20001 --root <home>`.

It listens on loopback only and believes nobody but the edge, which proves itself with the secret
in `DIALUP_LAB_SECRET`. The secret is taken out of the environment, so that kernels and terminals
do not inherit it (code in the lab that looks for it can still find it: it opens this lab only); `DIALUP_HUB_SOCKET` stays, so that `Dialup()` works in a notebook.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import MutableMapping, Sequence
from pathlib import Path

from dialup_ext.deferred import defer_slow_imports

EXTENSIONS = {
    "dialup_ext": True,
    "jupyterlab": True,
    "jupyter_server_terminals": True,
    "jupyter_lsp": False,
    "jupyter_server_proxy": False,  # its own routes reach every port of the machine
    "notebook": False,
    "notebook_shim": False,
    "nbclassic": False,
    "voila.server_extension": False,  # its own routes run any notebook for whoever asks
    "voila": False,
}
IDENTITY = "dialup_ext.handlers.lab.identity.EdgeIdentity"
KERNEL_IDLE_SECONDS = 3600
"""A notebook nobody has open, and that computes nothing, gives its memory back after this."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run until told to stop. Exits with status 2 when called wrongly or without its secret."""
    wanted = _parse(sys.argv[1:] if argv is None else argv)
    if not os.environ.get("DIALUP_LAB_SECRET"):
        sys.exit("dialup lab: DIALUP_LAB_SECRET is not set. Labs are started by the hub.")
    root = wanted.root.resolve()
    settle(root, os.environ)
    os.chdir(root)
    defer_slow_imports()

    from dialup_ext.handlers.lab.identity import take_secret

    take_secret(os.environ)
    from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]

    LabApp.launch_instance(argv=arguments(root, wanted.port, os.environ.get("HOST") or "127.0.0.1"))


def settle(home: Path, environment: MutableMapping[str, str]) -> None:
    """Keep everything a lab writes inside `home`, so that two labs never share a file."""
    runtime = home / ".local" / "share" / "jupyter" / "runtime"
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    environment.update(
        HOME=str(home),
        DIALUP_MODE="lab",
        IPYTHONDIR=str(home / ".ipython"),
        JUPYTER_CONFIG_DIR=str(home / ".jupyter"),
        JUPYTER_DATA_DIR=str(home / ".local" / "share" / "jupyter"),
        JUPYTER_RUNTIME_DIR=str(runtime),
        JUPYTERLAB_SETTINGS_DIR=str(home / ".jupyter" / "lab" / "user-settings"),
        JUPYTERLAB_WORKSPACES_DIR=str(home / ".jupyter" / "lab" / "workspaces"),
        XDG_CACHE_HOME=str(home / ".cache"),
        XDG_CONFIG_HOME=str(home / ".config"),
        XDG_DATA_HOME=str(home / ".local" / "share"),
    )


def shell() -> str:
    """The shell of the lab's terminals."""
    return shutil.which("bash") or "/bin/sh"


def arguments(root: Path, port: int, ip: str = "127.0.0.1") -> list[str]:
    """JupyterLab's command line. Pure."""
    server = {
        "ip": ip,
        "port": port,
        "port_retries": 0,
        "root_dir": root,
        "open_browser": False,
        "allow_root": True,  # a trial may run as root; elsewhere labs have a uid of their own
        "allow_remote_access": True,  # the Host is the lab's public one; the edge has checked it
        "allow_unauthenticated_access": False,
        "identity_provider_class": IDENTITY,
        "reraise_server_extension_failures": True,
        "quit_button": False,
        "trust_xheaders": True,
        "websocket_ping_interval": 30_000,
        "websocket_ping_timeout": 30_000,
    }
    kernels = {
        "cull_idle_timeout": KERNEL_IDLE_SECONDS,
        "cull_interval": 120,
        "cull_connected": False,
        "cull_busy": False,
    }
    lab = {
        "news_url": None,
        "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "extension_manager": "readonly",
    }
    return [
        # not a login shell: Debian's /etc/profile would take `deploy` and Node off its PATH
        f"--ServerApp.terminado_settings={{'shell_command': ['{shell()}']}}",
        *(f"--ServerApp.{name}={value}" for name, value in server.items()),
        *(f"--ServerApp.jpserver_extensions={name}={on}" for name, on in EXTENSIONS.items()),
        *(f"--MappingKernelManager.{name}={value}" for name, value in kernels.items()),
        *(f"--LabApp.{name}={value}" for name, value in lab.items()),
    ]


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dialup lab", description="An account's own JupyterLab.")
    parser.add_argument("--port", type=int, required=True, help="the TCP port on 127.0.0.1")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the account's home")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
