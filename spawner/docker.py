"""The driver that runs instances as containers: for a server with friends on it.

The engine is the journal: labels say whose a container is and where it listens, its own record
says how it ended. So a new hub, or a new engine, finds everything again without a file of ours.
"""

from __future__ import annotations

import builtins
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dialup_ext.crashpoint import crashpoint
from dialup_ext.domain.instance import Instance, InstanceSpec, InstanceState, LogChunk, Runtime, Usage
from dialup_ext.durable import locked
from dialup_ext.errors import NotFound, Unavailable
from dialup_ext.settings import Settings
from dialup_ext.spawner import proc
from dialup_ext.spawner.cgroup import Group, group_of
from dialup_ext.spawner.container import (
    ACCOUNT,
    ADDRESS,
    DEADLINE,
    KEY,
    Place,
    container_for,
    instance_of,
    when,
)
from dialup_ext.spawner.data import make_data
from dialup_ext.spawner.docker_containers import Containers
from dialup_ext.spawner.docker_engine import Engine
from dialup_ext.spawner.docker_firewall import MOMENTS, Firewall, parse_allowed
from dialup_ext.spawner.docker_images import Images
from dialup_ext.spawner.docker_logs import MOST, Logs
from dialup_ext.spawner.docker_networks import Networks
from dialup_ext.spawner.docker_watch import DockerWatch
from dialup_ext.spawner.everybody import limit_all
from dialup_ext.spawner.journal import check_key
from dialup_ext.spawner.uids import Uids, give, settled
from dialup_ext.spawner.variable_files import VariableFiles

_log = logging.getLogger(__name__)

HALF_MADE = timedelta(minutes=1)
"""A container made and not started for this long was left by a crash."""

LATE = 180.0
"""Seconds after which rules nobody could renew count as gone; they are renewed every minute."""

_RESOLVER = "127.0.0.11"
"""The engine's own name server listens there inside every container."""


class DockerDriver:
    """Driver on containers; see `domain.ports.Driver` for what each call promises.

    `installation` (hexadecimal) marks everything it makes. Hub and engine share one machine: it reads
    the kernel's files of containers. `close` ends the watching thread, never an instance.
    """

    name = "docker"

    def __init__(self, settings: Settings, installation: str) -> None:
        self._settings, self._installation = settings, installation
        self._engine = Engine()
        self._containers = Containers(self._engine, installation)
        self._images = Images(self._engine, node=settings.node_image, python=settings.python_image,
                              lab=settings.lab_image, nginx=settings.nginx_image)
        self._networks = Networks(self._engine, installation, settings.network_pool)
        self._firewall = Firewall(self._networks.bridges, parse_allowed(settings.network_allow))
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._uids = Uids(settings.data / "uids.json")
        self._variables = VariableFiles(settings)
        self._logs = Logs(settings.home / "container-logs", settings.log_max_mb << 20)
        self._watch = DockerWatch(self._enforce_deadline, self._firewall.ensure)
        self._groups: dict[str, Group] = {}
        self._running: dict[str, Instance] = {}
        self._walled = self._adopted = False
        self._parent = ""
        self._adopt()

    def check(self) -> None:
        self._engine.ping()
        if self._firewall.age > LATE:
            self._firewall.ensure()  # what is wrong is said here; the watch can only log it
        elif self._firewall.age > MOMENTS:
            # Not here: the kernel lets one program at a time see its rules, and whoever asks would queue for that.
            self._watch.hurry()

    def prepare(self, runtime: Runtime, say: Callable[[str], None]) -> None:
        self._images.of(runtime, say)

    def python(self, runtime: Runtime) -> str:
        return self._images.python(self._images.chosen(runtime))

    def start(self, spec: InstanceSpec) -> Instance:
        check_key(spec.key)
        found = self._containers.look(spec.key)
        if found is None:
            if not spec.directory.is_dir():
                raise Unavailable(f"The folder {spec.directory} is not there.", code="directory_missing",
                                  hint="It was moved or deleted. Deploy again, or create the site again.")
            found = self._make(spec)
        if found["State"]["Status"] == "created":
            self._wall_in()  # an earlier hub may have made it
            if spec.variables:
                give(spec.variables, self._uids.of(spec.account))
            found = self._begin(spec.key)
        return instance_of(found)

    def inspect(self, key: str) -> Instance | None:
        found = self._containers.look(check_key(key))
        return instance_of(found) if found and found["State"]["Status"] != "created" else None

    def list(self) -> list[Instance]:
        if not self._adopted:  # the engine was not there when the hub started
            self._adopt()
        seen = [self._seen(found) for found in self._containers.list()]
        self._running = {mark: one for mark, one in seen if one and one.state is InstanceState.RUNNING}
        return sorted((one for _mark, one in seen if one), key=lambda one: one.key)

    def wait(self, key: str, timeout: float) -> Instance:
        before = self._known(key)
        if before.state is InstanceState.RUNNING and timeout > 0:
            self._containers.wait(key, timeout)
        # Stopped and forgotten meanwhile: the caller still learns that it is over.
        return self.inspect(key) or replace(before, state=InstanceState.EXITED, reason="stopped")

    def stop(self, key: str, grace: float = 10.0) -> None:
        check_key(key)
        self._containers.stop(key, grace)
        self._watch.drop(key)
        self._groups.pop(key, None)
        self._logs.forget(key)
        self._variables.remove(key)

    def log(self, key: str, offset: int = 0, limit: int = 65536) -> LogChunk:
        self._known(key)
        return self._logs.read(key, offset, limit, lambda since: self._containers.messages(key, since, MOST))

    def log_end(self, key: str) -> int:
        # Brings the copy up to date as reading does; an offset beyond the end would start over.
        self._known(key)
        return self._logs.end(key, lambda since: self._containers.messages(key, since, MOST))

    def listening(self, key: str) -> builtins.list[str]:
        found = self._containers.look(check_key(key))
        if found is None or not found["State"]["Pid"]:
            return []
        addresses = set(proc.listeners(found["State"]["Pid"]).values())
        return sorted(one for one in addresses if one.rpartition(":")[0] != _RESOLVER)

    def connections(self, key: str) -> int:
        found = self._containers.look(check_key(key))
        pid = found["State"]["Pid"] if found else 0
        address = found["Config"]["Labels"].get(ADDRESS) if found else None
        return proc.established(address, pid) if pid and address else 0

    def usage(self, key: str) -> Usage | None:
        known = self._groups.get(check_key(key))
        found = known.usage() if known else None
        return found or self._look_at_usage(key)

    def close(self) -> None:
        """End the watching thread. Instances go on, unwatched, until the next driver object."""
        self._watch.close()
        self._engine.close()

    def remove_everything(self) -> None:
        """Leave the machine as it was: no container, network or rule of this installation. Closes it."""
        self._watch.close()  # it would put the rules back
        try:
            for key in self._containers.all_keys():
                self.stop(key, grace=0)
            self._networks.remove_all()
        finally:
            self._firewall.remove()
            self._engine.close()

    # -- starting ------------------------------------------------------------------------------
    def _make(self, spec: InstanceSpec) -> Mapping[str, Any]:
        """Create it, not yet running. Somebody quicker under the same key is a success, too."""
        self._wall_in()
        image = self._images.of(spec.runtime)
        uid = self._uids.of(spec.account)
        for mount in spec.mounts:
            if mount.writable and mount.path.is_dir():
                give(settled(mount.path), uid)
        make_data(spec.data)
        if spec.data and spec.data.stat().st_uid != uid:  # new, or put back from a backup
            give(spec.data, uid)
        # One at a time, so that no two get the same address.
        with locked(self._settings.data):
            found = self._containers.look(spec.key)
            if found is not None:
                return found
            network = self._networks.ensure(spec.account, spec.kind)
            ip = self._networks.choose(network, self._taken(spec.account))
            place = Place(self._installation, image, uid, network.name, ip, self._parent,
                          self._settings.log_max_mb)
            self._logs.forget(spec.key)  # of one that somebody else removed
            self._containers.create(spec.key, container_for(spec, place))
            crashpoint("C7a")
        return self._expect(spec.key)

    def _begin(self, key: str) -> Mapping[str, Any]:
        try:
            self._containers.start(key)
        except (Unavailable, NotFound) as error:
            if error.code != "docker_down":
                self._containers.remove(key)
            raise Unavailable(f"The server cannot start it. {error.message}", code=error.code,
                              hint=error.hint) from error
        found = self._expect(key)
        self._watch_over(found)
        return found

    def _expect(self, key: str) -> Mapping[str, Any]:
        found = self._containers.look(key)
        if found is None:
            raise Unavailable("It was stopped while it started.", code="cannot_start", hint="Start it again.")
        return found

    def _wall_in(self) -> None:
        """Before the first container of this object: the rules, and whose limits all of them share."""
        if not self._walled:
            systemd = self._engine.info().get("CgroupDriver") == "systemd"
            self._parent = "dialup.slice" if systemd else "/dialup"
            self._firewall.ensure()
            limit_all(self._parent)
            self._watch.start()
            self._walled = True

    def _taken(self, account: str) -> set[str]:
        return {found["Labels"].get("dialup.ip", "") for found in self._containers.list(f"{ACCOUNT}={account}")}

    # -- looking -------------------------------------------------------------------------------
    def _seen(self, found: Mapping[str, Any]) -> tuple[str, Instance | None]:
        """One of the engine's list. What ran at the last look and still runs need not be asked about."""
        known = self._running.get(found["Id"]) if found["State"] == "running" else None
        return found["Id"], known or self.inspect(found["Labels"][KEY])

    def _known(self, key: str) -> Instance:
        found = self.inspect(key)
        if found is None:
            raise NotFound(f"Nothing runs under the key “{key}”.", code="instance_not_found",
                           hint="It was stopped, or never started.")
        return found

    def _look_at_usage(self, key: str) -> Usage | None:
        found = self._containers.look(key)
        group = group_of(found["State"]["Pid"]) if found and found["State"]["Pid"] else None
        if group is None:
            return None
        self._groups[key] = group
        return group.usage()

    # -- looking after -------------------------------------------------------------------------
    def _adopt(self) -> None:
        """Watch what an earlier hub started, and remove what it had only half made."""
        try:
            keys = self._containers.all_keys()
            for key in keys:
                found = self._containers.look(key)
                if found is None:
                    continue
                if found["State"]["Status"] == "created":
                    if datetime.now(UTC) - when(found["Created"]) > HALF_MADE:
                        self._containers.remove(key)
                else:
                    self._watch_over(found)
            self._logs.sweep(keys)
            self._variables.sweep(keys)
            self._adopted = True
            if keys:
                self._watch.hurry()  # while there was no hub, nobody kept their rules in place
        except Unavailable as error:
            _log.warning("containers could not be adopted: %s", error.message)

    def _watch_over(self, found: Mapping[str, Any]) -> None:
        text = found["Config"]["Labels"].get(DEADLINE)
        instance = instance_of(found)
        if text is not None and instance.state is InstanceState.RUNNING:
            lived = (datetime.now(UTC) - instance.started_at).total_seconds()
            self._watch.add(instance.key, float(text) - lived)

    def _enforce_deadline(self, key: str) -> None:
        instance = self.inspect(key)
        if instance is not None and instance.state is InstanceState.RUNNING:
            self._containers.kill(key)
