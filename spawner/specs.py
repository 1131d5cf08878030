"""Turns a site, a preview, a lab into the specification an instance starts from. Pure data out.

The numbers are the brief's, by way of the settings. Nothing here starts anything. Previews mount
the account's home, not the workspace in it: the account could turn that one into a link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from dialup_ext.domain.account import Account
from dialup_ext.domain.deployment import Deployment
from dialup_ext.domain.instance import InstanceKind, InstanceSpec, Mount, Runtime
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Kind, Site
from dialup_ext.settings import Settings
from dialup_ext.spawner.commands import served, start_command
from dialup_ext.spawner.nginx_specs import nginx_spec
from dialup_ext.spawner.python_specs import notebook_dev_spec, notebook_spec, python_dev_spec, python_spec

STATIC_DEV_CPU = 0.1
LAB_CPU = 1.0
"""Cores. What the brief gives a static site, and enough for one person's notebooks."""

_OF_KIND = {
    # Next listens on HOSTNAME, which is the container's own name otherwise.
    Kind.NEXT: {"HOSTNAME": "{host}", "NEXT_TELEMETRY_DISABLED": "1"},
    Kind.ASTRO: {"ASTRO_TELEMETRY_DISABLED": "1"},
}


class Specifications:
    """The specifications under one set of settings. `certificates`, a file, is trusted by what installs."""

    def __init__(self, settings: Settings, certificates: str = "") -> None:
        self._settings = settings
        self._certificates = certificates

    def site(self, site: Site, deployment: Deployment, release: Release, app: Path,
             environment: Mapping[str, str] | None = None) -> InstanceSpec:
        """The live instance of a release whose files are in `app`, with the site's data if it keeps any."""
        data = self._settings.volume(site.owner, site.id) if site.volume else None
        return replace(self._program(site, deployment, release, app, environment or {}), data=data)

    def _program(self, site: Site, deployment: Deployment, release: Release, app: Path,
                 environment: Mapping[str, str]) -> InstanceSpec:
        if release.in_nginx:
            return nginx_spec(site.name, site.owner, deployment.id, app, self._settings)
        if release.kind in (Kind.PYTHON, Kind.NOTEBOOK):
            of_kind = python_spec if release.kind is Kind.PYTHON else notebook_spec
            return of_kind(site.name, site.owner, deployment.id, app, release.start, self._settings, environment)
        return site_spec(site.name, site.owner, deployment.id, app, self._settings, environment,
                         kind=release.kind, start=release.start)

    def preview(self, site: Site, key: str, workspace: Path, builder: str = "") -> InstanceSpec:
        """The development instance over the files people edit; those are never read here.

        With a `builder` they are no site yet, and its own development server shows them.
        """
        if site.kind in (Kind.PYTHON, Kind.NOTEBOOK):
            of_kind = python_dev_spec if site.kind is Kind.PYTHON else notebook_dev_spec
            return of_kind(site.name, site.owner, key, workspace, self._settings, self._certificates)
        if site.kind is Kind.STATIC and not builder:
            return static_dev_spec(site.name, site.owner, key, workspace, self._settings)
        return nodejs_dev_spec(site.name, site.owner, key, workspace, self._settings, self._certificates)

    def lab(self, account: Account, key: str, secret: str, home: Path) -> InstanceSpec:
        """The account's JupyterLab."""
        socket = self._settings.run / "labs" / account.name / "hub.sock"
        return lab_spec(account.name, key, home, self._settings, secret, socket)


def site_spec(site_name: str, account: str, deployment_id: str, app_dir: Path, settings: Settings,
              environment: Mapping[str, str], *, kind: Kind = Kind.NODEJS, start: tuple[str, ...] = ()) -> InstanceSpec:
    """A Node site of any kind. Its key is `site-<name>-<deployment>`; `environment` is the owner's.

    Without `start` its package.json says what runs it.
    """
    memory, cpu = settings.limits(kind)
    return InstanceSpec(
        key=f"site-{site_name}-{deployment_id}",
        kind=InstanceKind.SITE,
        account=account,
        site=site_name,
        runtime=Runtime.NODE,
        steps=(served(start, app_dir, settings.domain) if start else start_command(app_dir),),
        directory=app_dir,
        environment={**environment, "NODE_ENV": "production", **_OF_KIND.get(kind, {})},
        mounts=(Mount(app_dir), *_modules(app_dir)),
        memory_mb=memory,
        cpu=cpu,
    )


def static_dev_spec(site_name: str, account: str, key: str, workspace: Path,
                    settings: Settings) -> InstanceSpec:
    """The preview of a static site: our small live-reload server."""
    return InstanceSpec(
        key=key,
        kind=InstanceKind.PREVIEW,
        account=account,
        site=site_name,
        runtime=Runtime.LAB,
        steps=(("python", "-P", "-m", "dialup_ext.handlers.static_dev", "--directory", str(workspace),
                "--port", "{port}", "--public-host", settings.preview_host(site_name)),),
        directory=workspace,
        mounts=(Mount(workspace.parent),),
        memory_mb=settings.static_dev_memory_mb,
        cpu=STATIC_DEV_CPU,
    )


def nodejs_dev_spec(site_name: str, account: str, key: str, workspace: Path,
                    settings: Settings, certificates: str = "") -> InstanceSpec:
    """The preview of a Node site: install what is missing, then its own development server."""
    environment = {
        "NODE_ENV": "development",
        "NEXT_TELEMETRY_DISABLED": "1",
        "ASTRO_TELEMETRY_DISABLED": "1",
        # Vite answers no foreign Host otherwise, and the preview's host is one to it.
        "__VITE_ADDITIONAL_SERVER_ALLOWED_HOSTS": f".{settings.domain}",
        # The account's own, so the second preview installs from the disk.
        "npm_config_cache": str(workspace.parent / ".npm"),
    }
    if settings.npm_registry:
        environment["npm_config_registry"] = settings.npm_registry
    trusted: tuple[Mount, ...] = ()
    if certificates:
        environment["NODE_EXTRA_CA_CERTS"] = certificates
        trusted = (Mount(Path(certificates)),)
    return InstanceSpec(
        key=key,
        kind=InstanceKind.PREVIEW,
        account=account,
        site=site_name,
        runtime=Runtime.NODE,
        steps=(("node", "-e", _script("install.js")),
               ("node", "--no-warnings", "-e", _script("develop.js"))),
        directory=workspace,
        environment=environment,
        mounts=(Mount(workspace.parent, writable=True), *trusted),
        memory_mb=settings.nodejs_dev_memory_mb,
        cpu=settings.nodejs_dev_cpu,
    )


def lab_spec(account: str, key: str, home_dir: Path, settings: Settings, secret: str,
             hub_socket: Path) -> InstanceSpec:
    """An account's JupyterLab, at home in `home_dir`; the hub knows it by `hub_socket`."""
    return InstanceSpec(
        key=key,
        kind=InstanceKind.LAB,
        account=account,
        runtime=Runtime.LAB,
        steps=(("python", "-P", "-m", "dialup_ext.lab", "--port", "{port}", "--root", str(home_dir)),),
        directory=home_dir,
        environment={
            "HOME": str(home_dir),
            "DIALUP_MODE": "lab",
            "DIALUP_HUB_SOCKET": str(hub_socket),
            "DIALUP_ACCOUNT": account,
            "DIALUP_LAB_SECRET": secret,
            "DIALUP_PORTAL": settings.origin(settings.portal_host),
            "DIALUP_DOMAIN": settings.domain,
        },
        # The folder and not the socket: a new hub makes a new one.
        mounts=(Mount(home_dir, writable=True), Mount(hub_socket.parent)),
        memory_mb=settings.lab_memory_mb,
        cpu=LAB_CPU,
    )


def _modules(app: Path) -> tuple[Mount, ...]:
    """The sealed layer the release's `node_modules` leads to; the link is the hub's own."""
    modules = app / "node_modules"
    return (Mount(modules.readlink()),) if modules.is_symlink() else ()


@cache
def _script(name: str) -> str:
    return Path(__file__).with_name(name).read_text()
