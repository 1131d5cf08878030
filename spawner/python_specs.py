"""Python and notebook sites and their previews as specifications. Pure data out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import dialup_ext.domain.python_app
from dialup_ext.domain.instance import InstanceKind, InstanceSpec, Mount, Runtime
from dialup_ext.settings import Settings

PACKAGES = "site-packages"
"""In a release: the link to its sealed layer."""

CACHE = ".cache/dialup/python"
"""In the account's home: the packages of its previews, a folder for each site."""

_NOTEBOOK = ("python", "-P", "-m", "dialup_ext.handlers.notebook_site")
_QUIET = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1"}
"""What is printed is seen at once; nothing is written beside the code; nobody's own packages come in."""

_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Numerical libraries would start a thread for each core of the server, in every kernel."""


def python_spec(site_name: str, account: str, deployment_id: str, app: Path, start: tuple[str, ...],
                settings: Settings, environment: Mapping[str, str]) -> InstanceSpec:
    """A Python site. Its key is `site-<name>-<deployment>`; `environment` is the owner's."""
    packages = app / PACKAGES
    return InstanceSpec(
        key=f"site-{site_name}-{deployment_id}", kind=InstanceKind.SITE, account=account, site=site_name,
        runtime=Runtime.PYTHON, steps=(_of_layer(start, packages),), directory=app,
        environment={**_QUIET, **environment, **({"PYTHONPATH": str(packages)} if packages.is_symlink() else {})},
        mounts=(Mount(app), *_layer(packages)), memory_mb=settings.python_memory_mb, cpu=settings.python_cpu)


def notebook_spec(site_name: str, account: str, deployment_id: str, app: Path, start: tuple[str, ...],
                  settings: Settings, environment: Mapping[str, str]) -> InstanceSpec:
    """A notebook as a site. Its packages are its kernels' alone: Voila itself keeps its own."""
    packages = app / PACKAGES
    given = ("--packages", str(packages)) if packages.is_symlink() else ()
    most = ("--most", str(visitors(settings.notebook_memory_mb)))
    return InstanceSpec(
        key=f"site-{site_name}-{deployment_id}", kind=InstanceKind.SITE, account=account, site=site_name,
        runtime=Runtime.LAB, steps=((*start, "--host", "{host}", "--port", "{port}", *most, *given),), directory=app,
        environment={**_QUIET, **_ONE_THREAD, **environment}, mounts=(Mount(app), *_layer(packages)),
        memory_mb=settings.notebook_memory_mb, cpu=settings.notebook_cpu)


def python_dev_spec(site_name: str, account: str, key: str, workspace: Path, settings: Settings,
                    certificates: str = "") -> InstanceSpec:
    """The preview of a Python site: install what is missing, then serve, and again after each save."""
    packages = workspace.parent / CACHE / site_name
    finder = Path(dialup_ext.domain.python_app.__file__).read_text()
    return InstanceSpec(
        key=key, kind=InstanceKind.PREVIEW, account=account, site=site_name, runtime=Runtime.PYTHON,
        steps=(_install(packages, "uvicorn", "websockets"),
               ("python", "-c", _script("develop.py"), _script("develop_serve.py"), finder, str(packages))),
        directory=workspace, environment={**_dev(workspace, settings, certificates), "FLASK_DEBUG": "1"},
        mounts=(Mount(workspace.parent, writable=True), *_trusted(certificates)),
        memory_mb=settings.python_dev_memory_mb, cpu=settings.nodejs_dev_cpu)


def notebook_dev_spec(site_name: str, account: str, key: str, workspace: Path, settings: Settings,
                      certificates: str = "") -> InstanceSpec:
    """The preview of a notebook: Voila over the file in the workspace, drawn anew after each save."""
    packages = workspace.parent / CACHE / site_name
    return InstanceSpec(
        key=key, kind=InstanceKind.PREVIEW, account=account, site=site_name, runtime=Runtime.LAB,
        steps=(_install(packages), (*_NOTEBOOK, "--live", "--host", "{host}", "--port", "{port}",
                                    "--public-host", settings.preview_host(site_name), "--most", "3",
                                    "--packages", str(packages))),
        directory=workspace, environment={**_dev(workspace, settings, certificates), **_ONE_THREAD},
        mounts=(Mount(workspace.parent, writable=True), *_trusted(certificates)),
        memory_mb=settings.notebook_memory_mb, cpu=settings.notebook_cpu)


def visitors(memory_mb: int) -> int:
    """So many kernels, one kept warm among them, fit into a notebook site's memory.

    Measured: 90 MiB for Voila, 55 for a kernel with widgets, and some room for what people compute.
    """
    return max(2, (memory_mb - 150) // 60)


def _install(packages: Path, *added: str) -> tuple[str, ...]:
    return ("python", "-I", "-c", _script("install.py"), str(packages), json.dumps(added))


def _dev(workspace: Path, settings: Settings, certificates: str) -> dict[str, str]:
    """The environment of a preview: a cache of the account's own, the server's index."""
    result = {**_QUIET, "PIP_CACHE_DIR": str(workspace.parent / ".cache" / "pip"), "PIP_NO_COLOR": "1"}
    if settings.pypi_index:
        result["PIP_INDEX_URL"] = settings.pypi_index
    return result | ({"PIP_CERT": certificates} if certificates else {})


def _of_layer(start: tuple[str, ...], packages: Path) -> tuple[str, ...]:
    """A program that a package of the layer brings is run from there."""
    program = packages / "bin" / start[0]
    return (str(program), *start[1:]) if packages.is_symlink() and "/" not in start[0] and program.is_file() else start


def _layer(packages: Path) -> tuple[Mount, ...]:
    """The sealed layer the link leads to; the link is the hub's own."""
    return (Mount(packages.readlink()),) if packages.is_symlink() else ()


def _trusted(certificates: str) -> tuple[Mount, ...]:
    return (Mount(Path(certificates)),) if certificates else ()


@cache
def _script(name: str) -> str:
    return Path(__file__).with_name(name).read_text()
