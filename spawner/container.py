"""The whole request a container is made from: every flag that walls it in, as pure data (R28).

Golden files under `tests/golden/docker/` hold these requests word for word; nothing is added to
them on the way to the engine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from dialup_ext.domain.instance import Instance, InstanceKind, InstanceSpec, InstanceState, Runtime
from dialup_ext.spawner.start import OOM_SCORE

PORT = 8080
"""Where everything in a container listens: each has an address of its own."""

EVERYWHERE = "0.0.0.0"  # noqa: S104 - inside a container that is its one address
PIDS = {InstanceKind.SITE: 128, InstanceKind.PREVIEW: 256, InstanceKind.BUILD: 256, InstanceKind.LAB: 512}
CPU_SHARES = {InstanceKind.SITE: 1024, InstanceKind.LAB: 512, InstanceKind.PREVIEW: 512, InstanceKind.BUILD: 64}
"""Of a busy processor: what visitors wait for goes before what one person waits for, a build comes last."""
OPEN_FILES = {InstanceKind.SITE: 1024, InstanceKind.PREVIEW: 8192, InstanceKind.BUILD: 8192,
              InstanceKind.LAB: 8192}
TMP = "rw,noexec,nosuid,nodev,mode=1777,size=64m,nr_inodes=4096"
LOG_FILES = 3
SECRETS = Path("/run/secrets")
"""Where it finds the folder of its variables."""
DATA = Path("/data")
"""Where it finds the folder that outlives it. Nobody but the hub can write where that folder lies, so no
program could put a link in its place; what is inside is its own affair."""

INSTALLATION, KEY, KIND, ACCOUNT, SITE, ADDRESS, DEADLINE = (
    f"dialup.{name}" for name in ("installation", "key", "kind", "account", "site", "address", "deadline"))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a container goes: what the driver knows and a specification does not."""

    installation: str
    image: str
    uid: int
    network: str
    ip: str
    cgroup_parent: str
    log_mb: int = 10


def container_for(spec: InstanceSpec, place: Place) -> dict[str, Any]:
    """What `POST /containers/create` is sent for `spec`. Pure; the same question, the same answer."""
    return {
        "Image": place.image,
        "Hostname": spec.kind.value,
        "User": f"{place.uid}:{place.uid}",
        "WorkingDir": str(doorstep(spec)),
        "Entrypoint": [],
        "Cmd": command(spec),
        "Env": [f"{name}={value}" for name, value in sorted(environment(spec).items())],
        "Labels": labels(spec, place),
        "StopSignal": "SIGTERM",
        "HostConfig": _walls(spec, place) | _limits(spec, place),
        "NetworkingConfig": {"EndpointsConfig": {place.network: {"IPAMConfig": {"IPv4Address": place.ip}}}},
    }


def doorstep(spec: InstanceSpec) -> Path:
    """Where it begins: the mounted folder that holds its directory, never one inside it.

    The engine goes there as root and from outside; an account could have turned anything further in
    into a link to wherever that leads (CVE-2024-21626).
    """
    around = (spec.directory, *spec.directory.parents)
    mounted = {mount.path for mount in spec.mounts}
    return next((folder for folder in around if folder in mounted), spec.directory)


def command(spec: InstanceSpec) -> list[str]:
    """One step is the command itself; several are run by a small program that becomes the last.

    That program also reads the owner's variables, so they are in no request.
    Both go to the instance's directory first where they do not begin there.
    """
    steps = [[word.replace("{port}", str(PORT)).replace("{host}", EVERYWHERE) for word in step]
             for step in spec.steps]
    inside = [] if doorstep(spec) == spec.directory else [str(spec.directory)]
    if len(steps) == 1 and spec.variables is None:
        return [*(["env", "-C", *inside] if inside else []), *steps[0]]
    if spec.runtime is Runtime.NODE:
        return ["node", "--no-warnings", "-e", _runner("steps.js"), json.dumps(steps), *inside]
    return ["python3", "-I", "-S", "-c", _runner("steps.py"), json.dumps(steps), *inside]


def environment(spec: InstanceSpec) -> dict[str, str]:
    """HOME, LANG, TMPDIR, the address, and what `spec` asks for; PATH is the image's own."""
    asked = {name: EVERYWHERE if value == "{host}" else value for name, value in spec.environment.items()}
    result = {"HOME": "/tmp", "LANG": "C.UTF-8", "TMPDIR": "/tmp"} | asked  # noqa: S108
    result |= {"SECRETS_DIR": str(SECRETS)} if spec.variables else {}
    result |= {"DATA_DIR": str(DATA)} if spec.data else {}
    return result | ({"HOST": EVERYWHERE, "PORT": str(PORT)} if spec.listens else {})


def labels(spec: InstanceSpec, place: Place) -> dict[str, str]:
    """By these it is found again; the engine keeps them, so there is no second journal."""
    found = {INSTALLATION: place.installation, KEY: spec.key, KIND: spec.kind.value, ACCOUNT: spec.account,
             "dialup.ip": place.ip}
    if spec.site is not None:
        found[SITE] = spec.site
    if spec.listens:
        found[ADDRESS] = f"{place.ip}:{PORT}"
    if spec.deadline is not None:
        found[DEADLINE] = f"{spec.deadline:g}"
    return found


def instance_of(found: Mapping[str, Any]) -> Instance:
    """What the engine says of a container (`GET /containers/<id>/json`), in our words. Pure.

    Why it is over is read from the engine's own record, so nothing is lost with a hub.
    """
    marks, state = found["Config"]["Labels"], found["State"]
    over = not (state["Running"] or state["Restarting"])
    code = state["ExitCode"] if over else None
    return Instance(
        key=marks[KEY], kind=InstanceKind(marks[KIND]), account=marks[ACCOUNT], site=marks.get(SITE),
        state=InstanceState.EXITED if over else InstanceState.RUNNING, address=marks.get(ADDRESS),
        started_at=when(state["StartedAt"]), exit_code=code, reason=_reason(marks, state) if code else "",
        memory_mb=found["HostConfig"]["Memory"] >> 20)


def when(text: str) -> datetime:
    """The engine's time, nanoseconds and all, as an aware one."""
    seconds, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{seconds}.{fraction[:6]:0<6}+00:00")


def _reason(marks: Mapping[str, str], state: Mapping[str, Any]) -> str:
    if state["OOMKilled"]:
        return "memory"
    lived = (when(state["FinishedAt"]) - when(state["StartedAt"])).total_seconds()
    return "deadline" if state["ExitCode"] == 137 and lived >= float(marks.get(DEADLINE, "inf")) else ""


def _walls(spec: InstanceSpec, place: Place) -> dict[str, Any]:
    """What it cannot reach. The engine's own seccomp and AppArmor profiles stay on."""
    return {
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true"],
        "Privileged": False,
        "IpcMode": "private",
        "NetworkMode": place.network,
        "PublishAllPorts": False,
        "RestartPolicy": {"Name": "no"},
        "Init": True,
        "Tmpfs": {"/tmp": TMP},  # noqa: S108 - a file system of its own, gone with the container
        "Mounts": [
            *(_bind(mount.path, mount.path, writable=mount.writable) for mount in spec.mounts),
            *([_bind(spec.variables, SECRETS)] if spec.variables else []),
            *([_bind(spec.data, DATA, writable=True)] if spec.data else [])],
    }


def _bind(source: Path, target: Path, *, writable: bool = False) -> dict[str, Any]:
    return {"Type": "bind", "Source": str(source), "Target": str(target), "ReadOnly": not writable,
            "BindOptions": {"Propagation": "rprivate"}}


def _limits(spec: InstanceSpec, place: Place) -> dict[str, Any]:
    memory = spec.memory_mb << 20
    files = OPEN_FILES[spec.kind]
    return {
        "Memory": memory,
        "MemorySwap": memory,
        "NanoCpus": round(spec.cpu * 1_000_000_000),
        "CpuShares": CPU_SHARES[spec.kind],
        "PidsLimit": PIDS[spec.kind],
        "OomScoreAdj": OOM_SCORE[spec.kind],
        "CgroupParent": place.cgroup_parent,
        "Ulimits": [{"Name": "nofile", "Soft": files, "Hard": files}, {"Name": "core", "Soft": 0, "Hard": 0}],
        "LogConfig": {"Type": "local", "Config": {"max-size": f"{place.log_mb}m", "max-file": str(LOG_FILES)}},
    }


@cache
def _runner(name: str) -> str:
    return Path(__file__).with_name(name).read_text()
