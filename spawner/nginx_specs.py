"""Turns a site of files into the specification of an nginx of its own. Pure data out.

The same words work in the image made here and in the registry's `nginx:alpine`: both have a shell, nginx and its
list of types, and nothing else of theirs is used. The configuration is an argument, so it needs no file of ours.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from dialup_ext.domain.instance import InstanceKind, InstanceSpec, Mount, Runtime
from dialup_ext.settings import Settings

_BEGIN = 'printf %s "$1" > /tmp/nginx.conf && exec nginx -e stderr -p "$2" -c /tmp/nginx.conf'


def nginx_spec(site_name: str, account: str, deployment_id: str, public: Path, settings: Settings) -> InstanceSpec:
    """A site of the files in `public`. Its key is `site-<name>-<deployment>`, as of all that is live."""
    memory, cpu = settings.limits("static")
    return InstanceSpec(
        key=f"site-{site_name}-{deployment_id}",
        kind=InstanceKind.SITE,
        account=account,
        site=site_name,
        runtime=Runtime.NGINX,
        steps=(("sh", "-c", _BEGIN, "nginx", configuration(), f"{public}/"),),
        directory=public,
        mounts=(Mount(public),),
        memory_mb=memory,
        cpu=cpu,
    )


@cache
def configuration() -> str:
    """The configuration; `{port}` in it is the driver's to say."""
    return Path(__file__).with_name("nginx.conf").read_text()
