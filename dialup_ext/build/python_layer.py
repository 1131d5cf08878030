"""The build of a layer of Python packages as data: pip in a throw-away instance.

pip sees lines that were checked, and no configuration of anybody's but the server's own index. It
takes wheels only, so no package's code runs, unless the site asks for more in its `dialup.toml`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from dialup_ext.build.layer import check_space, discard, staging_path
from dialup_ext.build.network import CERTIFICATES, trusted, way_out
from dialup_ext.build.python_plan import PythonPlan
from dialup_ext.domain.instance import InstanceKind, InstanceSpec, Mount, Runtime
from dialup_ext.durable import no_space
from dialup_ext.settings import Settings

PACKAGES = "site-packages"
"""The folder of a Python layer, as `node_modules` is that of the other."""

_LINES, _LIMITS, _ADDED = "requirements.txt", "constraints.txt", "server.txt"
_FLAGS = ("--no-input", "--disable-pip-version-check", "--no-warn-script-location", "--progress-bar", "off",
          "--root-user-action", "ignore")
_PIP = ("python", "-I", "-m", "pip", "install", *_FLAGS)


def pip_cache(settings: Settings, account_id: str) -> Path:
    """pip's cache of one account: nobody can poison another's."""
    return settings.home / "store" / account_id / "pip-cache"


def stage_python(settings: Settings, account_id: str, deployment_id: str, plan: PythonPlan) -> Path:
    """A fresh folder for pip: lines of requirements, nothing of the site itself.

    An earlier attempt's folder is deleted first. Raises `NoSpace` below `min_free_mb`.
    """
    staging = staging_path(settings, account_id, deployment_id)
    discard(staging)
    with no_space():
        for folder in (staging, staging / "tmp", pip_cache(settings, account_id), staging.parents[1] / "layers"):
            folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        check_space(settings)
        for name, lines in _files(plan).items():
            (staging / name).write_text("".join(f"{line}\n" for line in lines))
    return staging


def python_layer_spec(plan: PythonPlan, staging: Path, runtime: Runtime, *, account: str, account_id: str,
                      deployment_id: str, settings: Settings, site: str | None = None,
                      environment: Mapping[str, str] | None = None) -> InstanceSpec:
    """The build as data. Of `environment` (the hub's own by default) only what leads to the network is
    passed on. Pure.

    Where the site lets packages be built, strangers' code runs: then without the cache other builds
    take packages from, and told no proxy's password.
    """
    cache = staging / "cache" if plan.from_source else pip_cache(settings, account_id)
    around = way_out(os.environ if environment is None else environment, secrets=not plan.from_source,
                     ca_bundle=settings.ca_bundle)
    if CERTIFICATES in around:
        around["PIP_CERT"] = around[CERTIFICATES]
    return InstanceSpec(
        key=f"build-{deployment_id}", kind=InstanceKind.BUILD, account=account, site=site, runtime=runtime,
        steps=_steps(plan, staging), directory=staging,
        environment={**around, **_pip(staging, cache, str(settings.pypi_index))},
        mounts=(Mount(staging, writable=True), *(() if plan.from_source else (Mount(cache, writable=True),)),
                *trusted(around)), listens=False,
        memory_mb=settings.build_memory_mb, cpu=1.0, deadline=settings.build_timeout)


def _steps(plan: PythonPlan, staging: Path) -> tuple[tuple[str, ...], ...]:
    """One step where pip can weigh everything together; two where hashes are asked of all the first has."""
    target = (*_PIP, *(() if plan.from_source else ("--only-binary", ":all:")), "--target", str(staging / PACKAGES))
    limits = ("-c", _LIMITS) if plan.requirements.constraints else ()
    files = _files(plan)
    if plan.requirements.hashed and _ADDED in files:
        return ((*target, "-r", _LINES, *limits), (*target, "-r", _ADDED))
    named = [word for name in (_LINES, _ADDED) if name in files for word in ("-r", name)]
    return ((*target, *named, *limits),)


def _files(plan: PythonPlan) -> dict[str, tuple[str, ...]]:
    files = {_LINES: plan.requirements.lines, _LIMITS: plan.requirements.constraints, _ADDED: plan.added}
    return {name: lines for name, lines in files.items() if lines}


def _pip(staging: Path, cache: Path, index: str) -> dict[str, str]:
    """pip's settings. Its temporary folder is the build's own: a wheel may be larger than an instance's /tmp."""
    values = {
        "PIP_CACHE_DIR": str(cache), "PIP_RETRIES": "2", "PIP_DEFAULT_TIMEOUT": "60", "PIP_NO_COLOR": "1",
        "TMPDIR": str(staging / "tmp"), "HOME": str(staging / "tmp"), "PYTHONUNBUFFERED": "1", "NO_COLOR": "1",
    }
    return values | ({"PIP_INDEX_URL": index} if index else {})
