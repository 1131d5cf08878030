"""Whether containers can be used here, asked before anything is decided."""

from __future__ import annotations

import os
import shutil
from contextlib import closing

from dialup_ext.errors import DialupError


def usable() -> bool:
    """True when an engine answers, it has images for labs and sites, and we may set its rules.

    Without the images a first start would end in a refusal; `dialup images build` makes them.
    """
    return not hindrance()


def hindrance() -> str:
    """Why people's code cannot run in containers here, and what to do about it; empty when it can."""
    if not _has_engine():
        return "No Docker answers here: `apt-get install docker.io iptables debootstrap`."
    if os.geteuid() != 0:
        return "Docker is here, but only root may keep containers apart: run dialup as root."
    if not _has_iptables():
        return "Docker is here, but not iptables: `apt-get install iptables`."
    from dialup_ext.domain.instance import Runtime
    from dialup_ext.spawner.docker_engine import Engine
    from dialup_ext.spawner.docker_images import LOCAL, Images

    with closing(Engine()) as engine:
        try:
            engine.ping()
            missing = [name for runtime, name in LOCAL.items() if runtime is not Runtime.NGINX and not Images(engine).present(name)]
        except DialupError as error:
            return f"{error.message} {error.hint}"
    return f"Docker answers, but {missing[0]} is not there yet: `dialup images build`." if missing else ""


def examine_engine(node: str = "", lab: str = "", python: str = "", nginx: str | None = None) -> str:
    """What answers, and what it runs programs in; the arguments are the settings of images. `nginx`: None where nothing runs in it.

    Raises `Unavailable` as a start would, but fetches nothing.
    """
    from dialup_ext.domain.instance import Runtime
    from dialup_ext.spawner.docker_engine import Engine
    from dialup_ext.spawner.docker_images import Images

    with closing(Engine()) as engine:
        info, images = engine.info(), Images(engine, node=node, python=python, lab=lab, nginx=nginx or "")
        chosen = {runtime: images.chosen(runtime) for runtime in Runtime
                  if runtime is not Runtime.NGINX or nginx is not None}
        for runtime, name in chosen.items():
            images.check(runtime, name)
        names = ", ".join(chosen.values())
    walls = [name for option in info.get("SecurityOptions") or () if (name := option_name(str(option)))]
    return f"Docker {info.get('ServerVersion')} with {' and '.join(walls) or 'no profile'}; images {names}"


def option_name(option: str) -> str:
    """`name=seccomp,profile=default` or `seccomp`: the name."""
    return option.partition(",")[0].removeprefix("name=")


def _has_iptables() -> bool:
    return any(shutil.which("iptables", path=path) for path in (None, "/usr/sbin:/sbin"))


def _has_engine() -> bool:
    """A cheap look first: the library alone takes a quarter of a second to load."""
    return "DOCKER_HOST" in os.environ or os.path.exists("/var/run/docker.sock")  # noqa: PTH110 - may be a socket
