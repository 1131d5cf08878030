"""Two networks per account, and an address in one of them for every container.

`work` is for labs and previews, which may talk to each other; `sites` is for public sites and
builds, which may not. Subnets come from one pool of private addresses and are chosen so that
they overlap nothing on this machine; the engine remembers them.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from dialup_ext.domain.instance import InstanceKind
from dialup_ext.errors import BadInput, Unavailable
from dialup_ext.spawner.container import ACCOUNT, INSTALLATION
from dialup_ext.spawner.docker_engine import Engine

WIDTH = 26
"""61 containers in one network; a pool of /16 has room for 512 accounts."""

OURS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""What RFC 1918 leaves to everybody's own networks; anything else may be somebody's address."""

ROLE = "dialup.role"
ROLES = {InstanceKind.LAB: "work", InstanceKind.PREVIEW: "work", InstanceKind.SITE: "sites",
         InstanceKind.BUILD: "sites"}


@dataclass(frozen=True, slots=True)
class Network:
    """One account's network: its name and its range."""

    name: str
    subnet: IPv4Network


class Networks:
    """The networks of one installation. Calls that make one must not run side by side."""

    def __init__(self, engine: Engine, installation: str, pool: str) -> None:
        self._engine, self._installation = engine, installation
        self._pool = parse_pool(pool)
        self._last: dict[str, str] = {}

    @property
    def bridges(self) -> str:
        """How the names of our bridges begin: what the firewall goes by."""
        return bridge_prefix(self._installation)

    def ensure(self, account: str, kind: InstanceKind) -> Network:
        """The network for an account's instances of this kind, made if it is not there.

        Raises `Unavailable` (`no_free_network`) when the pool has no room.
        """
        name = f"dialup-{self._installation[:8]}-{account}-{ROLES[kind]}"
        return self._find(name) or self._make(name, account, ROLES[kind])

    def choose(self, network: Network, taken: Collection[str]) -> str:
        """A free address, going round: one just given back is the last to be used again, so a late
        visitor of an old release cannot reach a stranger. Raises `Unavailable` (`no_free_address`).
        """
        hosts = [str(host) for host in network.subnet.hosts()][1:]  # the first is the gateway
        last = self._last.get(network.name) or max(taken, default="", key=_number)
        start = hosts.index(last) + 1 if last in hosts else 0
        for ip in hosts[start:] + hosts[:start]:
            if ip not in taken:
                self._last[network.name] = ip
                return ip
        raise Unavailable("All addresses of this account's network are in use.", code="no_free_address",
                          hint="Stop a site or a preview that is not needed.")

    def list(self) -> list[dict[str, Any]]:
        """All of this installation, as the engine describes them."""
        with self._engine.asking() as client:
            return list(client.networks(filters={"label": f"{INSTALLATION}={self._installation}"}))

    def remove_all(self) -> None:
        """Remove those nothing is connected to; for leaving a machine as it was."""
        for found in self.list():
            with self._engine.asking() as client:
                client.remove_network(found["Id"])

    def remove_idle(self) -> int:
        """Remove the networks no container is made for, of accounts that left or do nothing; returns how many.

        They are made again when they are needed. Like `ensure`, not side by side with it.
        """
        with self._engine.asking() as client:
            there = client.containers(all=True, filters={"label": f"{INSTALLATION}={self._installation}"})
        busy = {name for found in there for name in found["NetworkSettings"]["Networks"]}
        idle = [found["Id"] for found in self.list() if found["Name"] not in busy]
        for identity in idle:
            with self._engine.asking() as client:
                client.remove_network(identity)
        return len(idle)

    def _find(self, name: str) -> Network | None:
        for found in self.list():
            if found["Name"] == name:
                return Network(name, IPv4Network(found["IPAM"]["Config"][0]["Subnet"]))
        return None

    def _make(self, name: str, account: str, role: str) -> Network:
        """A new one. Another installation may take the range we chose: then the next is tried."""
        refused: list[str] = []
        while True:
            subnet = self._free_subnet(refused)
            try:
                self._create(name, account, role, subnet)
            except Unavailable as error:
                if error.code != "docker_refused" or "overlap" not in error.message:
                    raise
                refused.append(str(subnet))
            else:
                return Network(name, subnet)

    def _free_subnet(self, refused: Collection[str]) -> IPv4Network:
        """A free range; with none left, networks nothing is on any more are given up for it."""
        try:
            return free_subnet(self._pool, [*self._used(), *refused])
        except Unavailable:
            if not self.remove_idle():
                raise
        return free_subnet(self._pool, [*self._used(), *refused])

    def _used(self) -> Iterable[str]:
        with self._engine.asking() as client:
            found = [config["Subnet"] for network in client.networks()
                     for config in network["IPAM"]["Config"] or () if "Subnet" in config]
        return [*found, *routed(Path("/proc/net/route").read_text())]

    def _create(self, name: str, account: str, role: str, subnet: IPv4Network) -> None:
        with self._engine.asking() as client:
            client.create_network(
                name, driver="bridge", check_duplicate=True, enable_ipv6=False,
                labels={INSTALLATION: self._installation, ACCOUNT: account, ROLE: role},
                options={"com.docker.network.bridge.name": bridge_name(self._installation, name),
                         "com.docker.network.bridge.enable_icc": str(role == "work").lower(),
                         "com.docker.network.bridge.enable_ip_masquerade": "true"},
                ipam={"Driver": "default", "Config": [{"Subnet": str(subnet)}]})


def parse_pool(text: str) -> IPv4Network:
    """`10.210.0.0/16`, checked: private, and large enough for one network."""
    try:
        pool = IPv4Network(text)
    except ValueError as error:
        raise BadInput(f"“{text}” is not a range of addresses.", code="bad_setting",
                       hint="The setting “network_pool” looks like 10.210.0.0/16.") from error
    if not any(pool.subnet_of(IPv4Network(one)) for one in OURS) or pool.prefixlen > WIDTH:
        raise BadInput(f"“{text}” cannot be the pool of networks.", code="bad_setting",
                       hint=f"Use a range of /{WIDTH} or larger inside {', '.join(OURS)}, for example 10.210.0.0/16.")
    return pool


def free_subnet(pool: IPv4Network, used: Iterable[str]) -> IPv4Network:
    """The first range of the pool that overlaps nothing in `used`. Pure."""
    taken = [network for text in used if (network := ipaddress.ip_network(text)).version == 4]
    for subnet in pool.subnets(new_prefix=WIDTH):
        if not any(subnet.overlaps(other) for other in taken):
            return subnet
    raise Unavailable(f"The pool {pool} has no room for another network.", code="no_free_network",
                      hint="Widen the setting “network_pool”.")


def routed(table: str) -> list[str]:
    """The ranges this machine has routes to, from the text of /proc/net/route; not the default. Pure."""
    found = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        target, mask = (int.from_bytes(bytes.fromhex(fields[n]), "little") for n in (1, 7))
        if mask:
            found.append(f"{ipaddress.IPv4Address(target)}/{mask.bit_count()}")
    return found


def bridge_prefix(installation: str) -> str:
    """`dlp1a2b3c`: of one installation, so that two on a machine have rules of their own."""
    return f"dlp{installation[:6]}"


def bridge_name(installation: str, network: str) -> str:
    """The kernel's name of a network's bridge, 15 letters at most: six of them, of 32 kinds, are the network's own."""
    own = base64.b32encode(hashlib.sha256(network.encode()).digest()).decode().lower()
    return bridge_prefix(installation) + own[:6]


def _number(ip: str) -> int:
    return int(ipaddress.IPv4Address(ip))
