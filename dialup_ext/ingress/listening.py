"""Is a TCP port free, and if not, who has it? From the kernel's own tables, without other programs."""

from __future__ import annotations

import errno
import socket
from contextlib import suppress
from pathlib import Path

from dialup_ext.errors import BadInput, Conflict, DialupError, Unavailable

LISTEN = "0A"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is asked for by naming no address


def check_free(addresses: list[str], port: int) -> None:
    """Raise unless `port` can be had: `Conflict` with the code `port_taken` names the holder.

    `Unavailable` (`port_not_allowed`) when only root may have it, `BadInput` (`bad_bind`) when this
    machine has no such address.

    Caddy would not notice by itself: it shares its port with any other Caddy of the same person,
    and the two would take turns in answering.
    """
    for address in addresses or [EVERYWHERE]:
        problem = _bind(address, port)
        if problem is not None:
            raise _refusal(problem, address, port)


def has_address(address: str) -> bool:
    """True when this machine has `address` (some have no IPv6 loopback)."""
    return _bind(address, 0) is None


def who_listens(port: int) -> str:
    """`program (process 123)` for whoever listens on `port`, or "" when it cannot be seen."""
    inodes = {inode for table in ("tcp", "tcp6") for inode in _listeners(table, port)}
    for process in Path("/proc").iterdir() if inodes else ():
        if process.name.isdigit() and _holds(process, inodes):
            with suppress(OSError):
                return f"“{(process / 'comm').read_text().strip()}” (process {process.name})"
    return ""


def _bind(address: str, port: int) -> OSError | None:
    """Why it cannot be had, or None. Without sharing (SO_REUSEPORT), which is the whole point."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind((address, port))
    except OSError as error:
        return error
    return None


def _refusal(problem: OSError, address: str, port: int) -> DialupError:
    if problem.errno == errno.EADDRINUSE:
        holder = who_listens(port)
        by = f" by {holder}" if holder else ""
        return Conflict(f"Port {port} on {address} is already in use{by}.", code="port_taken",
                        hint=f"Stop that program, or choose another port: PORT={_another(port)}")
    if problem.errno in (errno.EACCES, errno.EPERM):
        return Unavailable(f"You may not listen on port {port}.", code="port_not_allowed",
                           hint="Ports below 1024 are root's. Choose a higher one: PORT=8080")
    return BadInput(f"This machine cannot listen on “{address}”: {problem.strerror or problem}.",
                    code="bad_bind", hint="Correct the setting “bind”; 127.0.0.1 always works.")


def _listeners(table: str, port: int) -> list[str]:
    try:
        rows = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    except OSError:
        return []
    fields = [row.split() for row in rows]
    return [f[9] for f in fields if f[3] == LISTEN and int(f[1].rpartition(":")[2], 16) == port]


def _holds(process: Path, inodes: set[str]) -> bool:
    with suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with suppress(OSError):
                link = str(descriptor.readlink())
                if link.startswith("socket:[") and link[8:-1] in inodes:
                    return True
    return False


def _another(port: int) -> int:
    return port + 1 if port < 65535 else port - 1
