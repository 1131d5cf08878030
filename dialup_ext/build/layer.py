"""Dependency layers: installed once in a throw-away build, sealed, shared by releases (R34).

    staging = stage(settings, account_id, deployment_id, plan)    a folder with package.json, no code
    spec = layer_spec(plan, staging, …)                           what a driver runs there
    seal(staging, layer_path(settings, account_id, plan.layer_key))
    discard(staging)

npm runs without any package's scripts and without the hub's environment; those that the site's
dialup.toml allows run afterwards, see `scripts_spec`. What they leave behind is not trusted either: `seal` takes it away from the build and keeps plain files only.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping
from pathlib import Path

from dialup_ext.build.network import trusted, way_out
from dialup_ext.build.package import PACKAGE
from dialup_ext.build.plan import BuildPlan
from dialup_ext.build.sealing import delete, seal
from dialup_ext.domain.disk import check_disk
from dialup_ext.domain.instance import InstanceKind, InstanceSpec, Mount, Runtime
from dialup_ext.durable import no_space
from dialup_ext.settings import Settings

_FLAGS = ("--ignore-scripts", "--no-audit", "--no-fund")
_LEASE = 24 * 3600.0
_ABANDONED = 3600.0

__all__ = ["cache_path", "check_space", "discard", "is_sealed", "layer_path", "layer_spec", "scripts_spec", "seal",
           "stage", "staging_path", "sweep_layers", "trim_cache"]


def layer_path(settings: Settings, account_id: str, key: str) -> Path:
    """Where a sealed layer lies or will lie; its packages are in `node_modules` inside."""
    return settings.home / "store" / account_id / "layers" / key


def stage(settings: Settings, account_id: str, deployment_id: str, plan: BuildPlan) -> Path:
    """A fresh folder for npm: `package.json` and the lock file, nothing of the site itself.

    An earlier attempt's folder is deleted first. Raises `NoSpace` below `min_free_mb`.
    """
    store = settings.home / "store" / account_id
    staging = staging_path(settings, account_id, deployment_id)
    discard(staging)
    with no_space():
        for folder in (staging, cache_path(settings, account_id), store / "layers"):
            folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        check_space(settings)
        (staging / PACKAGE).write_bytes(plan.package)
        if plan.lock:
            (staging / plan.lock).write_bytes(plan.lock_file)
    return staging


def staging_path(settings: Settings, account_id: str, deployment_id: str) -> Path:
    """The folder a deployment's builds work in, one after another."""
    return settings.home / "store" / account_id / "staging" / deployment_id


def cache_path(settings: Settings, account_id: str) -> Path:
    """npm's cache of one account: nobody can poison another's."""
    return settings.home / "store" / account_id / "npm-cache"


def layer_spec(plan: BuildPlan, staging: Path, *, account: str, account_id: str, deployment_id: str,
               settings: Settings, site: str | None = None,
               environment: Mapping[str, str] | None = None) -> InstanceSpec:
    """The build as data: `npm ci`, or `npm install` without a lock file. Pure.

    Of `environment` (the hub's own by default) only what leads to the network is passed on.
    """
    cache = cache_path(settings, account_id)
    around = way_out(os.environ if environment is None else environment, secrets=True, ca_bundle=settings.ca_bundle)
    return InstanceSpec(
        key=f"build-{deployment_id}", kind=InstanceKind.BUILD, account=account, site=site,
        runtime=Runtime.NODE, steps=(("npm", "ci" if plan.lock else "install", "--include=dev" if plan.tools else "--omit=dev", *_FLAGS),),
        directory=staging, environment={**around, **_npm(staging, cache, str(settings.npm_registry))},
        mounts=(Mount(staging, writable=True), Mount(cache, writable=True), *trusted(around)), listens=False, memory_mb=settings.build_memory_mb, cpu=1.0,
        deadline=settings.build_timeout)


def scripts_spec(plan: BuildPlan, staging: Path, *, account: str, deployment_id: str, settings: Settings,
                 site: str | None = None, environment: Mapping[str, str] | None = None) -> InstanceSpec:
    """The install scripts that dialup.toml allows, as an instance of its own after the packages have come. Pure.

    What strangers wrote runs there: so without the cache other builds take packages from, and told
    nothing that is secret.
    """
    around = way_out(os.environ if environment is None else environment, secrets=False, ca_bundle=settings.ca_bundle)
    names = plan.scripts if isinstance(plan.scripts, tuple) else ()
    command = ("npm", "rebuild", *names, "--ignore-scripts=false", "--foreground-scripts")
    values = _npm(staging, staging / ".npm-cache", str(settings.npm_registry)) | {"npm_config_ignore_scripts": "false"}
    return InstanceSpec(
        key=f"build-{deployment_id}", kind=InstanceKind.BUILD, account=account, site=site, runtime=Runtime.NODE,
        steps=(command,), directory=staging, environment={**around, **values},
        mounts=(Mount(staging, writable=True), *trusted(around)), listens=False, memory_mb=settings.build_memory_mb,
        cpu=1.0, deadline=settings.build_timeout)


def discard(staging: Path) -> None:
    """Delete a build's folder. Idempotent."""
    delete(staging)


def sweep_layers(settings: Settings, keep: Mapping[str, Collection[str]], now: float | None = None) -> int:
    """Delete layers no release of a named account uses and nobody touched for a day.

    `keep`: account id to layer keys. Accounts not named lose nothing. Folders of builds that were cut
    short go as well, an hour after the last moment a build of theirs could run. Returns how many went.
    """
    now = time.time() if now is None else now
    half_done = now - _ABANDONED - 2 * settings.build_timeout
    count = 0
    for account_id, keys in keep.items():
        store = settings.home / "store" / account_id
        for place, before in (("layers", now - _LEASE), ("staging", half_done)):
            for path in store.glob(f"{place}/*"):
                if path.name not in keys and path.stat().st_mtime < before:
                    delete(path)
                    count += 1
    return count


def is_sealed(layer: Path) -> bool:
    """True when the layer is there; it then counts as used just now."""
    try:
        os.utime(layer)
    except FileNotFoundError:
        return False
    return True


def trim_cache(settings: Settings, account_id: str) -> None:
    """Delete an account's npm cache once it is over `cache_max_mb`; the next build fills it again.

    Does nothing while a build of the account has a folder: npm would stumble.
    """
    cache = cache_path(settings, account_id)
    if not cache.is_dir() or any((cache.parent / "staging").glob("*")):
        return
    size = sum(os.lstat(name, dir_fd=folder).st_size
               for _path, _folders, files, folder in os.fwalk(cache) for name in files)
    if size > settings.cache_max_mb << 20:
        delete(cache)


def check_space(settings: Settings) -> None:
    """Raise `NoSpace` while the server's disk is nearly full; see `domain.disk`."""
    check_disk(settings.home, settings.min_free_mb)


def _npm(staging: Path, cache: Path, registry: str) -> dict[str, str]:
    """npm's settings; they win over any .npmrc, and none is there to be read."""
    values = {
        "CI": "1", "NODE_ENV": "production",
        "npm_config_cache": str(cache), "npm_config_userconfig": str(staging / ".npmrc"),
        "npm_config_ignore_scripts": "true", "npm_config_update_notifier": "false",
        "npm_config_progress": "false", "npm_config_loglevel": "notice", "npm_config_color": "false",
        "npm_config_package_lock": "true", "npm_config_engine_strict": "false",
        "npm_config_fetch_retries": "2", "npm_config_fetch_timeout": "60000",
        "npm_config_fetch_retry_maxtimeout": "20000", "npm_config_logs_max": "0",
    }
    return values | ({"npm_config_registry": registry} if registry else {})
